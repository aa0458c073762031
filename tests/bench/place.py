# SPDX-License-Identifier: BSD-2-Clause
"""Where things are, how programs are run, and what is said while they run.
Every module of the benchmark uses this one; it uses none of them."""
import contextlib
import os
import shutil
import signal
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD", "build")))
OUT = os.path.join(BUILD, "bench")
SIGSHIM = os.path.join(BUILD, "sigshim")
LIBRARY = os.path.join(BUILD, "libsigshim.so")
CALLS = os.path.join(OUT, "calls")
CPUS = len(os.sched_getaffinity(0))


class Failed(Exception):
    """A measurement that could not be made, with the reason."""


def find(tool):
    """The path of a tool, Debian's own before others; None without it."""
    places = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/lib/postgresql/15/bin", os.environ.get("PATH", "")]
    return shutil.which(tool, path=":".join(places))


def absent(*tools, packages=None):
    """Why a way can't be measured, when one of its tools is not installed."""
    lack = [tool for tool in tools if not find(tool)]
    return f"{lack[0]} is not installed: apt-get install {packages or lack[0]}, or conf/setup bench" if lack else None


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)


def environment(**more):
    """Ours, without what would change a measurement."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("SIGSHIM_") and k not in ("LD_PRELOAD", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    env.update({k: v for k, v in more.items() if v is not None})
    return env


def run(command, timeout=120, env=None, cwd=None, check=True, **kw):
    """Runs a command, its output in .stdout and .stderr; Failed when it fails. Nothing that it started outlives us."""
    try:
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, errors="replace", env=env or environment(), cwd=cwd,
                                 start_new_session=True, **kw)
    except OSError as error:
        raise Failed(str(error)) from error
    try:
        done = subprocess.CompletedProcess(command, 0, *child.communicate(timeout=timeout))
        done.returncode = child.returncode
    except BaseException as stop:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        if isinstance(stop, subprocess.TimeoutExpired):
            raise Failed(f"{os.path.basename(str(command[0]))} took longer than {timeout} s") from stop
        raise
    if check and done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise Failed(f"{os.path.basename(str(command[0]))} ended with {done.returncode}: "
                     f"{words[-1][:200] if words else 'no message'}")
    return done


def size_of(path):
    """Bytes of the files under a folder, or of a file and those named after it (log.db, log.db-wal)."""
    if os.path.isdir(path):
        return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)
    folder, base = os.path.split(path)
    return sum(size_of(os.path.join(folder, name)) if os.path.isdir(os.path.join(folder, name)) else
               os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder) if name.startswith(base))


class Progress:
    """One line that is redrawn on a terminal; nothing in a pipe."""

    def __init__(self):
        self.live = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.width = 0

    def show(self, text):
        if self.live:
            text = text[:shutil.get_terminal_size().columns - 1]
            print("\r" + text.ljust(self.width), end="", flush=True)
            self.width = len(text)

    def line(self, text=""):
        """A line that stays."""
        self.show("")
        print(("\r" if self.live else "") + text, flush=True)
        self.width = 0


progress = Progress()
