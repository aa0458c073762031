# SPDX-License-Identifier: BSD-2-Clause
"""What is promised, computed from one run's results: each target is a line
with what was measured, its limit, and whether it holds (None: not measured)."""


class Results:
    """Looks things up; KeyError where they were not measured."""

    def __init__(self, results):
        self.calls = {(m["case"], m["way"]): m for m in results["calls"]}
        self.shapes = results["shapes"]

    def added(self, case, way):
        return self.calls[case, way]["added_ns"]

    def of(self, case, way, other):
        """What one way adds, as a part of what another adds."""
        return self.added(case, way) / self.added(case, other)

    def throughput(self, overflow):
        return next(row for row in self.shapes["throughput"] if row["overflow"] == overflow)

    def growth(self, shape, key):
        """The value at the largest point over that at the smallest."""
        points = self.shapes[shape]
        return points[-1][key] / points[0][key]


def quiet(r):
    """Added by a call that nobody records, beyond the spread of the rounds."""
    m = r.calls["quiet", "memo"]
    return max(abs(m["added_ns"]) - m["added_spread_ns"], 0) / m["native_ns"]


def bpftrace(r):
    """Against the cheaper of the two: counting, though it delivers no records."""
    return max(r.of("d10", "memo", other) for other in ("bpftrace", "bpftrace-count") if ("d10", other) in r.calls)


def all_right(r):
    """Measurements of sigshim whose stacks were not all right."""
    ours = [m for (_, way), m in r.calls.items() if way in ("memo", "nomemo", "packets") and m["made"] and m["case"] != "quiet"]
    if not ours:
        raise KeyError
    return sum(m["stack"] != "right" for m in ours)


# What, the function that computes it, the limit, how to print it; a lower value is better unless the limit is a floor.
TARGETS = [
    ("10 frames, one stack: added ns", lambda r: r.added("d10", "memo"), 70, "{:.0f} ns"),
    ("the same, of what LTTng-UST adds without stacks", lambda r: r.of("d10", "memo", "lttng"), 0.3, "{:.2f}"),
    ("10 frames, new stacks: added ns", lambda r: r.added("new", "memo"), 280, "{:.0f} ns"),
    ("50 frames, one stack: added ns", lambda r: r.added("d50", "memo"), 160, "{:.0f} ns"),
    ("64 stacks, of ring and unw_backtrace", lambda r: r.of("v64", "memo", "nomemo"), 1.1, "{:.2f}"),
    ("4,096 stacks, of ring and unw_backtrace", lambda r: r.of("v4096", "memo", "nomemo"), 1.1, "{:.2f}"),
    ("4 threads, of LTTng-UST + unw_backtrace", lambda r: r.of("t4", "memo", "lttng-stack"), 0.6, "{:.2f}"),
    ("10 frames, of strace -k", lambda r: r.of("d10", "memo", "strace-k"), 1 / 5000, "1/{inverse:,.0f}"),
    ("10 frames, of bpftrace with ustack", bpftrace, 1 / 15, "1/{inverse:.1f}"),
    ("10 frames, of uftrace with arguments", lambda r: r.of("d10", "memo", "uftrace"), 1 / 5, "1/{inverse:.1f}"),
    ("measurements with a wrong stack", all_right, 0, "{:.0f}"),
    ("lost with overflow block", lambda r: r.throughput("block")["lost"], 0, "{:,.0f}"),
    ("calls neither stored nor counted as lost, block",
     lambda r: abs(r.throughput("block")["made"] - r.throughput("block")["stored"] - r.throughput("block")["lost"]), 0, "{:,.0f}"),
    ("calls neither stored nor counted as lost, drop",
     lambda r: abs(r.throughput("drop")["made"] - r.throughput("drop")["stored"] - r.throughput("drop")["lost"]), 0, "{:,.0f}"),
    ("events a second stored, 4 threads, drop (at least)",
     lambda r: r.throughput("drop")["stored_per_s"], -2e6, "{:,.0f}"),
    ("bytes an event in the largest log", lambda r: r.shapes["log"][-1]["bytes_per_event"], 60, "{:.1f}"),
    ("added, most threads over fewest", lambda r: r.growth("threads", "added_ns"), 1.5, "{:.2f}"),
    ("added, most processes over fewest", lambda r: r.growth("processes", "added_ns"), 1.5, "{:.2f}"),
    ("added, onto the largest log over the smallest", lambda r: r.growth("log", "added_ns"), 1.5, "{:.2f}"),
    ("time an event, writing the largest log over the one before",
     lambda r: r.shapes["log"][-1]["ns_per_event"] / r.shapes["log"][-2]["ns_per_event"], 1.5, "{:.2f}"),
    ("start of a program: added", lambda r: r.shapes["starts"]["with_collector"]["added_us"], 2000, "{:,.0f} µs"),
    ("a program without signal calls: slower by", quiet, 0.02, "{:.1%}"),
]


def shown(form, value):
    return form.format(value, inverse=1 / value if value > 0 else float("inf"))


def check(results):
    """Rows (what, measured, limit, holds) with the first three as text."""
    r, rows = Results(results), []
    for what, compute, limit, form in TARGETS:
        floor = limit < 0
        at = ("≥ " if floor else "≤ ") + shown(form, abs(limit))
        try:
            value = compute(r)
        except (KeyError, IndexError, StopIteration, ValueError, ZeroDivisionError):
            rows.append((what, "not measured", at, None))
            continue
        holds = value >= -limit if floor else value <= limit
        rows.append((what, shown(form, value), at, holds))
    return rows
