# SPDX-License-Identifier: BSD-2-Clause
"""Peers that lie: each is refused with a counted reason, memory stays bounded,
and the records of the others are unharmed."""
import mmap
import os
import random
import resource
import socket
import struct

import harness
import peer


class Hostile(harness.TestCase):
    """Against one `sigshim collect` a test."""

    def setUp(self):
        super().setUp()
        self.process, self.socket = self.collector()

    def connect(self, say_hello=True, **kw):
        one = peer.Peer(self.socket)
        self.addCleanup(one.close)
        if say_hello:
            self.assertTrue(one.send(peer.hello(**kw)))
            answer = one.welcome()
            self.assertIsNotNone(answer, "no welcome")
            self.assertEqual(answer[0], 0, "refused")
            return one, answer
        return one

    def finish(self):
        """An honest program still gets all it says into the log; then the collector stops cleanly."""
        expected = self.path("expected")
        done = self.plain([harness.program("calls"), expected], env=self.preloaded(self.socket))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as file:
            peak = int(next(line for line in file if line.startswith("VmHWM")).split()[1])
        self.assertEqual(self.stop(self.process), 0)
        with open(expected, encoding="ascii") as file:
            made = len(file.readlines())
        log = self.path("collected.db")
        self.assertEqual(self.sql(log, "SELECT count(*) FROM events WHERE comm = 'calls'"), [(made,)])
        self.assertEqual(self.sql(log, "SELECT clean FROM runs"), [(1,)])
        self.assertLess(peak, (4 << 20) if harness.SANITIZED else (512 << 10), "kilobytes of memory")
        return dict(self.sql(log, "SELECT reason, count FROM refusals"))

    def test_garbage_instead_of_a_hello(self):
        rng = random.Random(1)
        for size in (0, 1, 7, 8, 87, 88, 89, 4096, 8192, 60000):
            one = self.connect(say_hello=False)
            one.send(rng.randbytes(size))
            if size:
                one.welcome()
                self.assertTrue(one.hung_up(), f"{size} bytes")
        self.assertGreaterEqual(sum(self.finish().values()), 9)

    def test_another_version_is_refused_by_name(self):
        one = self.connect(say_hello=False)
        one.send(peer.hello(version=99))
        self.assertEqual(one.welcome()[0], 1)
        self.assertTrue(one.hung_up())
        reasons = self.finish()
        self.assertTrue(any("version" in reason for reason in reasons), reasons)

    def test_a_hello_that_is_cut_short(self):
        for size in range(0, 88, 5):
            one = self.connect(say_hello=False)
            one.send(peer.hello()[:size])
        self.assertGreaterEqual(sum(self.finish().values()), 17)

    def test_honest_packets_are_taken(self):
        one, _ = self.connect()
        for seq in range(1, 11):
            self.assertTrue(one.send(peer.event(seq=seq)))
        one.close()
        refused = self.finish()
        self.assertEqual(refused, {})
        self.assertEqual(self.sql(self.path("collected.db"),
                                  "SELECT count(*) FROM events WHERE pid = %d" % os.getpid()), [(10,)])

    def test_forged_events(self):
        forged = {
            "no such event": peer.event(number=999), "event 0": peer.event(number=0),
            "too few arguments": peer.event(nargs=1, args=(0,)), "too many": peer.event(nargs=200),
            "copies that are not there": peer.event(copied=7), "copy of an int": peer.event(copied=1, tail=b"x" * 8),
            "more addresses than bytes": peer.event(npcs=65535), "too many addresses": peer.event(npcs=257, tail=b"p" * 2056),
            "size too large": peer.event(size=1 << 31), "size too small": peer.event(size=9), "size 0": peer.event(size=0),
            "fixed part beyond the frame": peer.event(fixed=60000), "fixed part too small": peer.event(fixed=8),
            "no such stack end": peer.event(stack_end=250), "no thread": peer.event(thread=0),
            "a second hello": peer.hello(), "a welcome": peer.frame(peer.WELCOME, b"\0" * 24),
            "half a module": peer.frame(peer.MODULE, b"\0" * 10),
            "a module with a path beyond it": peer.frame(
                peer.MODULE, struct.pack("=QQQQHHI", 1 << 20, 1 << 21, 0, 1, 20, 4000, 0) + b"short"),
        }
        for what, data in forged.items():
            with self.subTest(what):
                one, _ = self.connect()
                one.send(peer.event(seq=1))
                one.send(data)
                one.close()
        refused = self.finish()
        self.assertGreaterEqual(sum(refused.values()), len(forged) - 1, refused)

    def test_unknown_frames_are_skipped(self):
        one, _ = self.connect()
        one.send(peer.event(seq=1))
        one.send(peer.frame(1000, b"from a later version"))
        one.send(peer.event(seq=2))
        one.close()
        self.finish()
        self.assertEqual(self.sql(self.path("collected.db"),
                                  "SELECT count(*) FROM events WHERE pid = %d" % os.getpid()), [(2,)])

    def test_random_changes_to_honest_frames(self):
        rng = random.Random(2)
        for _ in range(200):
            one, _ = self.connect()
            for seq in range(1, 20):
                data = bytearray(peer.event(seq=seq, npcs=3, tail=b"\x00\x10\x40\x00\x00\x00\x00\x00" * 3))
                for _ in range(rng.randrange(4)):
                    data[rng.randrange(len(data))] = rng.randrange(256)
                if not one.send(bytes(data)):
                    break
            one.close()
        self.finish()

    def test_numbers_at_their_limits(self):
        one, _ = self.connect()
        for seq in (0, 1, 1 << 63, (1 << 64) - 1, 1, 1):
            one.send(peer.event(seq=seq))
        for args in ((1 << 64) - 1,) * 3, (1 << 63,) * 3:
            one.send(peer.event(seq=7, args=args))
        one.send(peer.frame(peer.LOSS, struct.pack("=QQ", 1, (1 << 64) - 1)))
        one.close()
        self.finish()

    def ring_of(self, one_and_answer):
        one, (_, size, transport, fd) = one_and_answer
        self.assertEqual(transport, peer.RING)
        self.addCleanup(os.close, fd)
        return one, mmap.mmap(fd, size), fd, size

    def test_garbage_in_the_ring(self):
        rng = random.Random(3)
        for _ in range(5):
            one, ring, _, size = self.ring_of(self.connect(transport=peer.RING))
            for at in range(0, min(size, 1 << 20), 4096):
                ring[at:at + 4096] = rng.randbytes(4096)
            one.close()
        for value in (0, 1 << 63, (1 << 64) - 1):
            one, ring, _, size = self.ring_of(self.connect(transport=peer.RING))
            ring[64:72] = struct.pack("=Q", value)    # tail
            ring[192:200] = struct.pack("=Q", value)  # head
            one.close()
        self.finish()

    def test_the_ring_cannot_be_pulled_away(self):
        one, ring, fd, size = self.ring_of(self.connect(transport=peer.RING))
        for length in (0, 4096, size * 2):
            with self.assertRaises(OSError):
                os.ftruncate(fd, length)
        ring.close()
        one.close()
        self.finish()

    def test_peers_that_stop_in_the_middle(self):
        silent = [self.connect(say_hello=False) for _ in range(50)]
        greeted = [self.connect() for _ in range(20)]
        self.assertEqual(len(silent) + len(greeted), 70)
        self.finish()

    def test_ten_thousand_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        kept = []
        for i in range(10000):
            one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                one.connect(self.socket)   # blocks while the collector's queue is full
                one.settimeout(harness.HUNG)
                if i % 3 == 0:
                    one.send(peer.hello(transport=peer.RING))
                elif i % 3 == 1:
                    one.send(b"garbage")
            except (BrokenPipeError, ConnectionResetError):
                pass   # refused: as good as any other answer
            kept.append(one)
            if len(kept) > 3000:
                kept.pop(0).close()
        for one in kept:
            one.close()
        self.connect()   # answered when the queue before it has been; a program would not wait that long
        self.finish()


if __name__ == "__main__":
    harness.main()
