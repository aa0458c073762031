# SPDX-License-Identifier: BSD-2-Clause
"""What is measured, and how: a case is a way to run the measured program; a
round is a pair of runs, native and recorded, one right after the other and in
turns first; a measurement is some rounds and the medians of their pairs."""
import dataclasses
import json
import os
import shutil
import statistics
import tempfile

import place


@dataclasses.dataclass(frozen=True)
class Case:
    """How the measured program runs."""
    key: str
    call: str = "sigprocmask"
    depth: int = 10
    stacks: str = "1"
    threads: int = 1
    processes: int = 1
    cold: bool = False
    bursts: int = 20
    burst: int = 2000
    warmup: int = 10
    pause_us: int = 8000
    seconds: int = 0

    def slower(self, factor):
        """The same with fewer calls, for ways that take long."""
        if factor == 1:
            return self
        calls = max(self.bursts * self.burst // factor, 20)
        burst = min(self.burst, max(calls // 4, 5))
        return dataclasses.replace(self, bursts=max(calls // burst, 2), burst=burst, warmup=1)

    def argv(self, result, program=place.CALLS):
        words = [program, f"--call={self.call}", f"--depth={self.depth}", f"--stacks={self.stacks}",
                 f"--threads={self.threads}", f"--processes={self.processes}", f"--bursts={self.bursts}",
                 f"--burst={self.burst}", f"--warmup={self.warmup}", f"--pause-us={self.pause_us}",
                 f"--seconds={self.seconds}", f"--result={result}"]
        return words + ["--cold"] if self.cold else words

    def title(self):
        words = [self.call, f"depth {self.depth}",
                 {"1": "one stack", "new": "new stacks"}.get(self.stacks, self.stacks + " stacks")]
        words += [f"{self.threads} threads"] if self.threads > 1 else []
        words += [f"{self.processes} processes"] if self.processes > 1 else []
        return ", ".join(words + ["cold caches"] if self.cold else words)


@dataclasses.dataclass
class Facts:
    """What a tool recorded. None: it does not say, or it can't be known."""
    events: int = None
    lost: int = None
    bytes: int = None
    stack: str = "-"


class Way:
    """A way to record the measured program, or to run it without."""
    name = title = ""
    stacks = False	# whether it records them
    factor = 1		# how many times fewer calls it is given
    program = place.CALLS
    baseline = place.CALLS	# what runs natively, to compare with

    def missing(self):
        """Why this way can't be measured here; None when it can."""
        return None

    def record(self, argv, folder, case):
        """Runs argv under the tool, traces into folder, where result.json will be."""
        raise NotImplementedError

    def examine(self, folder, result, case):
        """Facts about what is in folder."""
        return Facts()


class Native(Way):
    """Nothing watches."""
    name, title = "native", "native"

    def missing(self):
        return None if os.path.exists(place.CALLS) else "its program was not built: run make bench-programs"

    def record(self, argv, folder, case):
        place.run(argv)


def scratch():
    return tempfile.TemporaryDirectory(prefix="run-", dir=place.OUT, ignore_cleanup_errors=True)


def run_once(way, case, examine=False, program=None):
    """One run of the way's program or another: the program's own result, and Facts when asked for."""
    with scratch() as folder:
        path = os.path.join(folder, "result.json")
        way.record(case.argv(path, program or way.program), folder, case)
        try:
            with open(path, encoding="ascii") as file:
                result = json.load(file)
        except (OSError, ValueError) as error:
            raise place.Failed("the measured program gave no result") from error
        os.remove(path)
        return result, way.examine(folder, result, case) if examine else None


def spread(values):
    """Half the interquartile range."""
    if len(values) < 3:
        return (max(values) - min(values)) / 2
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2


def summary(case, way, pairs, facts, made, metric):
    """A measurement as it goes to results.json."""
    pairs = [({**native, "ns": native[metric]}, {**traced, "ns": traced[metric]}) for native, traced in pairs]
    added = [traced["ns"] - native["ns"] for native, traced in pairs]
    typical = [traced["typical_ns"] - native["typical_ns"] for native, traced in pairs]
    best = [traced["best_ns"] - native["best_ns"] for native, traced in pairs]
    events = facts.events
    return {
        "case": case.key, "way": way.name, "rounds": len(pairs),
        "native_ns": statistics.median(native["ns"] for native, _ in pairs),
        "ns": statistics.median(traced["ns"] for _, traced in pairs),
        "added_ns": statistics.median(added), "added_spread_ns": spread(added),
        "typical_added_ns": statistics.median(typical), "typical_spread_ns": spread(typical),
        "best_added_ns": statistics.median(best),
        "ratio": statistics.median(traced["ns"] / native["ns"] for native, traced in pairs),
        "added_ratio": statistics.median((traced["ns"] - native["ns"]) / native["ns"] for native, traced in pairs),
        "made": made, "events": events, "lost": facts.lost,
        "bytes_per_event": facts.bytes / events if facts.bytes is not None and events else None,
        "stack": facts.stack,
        "pairs": [[native["ns"], traced["ns"]] for native, traced in pairs],
    }


def measure(way, case, rounds, native=Native(), metric="ns"):
    """Rounds of pairs; the last one's trace is examined."""
    own = case.slower(way.factor)
    pairs, facts, made = [], Facts(), 0
    for i in range(rounds):
        place.progress.show(f"{case.title()}: {way.title}, round {i + 1} of {rounds}")
        last = i == rounds - 1
        if i % 2:
            traced, found = run_once(way, own, last)
            plain, _ = run_once(native, case, program=way.baseline)
        else:
            plain, _ = run_once(native, case, program=way.baseline)
            traced, found = run_once(way, own, last)
        pairs.append((plain, traced))
        if last:
            facts, made = found, traced["made"]
    return summary(own, way, pairs, facts, made, metric)


def free_space():
    return shutil.disk_usage(place.OUT).free
