#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures what recording costs, side by side in one run, and writes
build/bench/results.json, tables and plots. `make bench` builds what it needs
and starts it."""
import argparse
import datetime
import json
import os
import sys
import time

import measure
import place
import ways as ways_module
from measure import Case

ROUNDS = {"quick": 5, "full": 11}
OURS = "memo nomemo nostack fp packets"


def cases(quick):
    """(case, the ways it is measured with; None: all)"""
    two = "memo nomemo lttng lttng-stack"
    found = [
        (Case("d10"), None),
        (Case("d50", depth=50), "memo nomemo nostack packets lttng lttng-stack bpftrace"),
        (Case("v64", stacks="64"), two),
        (Case("v4096", stacks="4096"), two),
        (Case("new", stacks="new"), two + " fp"),
    ]
    if quick:
        return found
    return found + [
        (Case("d20", depth=20), two + " bpftrace"),
        (Case("new50", depth=50, stacks="new"), two),
        (Case("t2", threads=2, burst=1000), two),
        (Case("t4", threads=4, burst=1000), two),
        (Case("cold", cold=True, bursts=4, burst=100), two + " nostack"),
        (Case("sigaltstack", call="sigaltstack"), two + " bpftrace"),
        (Case("signalfd", call="signalfd"), two + " bpftrace"),
        (Case("sigqueue", call="sigqueue"), two + " bpftrace"),
    ]


def number(value, form="{:,.0f}"):
    return "-" if value is None else form.format(value)


def print_row(case, way, m):
    added = f"{m['added_ns']:,.0f} ±{m['added_spread_ns']:,.0f}"
    place.progress.line(f"{case.key:12} {way.title:34} {added:>18} {m['typical_added_ns']:>10,.0f} {m['native_ns']:>8,.0f} "
                        f"{m['ratio']:>8.2f} {number(m['lost']):>7} {number(m['bytes_per_event'], '{:.1f}'):>8}  {m['stack']}")


def heading():
    place.progress.line(f"{'case':12} {'way':34} {'added ns':>18} {'typical':>10} {'native':>8} {'ratio':>8} "
                        f"{'lost':>7} {'B/event':>8}  stack")


def measure_calls(chosen, options, results):
    """The table of added nanoseconds."""
    heading()
    for case, names in cases(options.quick):
        if options.cases and case.key not in options.cases:
            continue
        for way in chosen:
            if way.name == "native" or (names is not None and way.name not in names.split()):
                continue
            try:
                m = measure.measure(way, case, options.rounds)
            except place.Failed as why:
                place.progress.line(f"{case.key:12} {way.title:34} failed: {why}")
                results["failed"].append({"case": case.key, "way": way.name, "reason": str(why)})
                continue
            results["calls"].append(m)
            print_row(case, way, m)


def trial(way):
    """Why a way does not work here, found by trying; None when it does."""
    place.progress.show(f"trying {way.title}")
    try:
        _, facts = measure.run_once(way, Case("trial", bursts=2, burst=10, warmup=1, pause_us=1000), examine=True)
    except place.Failed as why:
        return str(why)
    return None if way.name == "native" or facts.events else "it recorded nothing"


def choose(options, results):
    """The ways that can be measured; says which can't, and why."""
    known = ways_module.all_ways()
    wanted = options.ways or list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"run.py: no such way: {unknown[0]}. There are {', '.join(known)}.")
    chosen = []
    for name in wanted:
        why = known[name].missing() or trial(known[name])
        if why:
            place.progress.line(f"missing: {known[name].title}: {why}")
            results["missing"].append({"way": name, "title": known[name].title, "reason": why})
        else:
            chosen.append(known[name])
    return chosen


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer cases and rounds")
    parser.add_argument("--ways", type=str.split, metavar="'NAME...'",
                        help="only these ways; native is always there: " + ", ".join(ways_module.all_ways()))
    parser.add_argument("--cases", type=str.split, metavar="'NAME...'",
                        help="only these cases: " + ", ".join(case.key for case, _ in cases(False)))
    parser.add_argument("--rounds", type=int, help="pairs of runs for each measurement")
    parser.add_argument("--output", default=place.OUT, metavar="DIR", help="where results.json goes (build/bench)")
    options = parser.parse_args()
    options.rounds = options.rounds or ROUNDS["quick" if options.quick else "full"]
    return options


def main():
    options = parse()
    os.makedirs(options.output, exist_ok=True)
    begin = time.monotonic()
    results = {"when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
               "quick": options.quick, "missing": [], "failed": [], "calls": []}
    chosen = choose(options, results)
    measure_calls(chosen, options, results)
    results["took_s"] = time.monotonic() - begin
    with open(os.path.join(options.output, "results.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    place.progress.line(f"took {results['took_s']:.0f} s; {options.output}/results.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
