# SPDX-License-Identifier: BSD-2-Clause
"""Peers that watch system calls from the kernel: bpftrace, a minimal program
with libbpf, perf trace, strace."""
import os
import re

import place
import stacks
from measure import Facts, Way

# The system call behind each call: its name, its number on x86-64, and what bpftrace calls its arguments.
SYSCALLS = {
    "sigprocmask": ("rt_sigprocmask", 14, "how nset oset"),
    "sigaltstack": ("sigaltstack", 131, "uss uoss"),
    "signalfd": ("signalfd4", 289, "ufd user_mask flags"),
    "sigqueue": ("rt_sigqueueinfo", 129, "pid sig uinfo"),
}
# The tracing file system, for the command alone, where it is not mounted.
MOUNT = "test -d /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing; exec \"$@\""


def as_root():
    return None if os.geteuid() == 0 else "needs root"


def tracing(*command):
    return ["unshare", "-m", "sh", "-c", MOUNT, "sh", *command]


def count(path, pattern):
    with open(path, encoding="utf-8", errors="replace") as file:
        return sum(1 for line in file if re.search(pattern, line))


class Bpftrace(Way):
    """One line of bpftrace on the tracepoint of the system call."""
    stacks = True

    def __init__(self, name, title, action, program=place.CALLS, factor=1):
        self.name, self.title, self.action, self.program, self.factor = name, title, action, program, factor
        self.baseline = program

    def missing(self):
        return place.absent("bpftrace") or as_root()

    def record(self, argv, folder, case):
        syscall, _, names = SYSCALLS[case.call]
        values = ", ".join(f"(uint64)args->{name}" for name in names.split())
        action = self.action.format(values=values, forms=" ".join(["%lx"] * len(names.split())))
        script = f"tracepoint:syscalls:sys_enter_{syscall} /comm == \"{os.path.basename(argv[0])}\"/ {{ {action} }}"
        place.run(tracing(place.find("bpftrace"), "-e", script, "-o", os.path.join(folder, "out"), "-c", " ".join(argv)),
                  timeout=300, env=place.environment(BPFTRACE_MAP_KEYS_MAX="100000", BPFTRACE_PERF_RB_PAGES="1024",
                                                     BPFTRACE_NO_USER_SYMBOLS="1"))

    def examine(self, folder, result, case):
        path = os.path.join(folder, "out")
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        lost = sum(int(n) for n in re.findall(r"Lost (\d+) events", text))
        blocks = re.findall(r"^call (\d+).*\n\n?((?:[ \t]+\S.*\n)*)", text, re.M)
        counted = re.findall(r"^@\[([^\]]*)\]: (\d+)", text, re.M)
        events = sum(int(n) for _, n in counted) if counted else len(blocks)
        facts = Facts(events, lost, place.size_of(path))
        facts.stack = stacks.verdict(case, self.seen(blocks, counted, result, case))
        return facts

    def seen(self, blocks, counted, result, case):
        """(worker, made, names): in order as printed, or, counted, the only stack there is."""
        symbols, made = stacks.Symbols(self.program, result), {}

        def names(text):
            pcs = [int(pc, 16) for pc in re.findall(r"0x([0-9a-f]+)", text)]
            return [symbols.name(pc, exact=i == 0) for i, pc in enumerate(pcs)]

        workers = {tid: number for number, tid in enumerate(result["tids"])}
        for tid, text in blocks[:3000]:
            if int(tid) in workers:
                made[tid] = made.get(tid, -1) + 1
                yield workers[int(tid)], made[tid], names(text)
        if case.stacks == "1":
            for text, _ in counted:
                yield 0, 0, names(text)


class Minimal(Way):
    """tests/bench/minimal.c: arguments and time into a BPF ring buffer, written to a file."""
    name, title = "libbpf", "libbpf, minimal, no stacks"
    tool = os.path.join(place.OUT, "minimal")

    def __init__(self):
        self.said = ""

    def missing(self):
        if not os.path.exists(self.tool) or not os.path.exists(self.tool + ".bpf.o"):
            return "it was not built: install libbpf-dev and clang-14"
        return as_root()

    def record(self, argv, folder, case):
        number = SYSCALLS[case.call][1]
        done = place.run([self.tool, self.tool + ".bpf.o", number, os.path.join(folder, "out"), *argv], timeout=300)
        self.said = done.stderr

    def examine(self, folder, result, case):
        match = re.search(r"(\d+) written, (\d+) lost", self.said)
        return Facts(int(match[1]), int(match[2]), place.size_of(os.path.join(folder, "out")))


class PerfTrace(Way):
    """perf trace, its text to a file."""
    name, title, factor = "perf-trace", "perf trace, no stacks", 4

    def missing(self):
        return place.absent("perf", packages="linux-perf") or as_root()

    def record(self, argv, folder, case):
        place.run(tracing(place.find("perf"), "trace", "-m", "4096", "-e", SYSCALLS[case.call][0], "-o",
                          os.path.join(folder, "out"), *argv), timeout=300)

    def examine(self, folder, result, case):
        path = os.path.join(folder, "out")
        events = count(path, rf"\b{SYSCALLS[case.call][0]}\(")
        return Facts(events, max(result["made"] - events, 0), place.size_of(path))


class Strace(Way):
    """strace, with arguments decoded, to a file."""

    def __init__(self, name, title, factor, *options):
        self.name, self.title, self.factor, self.options = name, title, factor, options
        self.stacks = "-k" in options

    def missing(self):
        return place.absent("strace")

    def record(self, argv, folder, case):
        place.run([place.find("strace"), "-f", *self.options, "-o", os.path.join(folder, "out"), "-e",
                   "trace=" + SYSCALLS[case.call][0], *argv], timeout=300)

    def examine(self, folder, result, case):
        path = os.path.join(folder, "out")
        events = count(path, rf"\b{SYSCALLS[case.call][0]}\(")
        facts = Facts(events, max(result["made"] - events, 0), place.size_of(path))
        if self.stacks:
            facts.stack = stacks.verdict(case, self.seen(path, result))
        return facts

    @staticmethod
    def seen(path, result):
        """(worker, made, names), from the lines ` > module(function+offset) [address]`."""
        workers = {tid: number for number, tid in enumerate(result["tids"])}
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        made = {}
        for tid, frames in re.findall(r"^(\d+) .*\n((?: > .*\n)*)", text, re.M):
            if int(tid) in workers and frames:
                made[tid] = made.get(tid, -1) + 1
                yield workers[int(tid)], made[tid], re.findall(r"\(([^()+]+)\+0x", frames)


PRINT = 'printf("call %d %lu {forms}\\n%s", tid, nsecs, {values}, ustack());'
WAYS = [
    Bpftrace("bpftrace", "bpftrace, each call + ustack", PRINT, factor=4),
    Bpftrace("bpftrace-fp", "bpftrace, frame pointers in program", PRINT, place.CALLS + "-fp", factor=4),
    Bpftrace("bpftrace-count", "bpftrace, counting by ustack", "@[ustack] = count();"),
    Minimal(),
    PerfTrace(),
    Strace("strace", "strace, no stacks", 20),
    Strace("strace-k", "strace -k", 400, "-k"),
]
