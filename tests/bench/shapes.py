# SPDX-License-Identifier: BSD-2-Clause
"""How sigshim's cost grows: with threads, processes and the log; what a start
costs; and how much the collector takes when nobody pauses."""
import os
import socket
import statistics
import subprocess
import tempfile
import time

import measure
import place
from measure import Case
from ways import Sigshim

CELLS = 4	# of a ring, taken by an event
PAUSE = 5	# microseconds for each event of a burst, so that a ring is empty before the next
SIZES = {
    "threads": {"quick": (1, 16, 128), "full": (1, 4, 16, 64, 250, 1000)},
    "processes": {"quick": (1, 16), "full": (1, 4, 16, 64, 250, 500)},
    "log": {"quick": (10**4, 10**5), "full": (10**4, 10**5, 10**6, 10**7)},
}


def point(way, case, rounds):
    """A measurement in CPU time: with many workers, others' turns are not what a call costs."""
    m = measure.measure(way, case, rounds, metric="cpu_ns")
    del m["pairs"]
    return m


def ring_for(events):
    """A ring that holds so many and is used all over by a few times as many: pages that are new cost more."""
    size = 2 << 20
    while size < events * CELLS * 64:
        size *= 2
    return f"--ring-size={size >> 20}M"


def with_threads(sizes, rounds):
    for n in sizes:
        burst = max(20, 2000 // n)
        way = Sigshim("memo", "sigshim", ring_for(n * burst))
        case = Case(f"threads {n}", threads=n, burst=burst, bursts=8, warmup=6, pause_us=max(8000, PAUSE * n * burst))
        yield {"n": n, **point(way, case, rounds)}


def with_processes(sizes, rounds):
    """Each makes the same few calls, so a small ring has been used all over before they are timed."""
    way = Sigshim("memo", "sigshim", "--ring-size=64K")
    for n in sizes:
        case = Case(f"processes {n}", processes=n, burst=40, bursts=8, warmup=10, pause_us=max(20000, PAUSE * n * 40))
        yield {"n": n, **point(way, case, max(rounds, min(rounds * 16 // n, 15)))}


class IntoLog(Sigshim):
    """Another run into a log that is there."""

    def __init__(self, log):
        super().__init__("memo", "sigshim")
        self.log = log


def with_log(sizes, rounds):
    """Fills a log without pauses, then records into it and asks it."""
    for n in sizes:
        with measure.scratch() as folder:
            if measure.free_space() < n * 300:
                raise place.Failed(f"a log of {n:,} events needs {n * 300 >> 20} MiB of disk")
            way = IntoLog(os.path.join(folder, "grown.db"))
            way.stacks = False
            fill = Case(f"log {n}", bursts=max(n // 2000, 1), burst=2000, warmup=0, pause_us=0)
            begin = time.monotonic()
            place.progress.show(f"writing a log of {n:,} events")
            result, facts = measure.run_once(way, fill, examine=True)
            took = time.monotonic() - begin
            ask = time.monotonic()
            place.run([place.SIGSHIM, "query", "-L", way.log, "-n", 10, "--reverse", "signal=SIGUSR1"], timeout=600)
            ask = time.monotonic() - ask
            with open(way.log, "rb") as log:
                os.fsync(log.fileno())	# writing it back would be in the way
            on_top = point(way, Case(f"onto {n}"), rounds)
        yield {"n": n, "seconds": took, "program_seconds": result["seconds"], "ns_per_event": took / n * 1e9,
               "events": facts.events, "lost": facts.lost, "bytes_per_event": facts.bytes / facts.events,
               "query_ms": ask * 1e3, "added_ns": on_top["added_ns"], "added_spread_ns": on_top["added_spread_ns"]}


def throughput(seconds):
    """Four threads that never pause; every call is in the log or counted as lost."""
    found = []
    for overflow in ("drop", "block"):
        place.progress.show(f"4 threads without a pause for {seconds} s, overflow {overflow}")
        way = Sigshim("memo", "sigshim", f"--overflow={overflow}")
        way.stacks = False
        begin = time.monotonic()
        result, facts = measure.run_once(way, Case("tight", threads=4, seconds=seconds), examine=True)
        took = time.monotonic() - begin
        found.append({"overflow": overflow, "threads": 4, "seconds": result["seconds"], "made": result["made"],
                      "stored": facts.events, "lost": facts.lost,
                      "exact": facts.events + facts.lost == result["made"],
                      "made_per_s": result["made"] / result["seconds"],
                      "stored_per_s": facts.events / result["seconds"],
                      "finished_after_s": took - result["seconds"],
                      "bytes_per_event": facts.bytes / facts.events if facts.events else None})
    return found


class Collector:
    """`sigshim collect` while something is measured."""

    def __init__(self, folder):
        self.socket = os.path.join(folder, "socket")
        self.process = subprocess.Popen([place.SIGSHIM, "collect", "--socket", self.socket, "--log",
                                         os.path.join(folder, "log.db")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=place.environment())

    def __enter__(self):
        for _ in range(200):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as one:
                if one.connect_ex(self.socket) == 0:
                    return self
            time.sleep(0.05)
        self.__exit__()
        raise place.Failed("sigshim collect does not listen")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)


def start_pairs(n, path):
    """Each start with the library against the one before it without."""
    done = place.run([os.path.join(place.OUT, "starts"), n, place.LIBRARY, os.path.join(place.OUT, "nothing")],
                     env=place.environment(SIGSHIM_SOCKET=path), timeout=300)
    pairs = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    added = [with_it - without for without, with_it in pairs]
    return {"starts": n, "native_us": statistics.median(a for a, _ in pairs) / 1e3,
            "added_us": statistics.median(added) / 1e3, "added_spread_us": measure.spread(added) / 1e3}


def starts(n):
    """With a collector and without one; sockets want short paths."""
    with tempfile.TemporaryDirectory(prefix="sigshim-bench-") as folder:
        place.progress.show(f"{n} starts of a program, without a collector")
        alone = start_pairs(n, os.path.join(folder, "nobody"))
        place.progress.show(f"{n} starts of a program, with a collector")
        with Collector(folder) as collector:
            collected = start_pairs(n, collector.socket)
    return {"with_collector": collected, "without_collector": alone}


def all_shapes(quick, rounds, only):
    """(name, what was found or Failed) of each part."""
    size = "quick" if quick else "full"
    few = max(3, rounds // 2)
    parts = {
        "starts": lambda: starts(100 if quick else 1000),
        "throughput": lambda: throughput(2 if quick else 10),
        "threads": lambda: list(with_threads(SIZES["threads"][size], few)),
        "processes": lambda: list(with_processes(SIZES["processes"][size], few)),
        "log": lambda: list(with_log(SIZES["log"][size], few)),
    }
    for name, part in parts.items():
        if only and name not in only:
            continue
        try:
            yield name, part()
        except place.Failed as why:
            yield name, why
