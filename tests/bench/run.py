#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures what recording costs, side by side in one run: tables here, and
results.json and plots in build/bench. `make bench` builds what it needs and
starts it; `make performance` writes docs/PERFORMANCE.md from its results."""
import argparse
import datetime
import json
import os
import signal
import sys
import time

import machine
import measure
import place
import programs
import report
import shapes
import targets
import ways as ways_module
from measure import Case

OURS = ["memo", "nomemo", "nostack", "fp", "packets"]
SHAPES = ["starts", "throughput", "threads", "processes", "log"]
FEWEST = 3	# rounds, from which a median can be told
LATE = {"calls": 11 * 60, "shapes": 17 * 60, "programs": 20 * 60}	# seconds, after which what is left of a kind takes no more
WIDTHS = "{:12} {:35} {:>18} {:>10} {:>9} {:>8} {:>9} {:>9} {:>8}  {}"


def cases(quick):
    """(case, the ways it is measured with; None: all)"""
    two = "memo nomemo lttng lttng-stack"
    found = [
        (Case("d10"), None),
        (Case("d50", depth=50), "memo nomemo nostack lttng-stack" if quick else
         "memo nomemo nostack fp packets lttng lttng-stack bpftrace-count"),
        (Case("v64", stacks="64"), "memo nomemo lttng-stack"),
        (Case("v4096", stacks="4096"), "memo nomemo lttng-stack"),
        (Case("new", stacks="new"), "memo nomemo lttng-stack"),
        (Case("t4", threads=4, burst=1000), "memo nomemo lttng-stack" if quick else two),
        (Case("quiet", call="getppid"), "memo"),
    ]
    if quick:
        return found
    return found + [
        (Case("d20", depth=20), two),
        (Case("new50", depth=50, stacks="new"), two),
        (Case("t2", threads=2, burst=1000), two),
        (Case("cold", cold=True, bursts=4, burst=100, warmup=1), "memo nomemo nostack lttng lttng-stack"),
        (Case("sigaltstack", call="sigaltstack"), two + " bpftrace-count"),
        (Case("signalfd", call="signalfd"), two + " bpftrace-count"),
        (Case("sigqueue", call="sigqueue"), two + " bpftrace-count"),
    ]


def number(value, form="{:,.0f}"):
    return "-" if value is None else form.format(value)


def print_row(case, way, m):
    place.progress.line(WIDTHS.format(
        case.key, way.title, f"{m['added_ns']:,.0f} ±{m['added_spread_ns']:,.0f}", f"{m['typical_added_ns']:,.0f}", f"{m['best_added_ns']:,.0f}",
        f"{m['native_ns']:,.0f}", f"{m['ratio']:,.2f}", number(m["lost"]), number(m["bytes_per_event"], "{:.1f}"), m["stack"]))


def wanted(options, name, kind):
    """Whether a case, shape or program is to be measured; ways alone mean calls alone."""
    if options.cases:
        return name in options.cases
    return kind == "calls" or (not options.ways and not (kind == "programs" and options.quick))


def in_time(options, kind, rounds):
    """How many rounds there is time for: the whole shall end within 25 minutes, also on a slow machine."""
    return min(rounds, FEWEST) if time.monotonic() - options.begin > LATE[kind] else rounds


def measure_calls(chosen, options, results):
    """The table of added nanoseconds."""
    place.progress.line(WIDTHS.format("case", "way", "added ns", "typical", "best", "native", "x native", "lost", "B/event", "stack"))
    for case, names in cases(options.quick):
        if not wanted(options, case.key, "calls"):
            continue
        results["titles"]["cases"][case.key] = case.title()
        for way in chosen:
            if way.name == "native" or (not options.ways and names is not None and way.name not in names.split()):
                continue
            try:
                rounds = options.rounds if names is None else max(options.rounds * 2 // 3, FEWEST)
                m = measure.measure(way, case, in_time(options, "calls", rounds))
            except place.Failed as why:
                place.progress.line(f"{case.key:12} {way.title:35} failed: {why}")
                results["failed"].append({"case": case.key, "way": way.name, "reason": str(why)})
                continue
            results["calls"].append(m)
            print_row(case, way, m)


def measure_shapes(options, results):
    names = [name for name in SHAPES if wanted(options, name, "shapes")]
    for name, found in shapes.all_shapes(options.quick, in_time(options, "shapes", options.rounds), names) if names else ():
        if isinstance(found, place.Failed):
            place.progress.line(f"{name} failed: {found}")
            results["failed"].append({"case": name, "way": "memo", "reason": str(found)})
            continue
        results["shapes"][name] = found
        rows = found if isinstance(found, list) else [{"": key.replace("_collector", ""), **value} for key, value in found.items()]
        keys = [key for key in rows[0] if key not in ("case", "way", "rounds", "made", "events", "ratio",
                                                          "typical_added_ns", "typical_spread_ns", "best_added_ns")]
        place.progress.line(f"\n{name}")
        for row in [dict(zip(keys, keys)), *rows]:
            place.progress.line("  " + " ".join(f"{f'{row[k]:,.2f}' if isinstance(row[k], float) else str(row[k]):>16.16}"
                                                for k in keys))


def measure_programs(options, results):
    for program in programs.PROGRAMS:
        if not wanted(options, program.name, "programs"):
            continue
        try:
            why = program.missing()
            if why:
                place.progress.line(f"missing: {program.title}: {why}")
                results["missing"].append({"way": program.name, "title": program.title, "reason": why})
                continue
            found = programs.compare(program, 1 if options.quick else 3, 1 if options.quick else in_time(options, "programs", 5))
        except place.Failed as failure:
            place.progress.line(f"{program.title} failed: {failure}")
            results["failed"].append({"case": program.name, "way": "memo", "reason": str(failure)})
            continue
        results["programs"].append(found)
        place.progress.line(f"{found['title']:64} throughput x{found['per_second']['ratio']:.3f} "
                            f"±{found['per_second']['spread']:.3f}, latency x{found['latency_us']['ratio']:.3f}")


def trial(way):
    """Why a way does not work here, found by trying; None when it does."""
    place.progress.show(f"trying {way.title}")
    try:
        _, facts = measure.run_once(way, Case("trial", bursts=2, burst=10, warmup=1, pause_us=1000), examine=True)
    except place.Failed as why:
        return str(why)
    return None if way.name == "native" or facts.events else "it recorded nothing"


def choose(known, options, results):
    """The ways that can be measured; says which can't, and why."""
    names = options.ways or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"run.py: no such way: {unknown[0]}. There are {', '.join(known)}.")
    chosen = []
    for name in names:
        why = known[name].missing() or trial(known[name])
        if why:
            place.progress.line(f"missing: {known[name].title}: {why}")
            results["missing"].append({"way": name, "title": known[name].title, "reason": why})
        else:
            chosen.append(known[name])
    return chosen


def print_targets(results, partial):
    place.progress.line()
    for what, measured, limit, holds in targets.check(results):
        if partial and holds is None:
            continue
        word = {True: "holds", False: "DOES NOT HOLD", None: ""}[holds]
        place.progress.line(f"{what:60} {measured:>14} {limit:>14}  {word}")


def parse():
    known = [case.key for case, _ in cases(False)] + SHAPES + [program.name for program in programs.PROGRAMS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer cases and rounds")
    parser.add_argument("--ways", type=str.split, metavar="'NAME...'",
                        help="only calls, and only these ways; native is always there: " + ", ".join(ways_module.all_ways()))
    parser.add_argument("--cases", type=str.split, metavar="'NAME...'", help="only these: " + ", ".join(known))
    parser.add_argument("--rounds", type=int, help="pairs of runs for a call (quick: 3, else 11; two thirds beyond d10)")
    parser.add_argument("--output", default=place.OUT, metavar="DIR", help="where results and plots go (build/bench)")
    parser.add_argument("--document", action="store_true", help="measure nothing: write docs/PERFORMANCE.md from the results")
    options = parser.parse_args()
    for name in options.cases or ():
        if name not in known:
            parser.error(f"no such case: {name}. There are {', '.join(known)}.")
    options.rounds = options.rounds or (3 if options.quick else 11)
    return options


def measure_all(options):
    options.begin = time.monotonic()
    results = {"when": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "quick": options.quick,
               "machine": machine.describe(), "missing": [], "failed": [], "calls": [], "shapes": {}, "programs": []}
    known = ways_module.all_ways()
    results["titles"] = {"ways": {name: way.title for name, way in known.items()}, "ours": OURS, "cases": {}}
    if any(wanted(options, case.key, "calls") for case, _ in cases(options.quick)):
        measure_calls(choose(known, options, results), options, results)
    measure_shapes(options, results)
    measure_programs(options, results)
    results["took_s"] = time.monotonic() - options.begin
    return results


def main():
    options = parse()
    os.makedirs(options.output, exist_ok=True)
    os.makedirs(place.OUT, exist_ok=True)
    path = os.path.join(options.output, "results.json")
    if options.document:
        try:
            with open(path, encoding="utf-8") as file:
                report.write_document(json.load(file), options.output)
        except FileNotFoundError:
            sys.exit(f"run.py: there is no {path}: run make bench first")
        return 0
    results = measure_all(options)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    report.draw(results, options.output)
    print_targets(results, options.cases or options.ways)
    place.progress.line(f"\n{results['took_s']:.0f} s; {path}, and plots beside it")
    return 0


def interrupt(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nrun.py: interrupted; nothing was written")
