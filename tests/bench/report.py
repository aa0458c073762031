# SPDX-License-Identifier: BSD-2-Clause
"""Turns results.json into plots and into docs/PERFORMANCE.md. Every number of
that document comes from one run."""
import os
import shutil

import place
import plot
import targets

HEAD = """<!-- SPDX-License-Identifier: BSD-2-Clause -->
<!-- Made from build/bench/results.json by `make performance`. -->
# What recording costs

Measured {when} in {minutes:.0f} minutes by one `make bench{quick}`; every number on this page is from that run.

## On what

| | |
|---|---|
"""
HOW = """
## How

- A program of the benchmark ([tests/bench/calls.c](../tests/bench/calls.c)) makes a call again and again, through
  distinct functions that were compiled with `-O2 -fomit-frame-pointer` and not inlined, so that the whole stack has
  exactly the depth that is named, `main` and `_start` included. It times itself.
- Calls come in bursts of 2,000 with pauses between them, the same for every way. So the cost of a call is measured, not
  how fast a reader is; the latter is under [Throughput](#throughput). Warm-up bursts, in which buffers are used once
  all over, are not counted.
- A round is a pair of runs, one right after the other and in turns first: native, and recorded. `added` is the median
  of the pairs' differences, ± half their interquartile range; `typical` is the same for the median burst of each run,
  without what happens only now and then, and `best` for the tenth that is fastest, which a busy machine disturbs least.
  Nothing is pinned to a CPU.
- With several threads, ns is what a core spent on a call: time passed, times the cores in use, divided by the calls.
- sigshim ran with its default ring, `--events=core`, so that there is one record for each call, and `--overflow=block`: if
  its collector could not keep up, that would show as time.
- `cold` overwrites 8 MiB before each call, which empties the first two levels of cache and the TLB.
- `lost` is what a tool says that it lost, or calls minus records where it says nothing. `B/event` is the size of what is
  on disk in the end over its events.
- `stack`: up to 3,000 recorded stacks are compared, function by function, with the way that the program took. The share
  in brackets is that of functions that were found where not all were right. `-` means that the tool records none.
- LTTng-UST has a tracepoint right behind the call with the fields that sigshim records, and vpid and vtid as context; its
  buffers hold a burst. uftrace intercepts the library call. bpftrace uses the tracepoint of the system call; counting by
  stack is its cheapest way, and delivers no records. The minimal libbpf program records number, arguments and time, and
  its reader is not woken. Ways that take long are given fewer calls.
"""


def table(heading, rows):
    """A Markdown table; the first column is text, the others are numbers."""
    out = "| " + " | ".join(heading) + " |\n|" + "---|" + "---:|" * (len(heading) - 1) + "\n"
    return out + "".join("| " + " | ".join(str(cell) for cell in row) + " |\n" for row in rows)


def number(value, form="{:,.0f}"):
    return "–" if value is None else form.format(value)


def machine_rows(m, missing):
    rows = [("CPU", f"{m['cpu']}, {m['cpus']} CPUs; {m['caches']}"), ("virtual machine", m["virtual"]), ("memory", m["memory"]),
            ("kernel", m["kernel"]), ("system", m["system"]), ("governor", m["governor"]), ("clock source", m["clocksource"]),
            ("load before the run", f"{m['load_before']:.2f}"), ("sigshim", m["sigshim"]),
            ("versions", ", ".join(f"{name} {version}" for name, version in sorted(m["versions"].items())))]
    rows += [("missing: " + way["title"], way["reason"]) for way in missing]
    return "".join(f"| {name} | {value} |\n" for name, value in rows)


def target_table(results):
    words = {True: "holds", False: "**does not hold**", None: "not measured"}
    return "\n## What is promised\n\n" + table(["", "measured", "limit", "", ], [
        (what, measured, limit, words[holds]) for what, measured, limit, holds in targets.check(results)])


def calls_tables(results):
    out, titles = "\n## A call\n", results["titles"]
    for key in dict.fromkeys(m["case"] for m in results["calls"]):
        rows = [m for m in results["calls"] if m["case"] == key]
        out += f"\n### {titles['cases'][key]} (`{key}`)\n\n" + table(
            ["", "native ns", "added ns", "±", "typical", "best", "× native", "lost", "B/event", "stack"],
            [(titles["ways"][m["way"]], number(m["native_ns"]), number(m["added_ns"]), number(m["added_spread_ns"]),
              number(m["typical_added_ns"]), number(m["best_added_ns"]), number(m["ratio"], "{:,.2f}"), number(m["lost"]),
              number(m["bytes_per_event"], "{:.1f}"), m["stack"]) for m in rows])
    for m in results["failed"]:
        out += f"\n{titles['ways'].get(m['way'], m['way'])}, `{m['case']}`: failed: {m['reason']}\n"
    return out


def compared(results):
    """What is cheaper than sigshim and what is dearer, on the first case."""
    rows = {m["way"]: m for m in results["calls"] if m["case"] == "d10"}
    ours = rows.get("memo")
    if not ours:
        return ""
    titles, ours_names = results["titles"]["ways"], ("memo", "nomemo", "nostack", "fp", "packets")
    others = sorted((m for way, m in rows.items() if way not in ours_names), key=lambda m: m["added_ns"])
    out = "\n## Better and worse\n\nWith 10 frames and one stack, sigshim adds "
    out += f"{ours['added_ns']:,.0f} ns, with arguments, masks and the stack ({ours['stack']}).\n\n"
    for m in others:
        times = m["added_ns"] / ours["added_ns"] if ours["added_ns"] > 0 else float("inf")
        word = f"{times:,.1f} times that" if times >= 1 else f"less: {times:.2f} of that"
        stack = {"-": "without a stack", "right": "its stack is right"}.get(m["stack"], "its stack is " + m["stack"])
        out += f"- {titles[m['way']]}: {m['added_ns']:,.0f} ns, {word}; {stack}\n"
    return out


def shape_tables(shapes):
    out = ""
    for name in ("threads", "processes"):
        if name in shapes:
            out += f"\n## Cost over {name}\n\nCPU time a call, 10 frames, one stack.\n\n![](performance-{name}.svg)\n\n" + table(
                [name, "native ns", "added ns", "±", "lost", "stack"],
                [(number(p["n"]), number(p["native_ns"]), number(p["added_ns"]), number(p["added_spread_ns"]), number(p["lost"]),
                  p["stack"]) for p in shapes[name]])
    if "log" in shapes:
        out += "\n## Cost over the size of the log\n\nA log is filled without pauses; then a program is recorded into it (CPU time a call), " \
            "and the latest ten of its events are asked for.\n\n![](performance-log.svg)\n\n" + table(
                ["events", "seconds", "ns an event", "bytes an event", "added ns, onto it", "±", "query ms"],
                [(number(p["n"]), f"{p['seconds']:.2f}", number(p["ns_per_event"]), f"{p['bytes_per_event']:.1f}",
                  number(p["added_ns"]), number(p["added_spread_ns"]), number(p["query_ms"])) for p in shapes["log"]])
    if "throughput" in shapes:
        out += "\n## Throughput\n\nFour threads that never pause, on the CPUs that the collector needs too.\n\n" + table(
            ["overflow", "seconds", "calls made", "stored", "lost", "stored a second", "log complete after"],
            [(p["overflow"], f"{p['seconds']:.1f}", number(p["made"]), number(p["stored"]), number(p["lost"]),
              number(p["stored_per_s"]), f"{p['finished_after_s']:.1f} s") for p in shapes["throughput"]])
    if "starts" in shapes:
        out += "\n## The start of a program\n\n" + table(["", "starts", "native µs", "added µs", "±"], [
            (name.replace("_", " a "), p["starts"], number(p["native_us"]), number(p["added_us"]), number(p["added_spread_us"]))
            for name, p in shapes["starts"].items()])
    return out


def program_table(programs):
    if not programs:
        return ""
    out = "\n## Real programs\n\nEach with and without sigshim in turns; ratios are medians of pairs, 1 means no difference.\n\n"
    rows = []
    for p in programs:
        cells = [p["title"]]
        for key in ("per_second", "latency_us", "p99_us"):
            one = p.get(key)
            cells.append(f"{one['ratio']:.3f} ±{one['spread']:.3f}" if one else "–")
        rows.append((*cells, number(p["per_second"]["native"], "{:,.2f}"), number(p["events"]), number(p["lost"])))
    return out + table(["", "throughput", "median latency", "99% latency", "native, a second", "events", "lost"], rows)


def draw(results, folder):
    """The plots; the case with every way first."""
    titles, shapes = results["titles"], results["shapes"]
    rows = [(titles["ways"][m["way"]], m["added_ns"], m["added_spread_ns"], m["way"] in titles["ours"])
            for m in results["calls"] if m["case"] == "d10"]
    plot.bars(os.path.join(folder, "added.svg"), "Added to a call: 10 frames, one stack", "ns", rows)
    for name in ("threads", "processes"):
        if name in shapes:
            plot.lines(os.path.join(folder, name + ".svg"), f"Added to a call, over {name}", name, "ns of CPU time",
                       [("added", [(p["n"], p["added_ns"], p["added_spread_ns"]) for p in shapes[name]]),
                        ("native", [(p["n"], p["native_ns"], 0) for p in shapes[name]])])
    if "log" in shapes:
        plot.lines(os.path.join(folder, "log.svg"), "Cost over the size of the log", "events", "ns",
                   [("added, onto it", [(p["n"], p["added_ns"], p["added_spread_ns"]) for p in shapes["log"]]),
                    ("writing an event", [(p["n"], p["ns_per_event"], 0) for p in shapes["log"][1:]])])


def write_document(results, plots, docs=os.path.join(place.ROOT, "docs")):
    """PERFORMANCE.md, with its plots beside it."""
    text = HEAD.format(when=results["when"], minutes=results["took_s"] / 60, quick=" BENCH=quick" if results["quick"] else "")
    text += machine_rows(results["machine"], results["missing"]) + target_table(results) + compared(results)
    text += "\n![](performance-added.svg)\n" + HOW + calls_tables(results) + shape_tables(results["shapes"])
    text += program_table(results["programs"])
    with open(os.path.join(docs, "PERFORMANCE.md"), "w", encoding="utf-8") as file:
        file.write(text)
    for name in ("added", "threads", "processes", "log"):
        if os.path.exists(os.path.join(plots, name + ".svg")):
            shutil.copy(os.path.join(plots, name + ".svg"), os.path.join(docs, f"performance-{name}.svg"))
