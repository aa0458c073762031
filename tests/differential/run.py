#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Shows that the library is invisible: runs each case natively and under the
library in every combination of transport, stack mode and collector, and wants
the same output, the same exit status and the same complaints.

  run.py                     all cases
  run.py [-v] CASE...        these only (case_errors, or errors)
  run.py --library PATH ...  with another build of the library

BUILD is the build directory. README.md here tells how to add a case.
"""
import concurrent.futures
import difflib
import glob
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD", "build")))
OUT = os.path.join(BUILD, "tests", "differential")
CC = os.environ.get("CC", "cc")
# Cases do on purpose what the last two warn of.
FLAGS = "-std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -pthread -Wno-nonnull -Wno-restrict".split()
NATIVE = "native"
HUNG = 180	# seconds; no case takes a tenth of it, but a busy machine may
# What the library is told in each combination. Without SIGSHIM_SOCKET: our collector; without
# SIGSHIM_EVENTS: all.
COMBINATIONS = {
    **{f"{transport}-{stack}": {"SIGSHIM_TRANSPORT": transport, "SIGSHIM_STACK": stack}
       for transport in ("ring", "socket") for stack in ("unwind", "fp", "none")},
    "ring-block": {"SIGSHIM_OVERFLOW": "block"},
    "socket-block": {"SIGSHIM_OVERFLOW": "block", "SIGSHIM_TRANSPORT": "socket"},
    "absent": {"SIGSHIM_SOCKET": "/nonexistent/collector.sock"},
}
# These record the core events alone, so that each transport and each stack mode has both.
for with_core in ("ring-fp", "socket-none", "socket-block"):
    COMBINATIONS[with_core]["SIGSHIM_EVENTS"] = "core"
CORE = int(re.search(r"#define SIGSHIM_EV_CORE (\d+)",
                     open(os.path.join(ROOT, "include/sigshim/events.h"), encoding="ascii").read()).group(1))


class Case:
    """One C file, with what its comments ask for: `/* needs: root */`."""

    WORDS = "needs flags expect preload after libs uses wrapper only env".split()

    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)[:-2]
        with open(path, encoding="utf-8") as file:
            head = file.read(2000)
        found = dict(re.findall(r"^/\* (\w+): (.*?) \*/$", head, re.M))
        unknown = set(found) - set(self.WORDS)
        if unknown:
            raise ValueError(f"{self.name}: no such directive: {' '.join(unknown)}")
        self.expect = found.pop("expect", "")
        self.words = {word: found.get(word, "").split() for word in self.WORDS}

    def combinations(self):
        return self.words["only"] or list(COMBINATIONS)

    def missing(self):
        """Why the case can't run here; empty when it can."""
        for need in self.words["needs"]:
            if need == "root":
                have = os.geteuid() == 0
            elif need == "x86_64":
                have = os.uname().machine == need
            else:
                have = shutil.which(need) or os.path.isabs(library_path(need))
            if not have:
                return f"needs {need}"
        return ""

    def build(self):
        target = os.path.join(OUT, self.name)
        libs = [library_path(name) for name in self.words["libs"]]
        for name in self.words["preload"] + self.words["after"]:
            library_path(name)
        compile_c(self.path, target, *self.words["flags"], "-Wl,--no-as-needed", *libs, "-Wl,-rpath," + OUT, "-ldl")
        return target


LOCK = threading.RLock()


def run_tool(command):
    """What it printed. It is started when no other thread has a program open for writing."""
    with LOCK:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    out = child.communicate()[0]
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return out


def compile_c(source, target, *more):
    """Compiles unless the target is newer than everything here."""
    newest = max(os.path.getmtime(path) for path in glob.glob(HERE + "/*.[ch]") + [os.path.abspath(__file__)])
    if os.path.exists(target) and os.path.getmtime(target) > newest:
        return
    os.makedirs(OUT, exist_ok=True)
    part = f"{target}.{os.getpid()}"
    run_tool([CC, *FLAGS, "-o", part, source, *more])
    os.rename(part, target)


def library_path(name):
    """A library of ours (lib_x is lib_x.c here, built if need be), or one of the compiler's."""
    source = os.path.join(HERE, name + ".c")
    if not os.path.exists(source):
        path = run_tool([CC, "-print-file-name=" + name]).strip()
        return os.path.realpath(path) if "/" in path else name
    target = os.path.join(OUT, name + ".so")
    with LOCK:
        compile_c(source, target, "-shared", "-fPIC", "-ldl")
    return target


def answers(path):
    """Whether somebody listens on a socket; the file alone may be ahead of that."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as one:
        return one.connect_ex(path) == 0


class Outcome:
    """What a run showed."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def differences(self, other):
        text = ""
        if self.status != other.status:
            text += f"  ended with {describe(self.status)}, here {describe(other.status)}\n"
        for name in ("out", "err"):
            mine, its = (getattr(o, name).decode(errors="replace").splitlines() for o in (self, other))
            lines = list(difflib.unified_diff(mine, its, "native std" + name, "shimmed std" + name, n=2, lineterm=""))
            text += "".join("  " + line + "\n" for line in lines[:40])
        return text


def describe(status):
    if status is None:
        return "a timeout"
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


class Lab:
    """A folder, a collector, and the runs that are made with them."""

    def __init__(self, library=None, timeout=HUNG):
        self.timeout = timeout
        self.dir = tempfile.mkdtemp(prefix="sigshim-differential-")
        os.chmod(self.dir, 0o755)
        # A copy: the build may go on, and a case may have no right to look into it.
        self.library = os.path.join(self.dir, "libsigshim.so")
        shutil.copy(library or os.path.join(BUILD, "libsigshim.so"), self.library)
        self.socket, self.log = os.path.join(self.dir, "socket"), os.path.join(self.dir, "log.db")
        self.collector = None
        self.counted = {}  # calls, as a case itself counted them

    def __enter__(self):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        program = os.path.join(BUILD, "sigshim")
        if os.path.exists(program):
            with open(os.path.join(self.dir, "collector.err"), "wb") as err:
                self.collector = subprocess.Popen([program, "collect", "--socket", self.socket, "--log", self.log],
                                                  stdin=subprocess.DEVNULL, stdout=err, stderr=err)
            end = time.monotonic() + 60
            while not answers(self.socket) and self.collector.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.stop_collector()
        shutil.rmtree(self.dir, ignore_errors=True)

    def stop_collector(self):
        """The log is complete after this. Returns the collector's complaint, if any."""
        if not self.collector:
            return ""
        early = self.collector.poll()
        self.collector.terminate()
        try:
            status = self.collector.wait(300)
        except subprocess.TimeoutExpired:
            self.collector.kill()
            status = self.collector.wait()
        self.collector = None
        with open(os.path.join(self.dir, "collector.err"), encoding="utf-8", errors="replace") as file:
            said = file.read().strip()
        return f"the collector ended early: {said}" if early is not None else said if status else ""

    def environment(self, case, combination):
        preload = [library_path(name) for name in case.words["preload"]]
        after = [library_path(name) for name in case.words["after"]]
        env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.dir, "LANG": "C"}
        if combination != NATIVE:
            preload.append(self.library)
            env.update({"SIGSHIM_SOCKET": self.socket, **COMBINATIONS[combination]})
            env.update(word.split("=", 1) for word in case.words["env"])
        if preload + after:
            env["LD_PRELOAD"] = ":".join(preload + after)
        return env

    def program(self, case, combination):
        """The binary under a name of this combination's own, by which the log knows it."""
        target = os.path.join(self.dir, combination, case.name)
        os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
        if not os.path.exists(target):
            made = [case.build(), *map(library_path, case.words["uses"])]
            # A program that another thread starts meanwhile would hold the copies open for writing.
            with LOCK:
                for path in made:
                    shutil.copy(path, os.path.dirname(target))
        return target

    def run(self, case, combination):
        program, env = self.program(case, combination), self.environment(case, combination)
        cwd = tempfile.mkdtemp(dir=self.dir)
        os.chmod(cwd, 0o755)
        names = [os.path.join(self.dir, f"{case.name}.{combination}.{kind}") for kind in ("out", "err")]
        with LOCK, open(names[0], "ab") as out, open(names[1], "ab") as err:
            child = subprocess.Popen([*case.words["wrapper"], program], cwd=cwd, stdin=subprocess.DEVNULL,
                                     env=env, stdout=out, stderr=err,
                                     start_new_session=True)
        try:
            status = child.wait(self.timeout)
        except subprocess.TimeoutExpired:
            status = None
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
        if case.expect == "events=counted":
            self.note_count(case, combination, os.path.join(cwd, "made"))
        texts = []
        for name in names:
            with open(name, "rb") as file:
                texts.append(file.read(1 << 20))
            os.unlink(name)
        return Outcome(status, *texts)

    def note_count(self, case, combination, path):
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.counted[case.name, combination] = int(file.read())

    def compare(self, case, combinations=None):
        """Combination by combination what is different; empty when nothing is."""
        native = self.run(case, NATIVE)
        if native.status is None or native.status == 99:
            return {NATIVE: f"  {describe(native.status)}\n{native.out.decode(errors='replace')[-2000:]}"}
        bad = {}
        for combination in case.combinations():
            if combinations and combination not in combinations:
                continue
            if not self.collector and combination != "absent":
                continue
            text = native.differences(self.run(case, combination))
            if text:
                bad[combination] = text
        return bad

    def recorded(self):
        """{program: (recorded core events, lost events)} of all its processes."""
        with sqlite3.connect(self.log) as db:
            rows = db.execute("SELECT exe, ifnull(sum(made), 0), ifnull(sum(lost), 0) FROM processes LEFT JOIN "
                              "(SELECT t.process, count(*) AS made FROM event_log e JOIN threads t ON t.id = e.thread "
                              "JOIN calls c ON c.id = e.call WHERE c.event <= ? GROUP BY t.process) ON process = id "
                              "GROUP BY exe", (CORE,))
            return {exe: (made, lost) for exe, made, lost in rows}

    def miscounted(self, case, recorded_of):
        """`expect: events=N`: core events recorded and lost are together N. Nobody knows which were lost."""
        if not case.expect:
            return ""
        text = ""
        for combination in case.combinations():
            if COMBINATIONS[combination].get("SIGSHIM_SOCKET"):
                continue
            want = case.expect.removeprefix("events=")
            made = self.counted.get((case.name, combination), 0) if want == "counted" else int(want)
            recorded, lost = recorded_of.get(os.path.join(self.dir, combination, case.name), (0, 0))
            core = COMBINATIONS[combination].get("SIGSHIM_EVENTS") == "core"
            if not recorded <= made <= recorded + lost or (core and made != recorded + lost):
                text += f"  {combination}: made {made}, recorded {recorded}, lost {lost}\n"
        return text


def all_cases(names=()):
    wanted = [name if name.startswith("case_") else "case_" + name for name in names]
    paths = [os.path.join(HERE, name + ".c") for name in wanted] or sorted(glob.glob(HERE + "/case_*.c"))
    return [Case(path) for path in paths]


def grouped(bad):
    """{combination: text} as one text, each different one once."""
    texts = {}
    for name, text in bad.items():
        texts.setdefault(text, []).append(name)
    return "".join(f"  -- {' '.join(names)}\n{text}" for text, names in texts.items())


def compare_all(lab, cases, tell=lambda case, bad, seconds: None):
    """{case name: text of what is different}; runs two cases at a time."""
    failed = {}

    def one(case):
        begin = time.monotonic()
        try:
            bad = grouped(lab.compare(case))
        except subprocess.CalledProcessError as error:
            bad = f"  {error}\n"
        tell(case, bad, time.monotonic() - begin)
        return bad

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for case, bad in zip(cases, pool.map(one, cases)):
            if bad:
                failed[case.name] = bad
    had_collector = bool(lab.collector)
    said = lab.stop_collector()
    if said:
        failed["collector"] = f"  {said}\n"
    recorded = lab.recorded() if had_collector and any(case.expect for case in cases) else {}
    for case in cases:
        text = lab.miscounted(case, recorded) if had_collector else ""
        if text:
            failed[case.name] = failed.get(case.name, "") + text
    return failed


def main(arguments):
    verbose = "-v" in arguments
    arguments = [a for a in arguments if a != "-v"]
    library = None
    if "--library" in arguments:
        at = arguments.index("--library")
        library = os.path.abspath(arguments[at + 1])
        del arguments[at:at + 2]
    cases = all_cases(arguments)
    for case in cases:
        if case.missing():
            print(f"SKIP {case.name}: {case.missing()}")
    runnable = [case for case in cases if not case.missing()]

    def tell(case, bad, seconds):
        if verbose:
            print(f"{'DIFFERS' if bad else 'same':8}{case.name:32}{seconds:6.1f} s\n{bad}", end="", flush=True)

    with Lab(library) as lab:
        if not lab.collector:
            print(f"{BUILD}/sigshim is not there: only without a collector")
        failed = compare_all(lab, runnable, tell)
    for name, text in failed.items():
        print(f"FAIL {name}\n{text}", end="")
    print(f"{len(runnable)} cases, {len(failed)} differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
