# SPDX-License-Identifier: BSD-2-Clause
"""A storm of timer signals over four threads, all of which make calls, as
their handlers do, nested and jumping out: nothing crashes or hangs, and what
was recorded and what was counted as lost is what was made. Some seconds here,
a minute each in `make trials`."""
import struct

import harness

SECONDS = "60" if harness.LONG else "2"
INTERVAL = "250"	# microseconds, of eight timers: 32,000 signals a second are asked for
THREADS, WILD = 4, 3
# What storm.c calls. What happens to a thread besides, as its start and end, is not its call.
CALLS = "sigprocmask pthread_sigmask rt_sigprocmask sigaltstack sigqueue pthread_sigqueue siglongjmp".split()
LIST = ",".join(CALLS)


class Storm(harness.TestCase):
    """One test for each way that a record can take."""

    def counters(self):
        """By tid: what each thread of storm.c made."""
        with open(self.path("counters"), "rb") as file:
            data = file.read()
        names = "tid begun done delivered jumps deepest wrong pad".split()
        rows = [dict(zip(names, struct.unpack_from("8Q", data, 64 * i))) for i in range(THREADS)]
        for row in rows:
            self.assertGreater(row["delivered"], 0)
            self.assertGreater(row["deepest"], 1)
        self.assertGreater(rows[WILD]["jumps"], 0)
        return rows

    def storm(self, *options, **env):
        """Records a storm; returns its counters, the calls of each tid that are in the log, and what was lost."""
        command = [harness.program("storm"), self.path("counters"), SECONDS, INTERVAL]
        log, done = self.record(command, *options, env=env, timeout=harness.HUNG + 10 * int(SECONDS))
        self.assertEqual(done.stdout, f"{THREADS} threads, 0 wrong\n")
        rows = self.counters()
        rate = sum(row["delivered"] for row in rows) // int(SECONDS)
        self.tell(f"{rate} signals a second, {self.summary(done)}")
        names = ", ".join(f"'{name}'" for name in CALLS)
        found = dict(self.sql(log, f"SELECT tid, count(*) FROM events WHERE event IN ({names}) GROUP BY thread"))
        twice = self.sql(log, "SELECT thread, seq, count(*) FROM event_log GROUP BY thread, seq HAVING count(*) > 1 LIMIT 9")
        self.assertEqual(twice, [])
        holes = self.sql(log, "SELECT (SELECT ifnull(sum(last - n), 0) FROM (SELECT max(seq) AS last, count(*) AS n "
                              "FROM event_log GROUP BY thread)), (SELECT ifnull(sum(last_seq - first_seq + 1), 0) FROM gaps)")
        self.assertGreaterEqual(holes[0][1], holes[0][0], "a hole is not marked as a gap")
        self.assertEqual(self.sql(log, "SELECT end FROM processes"), [("exit",)])
        return rows, found, self.sql(log, "SELECT lost FROM processes")[0][0]

    def check_all_there(self, *options, **env):
        """Nobody lost anything but the wild one, which may have given up a call of its own."""
        rows, found, lost = self.storm(*options, SIGSHIM_OVERFLOW="block", **env)
        for row in rows[:WILD]:
            self.assertEqual(row["begun"], row["done"])
            self.assertEqual(found[row["tid"]], row["done"], row)
        wild = rows[WILD]
        self.assertTrue(wild["done"] <= found[wild["tid"]] <= wild["begun"], (wild, found))
        self.assertLessEqual(lost, wild["begun"] - wild["done"])

    def check_counted(self, *options, **env):
        rows, found, lost = self.storm(*options, **env)
        done, begun = (sum(row[name] for row in rows) for name in ("done", "begun"))
        self.assertTrue(done <= sum(found.values()) + lost <= begun, (done, found, lost, begun))

    def test_natively(self):
        """What the other tests compare with."""
        done = self.plain([harness.program("storm"), self.path("counters"), SECONDS, INTERVAL],
                          timeout=harness.HUNG + 10 * int(SECONDS))
        self.assertEqual((done.returncode, done.stdout), (0, f"{THREADS} threads, 0 wrong\n"), done.stderr)
        self.counters()

    def test_ring_that_blocks(self):
        self.check_all_there(SIGSHIM_EVENTS=LIST)

    def test_packets_that_block(self):
        self.check_all_there(SIGSHIM_EVENTS=LIST, SIGSHIM_TRANSPORT="socket")

    def test_all_events(self):
        self.check_all_there(SIGSHIM_EVENTS="all")

    def test_frame_pointers(self):
        self.check_all_there(SIGSHIM_EVENTS=LIST, SIGSHIM_STACK="fp")

    def test_small_ring_that_drops(self):
        self.check_counted("--ring-size=64K", SIGSHIM_EVENTS=LIST)

    def test_packets_that_are_dropped(self):
        self.check_counted(SIGSHIM_EVENTS=LIST, SIGSHIM_TRANSPORT="socket")


if __name__ == "__main__":
    harness.main()
