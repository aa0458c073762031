# SPDX-License-Identifier: BSD-2-Clause
"""Peers that record inside the program: LTTng-UST, with a tracepoint behind
the call, and uftrace, which intercepts it as a library call."""
import atexit
import os
import re
import subprocess
import tempfile
import time

import place
import stacks
from measure import Facts, Way

SAMPLE = 3000


class Daemon:
    """LTTng's session daemon, one for all runs; that of the system when there is one."""
    process = None
    home = None

    @classmethod
    def environment(cls):
        if cls.home is None:
            cls.home = tempfile.mkdtemp(prefix="sigshim-bench-")
            atexit.register(place.remove, cls.home)
        return place.environment(LTTNG_HOME=cls.home)

    @classmethod
    def answers(cls):
        return place.run([place.find("lttng"), "--no-sessiond", "list"], env=cls.environment(), check=False).returncode == 0

    @classmethod
    def start(cls):
        if cls.process or cls.answers():
            return
        cls.process = subprocess.Popen([place.find("lttng-sessiond"), "--no-kernel"], env=cls.environment(),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(cls.stop)
        for _ in range(100):
            if cls.answers():
                return
            time.sleep(0.05)
        raise place.Failed("lttng-sessiond does not answer")

    @classmethod
    def stop(cls):
        cls.process.terminate()
        cls.process.wait(20)


class Lttng(Way):
    """A recording session to disk for each run, with the fields that sigshim records; buffers hold more than a burst."""
    program = place.CALLS + "-lttng"

    def __init__(self, name, title, event, buffers):
        self.name, self.title, self.event, self.buffers = name, title, event, buffers
        self.stacks = event.endswith("stack")

    def missing(self):
        return place.absent("lttng", "lttng-sessiond", "babeltrace2", packages="lttng-tools babeltrace2") or \
            (None if os.path.exists(self.program) else "its program was not built: install liblttng-ust-dev and libunwind-dev")

    def record(self, argv, folder, case):
        Daemon.start()

        buffers = self.buffers * (4 if self.stacks and case.depth > 20 else 1)

        def lttng(*words):
            place.run([place.find("lttng"), "--no-sessiond", *words], env=Daemon.environment())

        session = os.path.basename(folder)
        lttng("create", session, "--output=" + os.path.join(folder, "trace"))
        try:
            lttng("enable-channel", "-u", "-s", session, "--subbuf-size=256K", f"--num-subbuf={buffers}", "calls")
            lttng("add-context", "-u", "-s", session, "-c", "calls", "-t", "vpid", "-t", "vtid")
            lttng("enable-event", "-u", "-s", session, "-c", "calls", self.event)
            lttng("start", session)
            place.run(argv, env=Daemon.environment(), timeout=300)
            lttng("stop", session)
        finally:
            lttng("destroy", session)

    def examine(self, folder, result, case):
        done = place.run(["babeltrace2", os.path.join(folder, "trace")], timeout=300)
        ours = f"vpid = {result['pid']},"	# a session records every program with the tracepoint
        lines = [line for line in done.stdout.splitlines() if ours in line]
        lost = sum(int(n) for n in re.findall(r"discarded (\d+) event", done.stderr))
        facts = Facts(len(lines), lost, place.size_of(os.path.join(folder, "trace")))
        if self.stacks:
            facts.stack = stacks.verdict(case, self.seen(lines[:SAMPLE], result))
        return facts

    def seen(self, lines, result):
        """(worker, made, names) of the first events, while none was lost."""
        symbols, made = stacks.Symbols(self.program, result), {}
        workers = {tid: number for number, tid in enumerate(result["tids"])}
        for line in lines:
            worker = workers[int(re.search(r"vtid = (\d+)", line)[1])]
            made[worker] = made.get(worker, -1) + 1
            pcs = [int(pc, 16) for pc in re.findall(r"\[\d+\] = (0x[0-9A-Fa-f]+)", line)]
            yield worker, made[worker], [symbols.name(pc, exact=i == 0) for i, pc in enumerate(pcs)]


class Uftrace(Way):
    """Library calls through the PLT, with arguments and results; the program has no other hooks."""
    name, title = "uftrace", "uftrace, arguments"

    def missing(self):
        return place.absent("uftrace")

    def record(self, argv, folder, case):
        fields = {"sigprocmask": "arg1/d32,arg2/x64,arg3/x64", "sigaltstack": "arg1/x64,arg2/x64",
                  "signalfd": "arg1/d32,arg2/x64,arg3/d32", "sigqueue": "arg1/d32,arg2/d32,arg3/x64"}[case.call]
        place.run([place.find("uftrace"), "record", "--force", "--no-event", "-d", os.path.join(folder, "data"),
                   "-A", f"{case.call}@{fields}", "-R", f"{case.call}@retval/d32", *argv], timeout=300)

    def examine(self, folder, result, case):
        data = os.path.join(folder, "data")
        dump = place.run([place.find("uftrace"), "dump", "-d", data], timeout=300).stdout
        lost = sum(int(n) for n in re.findall(r"\[lost \] .*?(\d+)", dump))
        return Facts(len(re.findall(rf"\[entry\] {case.call}\(", dump)), lost, place.size_of(data))


WAYS = [
    Lttng("lttng", "LTTng-UST, no stacks", "sigbench:call", 4),
    Lttng("lttng-stack", "LTTng-UST + unw_backtrace", "sigbench:call_stack", 8),
    Uftrace(),
]
