# SPDX-License-Identifier: BSD-2-Clause
"""What the end-to-end tests share: where the build is, how to run sigshim and
read its answers, and how to skip. Uses nothing but Python's own library, and
drives sigshim only as a user could."""
import contextlib
import fcntl
import glob
import importlib.util
import json
import os
import re
import shutil
import signal
import socket as socket_module
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD", "build")))
SIGSHIM = os.path.join(BUILD, "sigshim")
LIBRARY = os.path.join(BUILD, "libsigshim.so")
SANITIZED = os.environ.get("SANITIZED") == "1"
SLOW = 10 if SANITIZED else 1
HUNG = 300	# seconds; nothing takes a tenth of it, but a busy machine may
LONG = os.environ.get("TRIALS") == "1"	# the long form of tests that have one: make trials

# A shell without job control has those in the background ignore these, and what they start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def program(name):
    """A program of tests/programs."""
    return os.path.join(BUILD, "tests", "programs", name)


def table():
    """(id, name, via) of each row of the event table."""
    rows = []
    for path in sorted(glob.glob(ROOT + "/include/sigshim/events/*.def")):
        with open(path, encoding="ascii") as file:
            rows += re.findall(r'^SIGSHIM_EVENT\((\d+), \w+, "(\w+)", (\w+),', file.read(), re.M)
    return sorted((int(number), name, via) for number, name, via in rows)


def answers(path):
    """Whether somebody listens on a socket; the file alone may be ahead of that."""
    with socket_module.socket(socket_module.AF_UNIX, socket_module.SOCK_SEQPACKET) as one:
        return one.connect_ex(path) == 0


def load(folder):
    """run.py of a folder of tests, as a module."""
    spec = importlib.util.spec_from_file_location(folder, os.path.join(ROOT, "tests", folder, "run.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def alone(path):
    """While others who name the same file wait: suites run side by side."""
    with open(path + ".lock", "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def need(*tools):
    """Skips the test or class unless every tool is there."""
    absent = [tool for tool in tools if not find(tool)]
    return unittest.skipIf(absent, "not installed: " + ", ".join(absent))


def find(tool):
    """The path of a tool, Debian's own before others."""
    places = ["/usr/bin", "/usr/sbin", "/bin", "/usr/lib/postgresql/15/bin", os.environ.get("PATH", "")]
    return shutil.which(tool, path=":".join(places))


def clean_environment(**more):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("SIGSHIM_") and k not in ("LD_PRELOAD", "MAKEFLAGS", "MAKELEVEL")}
    env.update({k: v for k, v in more.items() if v is not None})
    return env


class TestCase(unittest.TestCase):
    """A test with a folder of its own, which is gone afterwards."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="sigshim-test-")
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def environment(self, **more):
        return clean_environment(XDG_RUNTIME_DIR=self.dir, **more)

    def plain(self, command, timeout=HUNG, **kw):
        """Runs a command without sigshim."""
        kw.setdefault("env", self.environment())
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout * SLOW, cwd=self.dir, check=False, **kw)

    def sigshim(self, *args, status=0, **kw):
        """Runs sigshim and expects an exit status (None: any)."""
        done = self.plain([SIGSHIM, *map(str, args)], **kw)
        if status is not None:
            self.assertEqual(done.returncode, status,
                             f"sigshim {' '.join(map(str, args))}\nstdout: {done.stdout[-2000:]}\nstderr: {done.stderr[-2000:]}")
        return done

    def record(self, command, *options, status=0, env=None, timeout=HUNG, log="log.db"):
        """`sigshim run`: returns the log's path and what the command printed."""
        log = self.path(log)
        done = self.sigshim("run", "-o", log, *options, "--", *command, status=status, timeout=timeout,
                            env=self.environment(**(env or {})))
        return log, done

    def query(self, log, *filters, **kw):
        """The events that the filters choose, as dictionaries."""
        done = self.sigshim("query", "-L", log, "--format=jsonl", *filters, **kw)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def sql(self, log, statement):
        """Rows of a query with the sqlite3 module, which knows nothing of sigshim."""
        import sqlite3  # pylint: disable=import-outside-toplevel
        with sqlite3.connect(log, timeout=HUNG) as db:
            return db.execute(statement).fetchall()

    def summary(self, done):
        """The one line that `run` ends with, on stderr."""
        lines = [line for line in done.stderr.splitlines() if line.startswith("sigshim:")]
        self.assertTrue(lines, "no summary on stderr: " + done.stderr)
        return lines[-1]

    def collector(self, *options, socket="collector.sock", log="collected.db", env=None):
        """Starts `sigshim collect` and waits until it listens."""
        path = self.path(socket)
        process = subprocess.Popen(
            [SIGSHIM, "collect", "--socket", path, "--log", self.path(log), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.path("collector.err"), "wb"),
            env=self.environment(**(env or {})), cwd=self.dir)
        self.addCleanup(self.stop, process)
        self.wait_for(lambda: answers(path) or process.poll() is not None, "the collector's socket")
        if process.poll() is not None:
            self.fail("the collector ended: " + open(self.path("collector.err"), encoding="utf-8").read())
        return process, path

    @staticmethod
    def stop(process, sig=signal.SIGTERM):
        """Ends a process that the test started; returns its exit status."""
        if process.poll() is None:
            process.send_signal(sig)
            try:
                process.wait(HUNG * SLOW)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return process.returncode

    def preloaded(self, socket, **more):
        """The environment in which a program records to this socket."""
        return self.environment(LD_PRELOAD=LIBRARY, SIGSHIM_SOCKET=socket, **more)

    def tell(self, text):
        """What the long form has measured."""
        if LONG:
            print(f"{self.id().removeprefix('__main__.')}: {text}", flush=True)

    def wait_for(self, condition, what, seconds=HUNG):
        end = time.monotonic() + seconds * SLOW
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.02)
        self.fail("waited in vain for " + what)


class Result(unittest.TestResult):
    """Counts, and tells about what did not pass."""

    def __init__(self):
        super().__init__()
        self.passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"SKIP {test.id().removeprefix('__main__.')}: {reason}", flush=True)


def main():
    """Runs the calling file's tests; the last line is `passed N failed N skipped N`."""
    names = sys.argv[1:]
    module = sys.modules["__main__"]
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    result = Result()
    suite.run(result)
    bad = result.failures + result.errors + [(t, "passed, against expectation") for t in result.unexpectedSuccesses]
    for test, text in bad:
        print(f"FAIL {test.id().removeprefix('__main__.')}\n{text}", flush=True)
    print(f"passed {result.passed} failed {len(bad)} skipped {len(result.skipped)}", flush=True)
    sys.exit(1 if bad else 0)
