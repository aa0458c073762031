# SPDX-License-Identifier: BSD-2-Clause
"""What a hostile container does to the collector, for test_container_hostile.
Runs inside of it: hostile.py SOCKET WAY SECONDS."""
import os
import struct
import sys
import time

import peer

WORK = "/tmp/hostile"


def module(path, build_id=b"", start=1 << 20, size=1 << 16):
    fixed = struct.pack("=QQQQHHI", start, start + size, start, 1, len(build_id), len(path), 0)
    return peer.frame(peer.MODULE, fixed + build_id + path, fixed=8 + len(fixed))


def greeted(socket, **kw):
    one = peer.Peer(socket)
    one.send(peer.hello(**kw))
    answer = one.welcome()
    return one, answer


def flood(socket, end):
    """As many honest records as fit."""
    one, _ = greeted(socket)
    seq = 0
    while time.monotonic() < end:
        for _ in range(500):
            seq += 1
            if not one.send(peer.event(seq=seq)):
                return


def garbage(socket, end):
    while True:
        one, _ = greeted(socket)
        for size in (1, 8, 100, 8000, 0):
            one.send(os.urandom(size))
        one.close()
        if time.monotonic() > end:
            break


def threads(socket, end):
    """A new thread with each record, to fill the collector's memory."""
    one, _ = greeted(socket)
    thread = 0
    while time.monotonic() < end:
        for _ in range(500):
            thread += 1
            if not one.send(peer.event(thread=thread)):
                return


def forged(socket, end):
    """Other processes' names."""
    for pid in (1, 2, 1000, os.getppid() + 77):
        one, _ = greeted(socket, pid=pid)
        one.send(peer.event())
        one.close()


def files(socket, end):
    """Modules that are none, or too much."""
    os.makedirs(WORK, exist_ok=True)
    os.mkfifo(WORK + "/fifo")
    os.symlink("/proc/self/root/../../../../etc/passwd", WORK + "/out")
    os.symlink(WORK + "/loop", WORK + "/loop")
    with open(WORK + "/large", "wb") as file:
        with open("/usr/bin/bash", "rb") as bash:
            file.write(bash.read(4096))
        file.truncate(3 << 30)
    one, _ = greeted(socket)
    paths = [WORK + "/fifo", "/dev/zero", "/dev/null", "/proc/self/mem", WORK + "/out", WORK + "/loop", WORK + "/large", WORK,
             "/../../../../etc/shadow", "/proc/1/root/etc/passwd"]
    for path in paths:
        os.path.lexists(path)
    for n, path in enumerate(paths):
        start = (n + 1) << 24
        one.send(module(path.encode(), start=start))
        one.send(peer.event(seq=n + 1, npcs=1, tail=struct.pack("=Q", start + 4096), flags=0))
    one.close()


def silent(socket, end):
    """Connections that say nothing, or never read."""
    kept = []
    try:
        for _ in range(900):
            kept.append(peer.Peer(socket))
            if len(kept) % 3:
                kept[-1].send(peer.hello())
    except OSError:
        pass
    while time.monotonic() < end:
        time.sleep(0.1)


def main():
    _, socket, way, seconds = sys.argv
    try:
        globals()[way](socket, time.monotonic() + float(seconds))
    except (OSError, TypeError) as error:
        print(way, "was stopped:", error)
    print(way, "has ended")


main()
