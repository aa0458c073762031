# SPDX-License-Identifier: BSD-2-Clause
"""The portable library: what its ELF file may ask of a system, and that it
records with stacks on other systems than the one that built it: Debian's
suites with glibc 2.31, 2.36 and 2.41, and musl. Each has a root file system
that is made from packages and kept in ~/.cache/sigshim."""
import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import harness
from rootfs import make_debian

PORTABLE = os.path.join(harness.BUILD, "portable", "libsigshim.so")
SOURCES = os.path.join(harness.ROOT, "tests", "portable")
PACKAGES = ["bash", "dash", "coreutils", "python3-minimal"]
MUSL_LIBC = "/lib/x86_64-linux-musl/libc.so"

PYTHON_SCRIPT = """
import faulthandler, signal, threading
faulthandler.enable()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
thread = threading.Thread(target=signal.pthread_sigmask, args=(signal.SIG_SETMASK, {signal.SIGHUP}))
thread.start(); thread.join()
print(sorted(s.name for s in signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})))
"""
BASH_SCRIPT = "trap 'echo caught' USR1; (echo subshell; exit 3); echo $?; kill -USR1 $$; exit 5"


def run(*command, **kw):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **kw).stdout


def setUpModule():
    """The library under test. What it is made of may not be reachable."""
    with harness.alone(os.path.join(harness.BUILD, "portable")):
        made = subprocess.run(["make", "-C", harness.ROOT, "portable", "B=" + harness.BUILD], check=False, text=True,
                              env=harness.clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode:
        reason = [line for line in made.stdout.splitlines() if line.startswith(("E:", "libunwind:"))]
        raise unittest.SkipTest("make portable: " + (reason or made.stdout.splitlines())[-1])


@harness.need("readelf", "nm")
class File(unittest.TestCase):
    """What the loader will look at."""

    def symbols(self, *options, library=PORTABLE):
        return [line.split() for line in run("nm", "-D", *options, library).splitlines()]

    def test_it_needs_libc_alone(self):
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-dW", PORTABLE)))
        self.assertLessEqual(needed, {"libc.so.6", "libdl.so.2", "libpthread.so.0"})

    def test_no_symbol_is_newer_than_glibc_2_14(self):
        versions = set(re.findall(r"Name: (\S+)", run("readelf", "-VW", PORTABLE)))
        self.assertTrue(versions)
        newest = 17 if "aarch64" in run("readelf", "-hW", PORTABLE).lower() else 14
        for version in versions:
            self.assertLessEqual(tuple(map(int, version.removeprefix("GLIBC_").split("."))), (2, newest), version)

    def test_it_takes_only_what_every_libc_has(self):
        allowed = set()
        with open(os.path.join(harness.ROOT, "shim", "portable.syms"), encoding="ascii") as file:
            allowed = {line.split()[1] for line in file if line.strip() and not line.startswith("#")}
        taken = {row[-1].split("@")[0] for row in self.symbols("--undefined-only") if row[0] == "U"}
        self.assertLessEqual(taken, allowed)
        self.assertFalse([name for name in taken if name.endswith("_chk") or "isoc23" in name or "tls_get_addr" in name])

    def test_it_exports_what_the_ordinary_library_exports(self):
        exported, ordinary = ({row[-1] for row in self.symbols("--defined-only", library=library)}
                              for library in (PORTABLE, harness.LIBRARY))
        self.assertIn("sigprocmask", exported)
        self.assertEqual(exported, ordinary)

    def test_thread_variables_are_in_the_static_block(self):
        relocations = run("readelf", "-rW", PORTABLE)
        self.assertNotRegex(relocations, "DTPMOD|TLSDESC")
        self.assertIn("STATIC_TLS", run("readelf", "-dW", PORTABLE))


def check_depth(test, events):
    """Only what a thread notes has no callers."""
    for event in events:
        test.assertGreaterEqual(len(event["stack"]), 1 if event["event"] in ("thread_start", "thread_end") else 3, event)


class Root(harness.TestCase):
    """A test inside a root file system: self.dir lies in it."""
    root = None

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("chroot(2) is for root")
        self.make_root()
        os.makedirs(os.path.join(self.root, "tmp"), exist_ok=True)
        self.dir = tempfile.mkdtemp(prefix="sigshim-", dir=os.path.join(self.root, "tmp"))
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        shutil.copy(PORTABLE, self.dir)

    def make_root(self):
        raise NotImplementedError

    def enter(self):
        os.chroot(self.root)
        os.chdir("/")

    def inside(self, command, **env):
        """Runs a command in the root."""
        return self.plain(command, env={"PATH": "/usr/bin:/bin", **env}, preexec_fn=self.enter)

    def record_inside(self, command, transport="ring"):
        """Records a command that must not notice; returns its events."""
        here = self.dir.removeprefix(self.root)
        log = transport + ".db"
        process, _ = self.collector(log=log)
        plain = self.inside(command)
        done = self.inside(command, LD_PRELOAD=here + "/libsigshim.so", SIGSHIM_TRANSPORT=transport,
                           SIGSHIM_SOCKET=here + "/collector.sock", SIGSHIM_VERBOSE="1")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (plain.returncode, plain.stdout, plain.stderr))
        self.assertEqual(self.stop(process), 0)
        return self.query(self.path(log), "--stack")

    def functions(self, event):
        """Of the program; what has no name is told by its file's."""
        return [frame["function"] or os.path.basename(frame["module"] or "nowhere") for frame in event["stack"]]

    def check_caller(self, events, beyond_signal=True):
        """What caller.c did, and by which ways."""
        names = {event["event"] for event in events}
        self.assertLessEqual({"sigprocmask", "pthread_sigmask", "sigaltstack", "signalfd", "sigqueue", "rt_sigprocmask"}, names)
        lives = [(event["event"], event["args"]["number"]) for event in events if event["event"].startswith("thread_")]
        self.assertEqual(lives, [("thread_start", 1), ("thread_end", 1)])
        straight = {tuple(self.functions(event)[:4]) for event in events if event["caller"] == "inner"}
        self.assertEqual(straight, {("inner", "middle", "outer", "main")})
        ways = [self.functions(event) for event in events if event["caller"] == "query"]
        self.assertEqual(len(ways), 4)
        self.assertEqual(ways[0][:2], ["query", "handler"])
        self.assertEqual("through_handler" in ways[0], beyond_signal)
        self.assertEqual(ways[1][:2], ["query", "thread"])
        self.assertIn(ways[2][1], ("call_back", "late.so"))
        self.assertEqual(ways[2][2:4], ["through_library", "main"])
        self.assertEqual(ways[3][:3], ["query", "through_fork", "main"])
        self.assertEqual(len({event["pid"] for event in events}), 2)
        for event in events:
            frames = event["stack"] if beyond_signal or "handler" not in self.functions(event) else event["stack"][:2]
            self.assertTrue(all(frame["module"] for frame in frames), event)
        return ways


class Debian(Root):
    """The program caller, bash and Python of a suite."""
    suite = "bookworm"

    def make_root(self):
        self.root = make_debian(self.suite, "amd64", PACKAGES)

    def build_caller(self):
        """Linked as if by an old system: each symbol in the first version."""
        cc = ["cc", "-g", "-O1", "-D_GNU_SOURCE", "-fno-omit-frame-pointer", "-U_FORTIFY_SOURCE", "-fno-stack-protector"]
        run(*cc, "-c", "-o", self.path("caller.o"), os.path.join(SOURCES, "caller.c"))
        run(*cc, "-shared", "-fPIC", "-nostdlib", "-o", self.path("late.so"), os.path.join(SOURCES, "late.c"))
        taken = {line.split()[-1] for line in run("nm", "-u", self.path("caller.o")).splitlines()}
        stubs = [self.stub("libpthread.so.0", {n for n in taken if n.startswith("pthread_")}),
                 self.stub("libdl.so.2", {n for n in taken if n.startswith("dl")})]
        rest = {n for n in taken if not n.startswith(("pthread_", "dl", "_GLOBAL"))}
        stubs.append(self.stub("libc.so.6", rest | {"__libc_start_main"}))
        crt = run("cc", "-print-file-name=crt1.o").strip()
        run("cc", "-no-pie", "-nostdlib", "-o", self.path("caller"), crt, self.path("caller.o"), *stubs)
        return [self.path(name).removeprefix(self.root) for name in ("caller", "late.so")]

    def stub(self, name, symbols):
        """A library with these symbols, in the versions that they began with."""
        source, versions = self.path(name + ".c"), self.path(name + ".map")
        with open(source, "w", encoding="ascii") as file:
            file.writelines(f"void {symbol}(void);\nvoid {symbol}(void) {{}}\n" for symbol in sorted(symbols))
        later = {"signalfd": "GLIBC_2.7", "pthread_sigqueue": "GLIBC_2.11"}
        with open(versions, "w", encoding="ascii") as file:
            file.writelines(f"{later[symbol]} {{ {symbol}; }};\n" for symbol in sorted(symbols & set(later)))
            file.write("GLIBC_2.2.5 { *; };\n")
        run("cc", "-fno-builtin", "-w", "-shared", "-nostdlib", "-fPIC", "-Wl,-soname," + name,
            "-Wl,--version-script," + versions, "-o", self.path(name), source)
        return self.path(name)

    def test_calls_by_known_ways(self):
        command = self.build_caller()
        for transport in ("ring", "socket"):
            ways = self.check_caller(self.record_inside(command, transport))
            self.assertEqual([way[-1] for way in ways if "main" in way], ["_start"] * 3)

    def test_bash(self):
        events = self.record_inside(["/bin/bash", "-c", BASH_SCRIPT])
        self.assertGreater(len({event["pid"] for event in events}), 1)
        check_depth(self, events)
        modules = {os.path.basename(frame["module"]) for event in events for frame in event["stack"]}
        self.assertLessEqual({"bash", "libc.so.6"}, modules)

    def test_python(self):
        events = self.record_inside(["/usr/bin/python3", "-c", PYTHON_SCRIPT])
        self.assertIn("sigaltstack", {event["event"] for event in events})
        changes = [(event["args"]["set"], event["tid"] == event["pid"]) for event in events
                   if event["event"] == "pthread_sigmask"]
        self.assertIn((["SIGTERM"], True), changes)
        self.assertIn((["SIGHUP"], False), changes)
        check_depth(self, events)


class Bullseye(Debian):
    """glibc 2.31: threads and dlopen in libraries of their own, no _dl_find_object."""
    suite = "bullseye"


class Trixie(Debian):
    """glibc 2.41."""
    suite = "trixie"


@harness.need("musl-gcc")
class Musl(Root):
    """A dynamic program of musl, with nothing but musl around it."""

    def make_root(self):
        self.root = tempfile.mkdtemp(prefix="sigshim-musl-")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        os.makedirs(self.root + os.path.dirname(MUSL_LIBC))
        shutil.copy(MUSL_LIBC, self.root + MUSL_LIBC)
        os.symlink(MUSL_LIBC, self.root + "/lib/ld-musl-x86_64.so.1")

    def test_calls_by_known_ways(self):
        # The compilers of musl's distributions ask for the header, Debian's musl-gcc leaves it out.
        cc = ["musl-gcc", "-g", "-O1", "-D_GNU_SOURCE", "-fasynchronous-unwind-tables", "-Wl,--eh-frame-hdr"]
        run(*cc, "-o", self.path("caller"), os.path.join(SOURCES, "caller.c"))
        run(*cc, "-shared", "-fPIC", "-o", self.path("late.so"), os.path.join(SOURCES, "late.c"))
        command = [self.path(name).removeprefix(self.root) for name in ("caller", "late.so")]
        for transport in ("ring", "socket"):
            # musl says nothing of how to unwind its return from a handler.
            self.check_caller(self.record_inside(command, transport), beyond_signal=False)


CROSS = "aarch64-linux-gnu-"


@harness.need(CROSS + "gcc", CROSS + "addr2line", "qemu-aarch64")
class Aarch64(harness.TestCase):
    """Cross-built and run by qemu's user emulation, in Debian's arm64 packages.
    The collector is the native one. It takes qemu for the program, so
    addr2line names the functions here."""

    @classmethod
    def setUpClass(cls):
        cls.build = os.path.join(harness.BUILD, "aarch64")
        cls.root = make_debian("bookworm", "arm64", ["libunwind8", *PACKAGES])
        run("make", "-C", harness.ROOT, "CC=" + CROSS + "gcc", "B=" + cls.build, cls.build + "/libsigshim.so",
            "portable", stderr=subprocess.STDOUT,
            env=harness.clean_environment(LIBUNWIND_SOURCE=glob.glob(harness.BUILD + "/portable/libunwind-[0-9]*/")[0]))

    def emulate(self, command, **env):
        options = [word for key, value in env.items() for word in ("-E", f"{key}={value}")]
        return self.plain(["qemu-aarch64", "-L", self.root, *options, *command], env={"PATH": "/usr/bin:/bin"})

    def record_emulated(self, command, library, **env):
        """Records a command that must not notice; returns its events."""
        log = "-".join([library.replace("/", "-"), *env.values()]) + ".db"
        process, socket = self.collector(log=log)
        plain = self.emulate(command)
        done = self.emulate(command, LD_PRELOAD=os.path.join(self.build, library), SIGSHIM_SOCKET=socket,
                            SIGSHIM_VERBOSE="1", **env)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (plain.returncode, plain.stdout, plain.stderr))
        self.assertEqual(self.stop(process), 0)
        return self.query(self.path(log), "--stack")

    def functions(self, event):
        """A return address follows the call, so the byte before it is asked for."""
        names = []
        for frame in event["stack"]:
            module = os.path.basename(frame["module"] or "nowhere")
            if module == "qemu-aarch64":
                before = hex(int(frame["offset"], 16) - 1)
                module = run(CROSS + "addr2line", "-f", "-e", self.path("caller"), before).split()[0]
            names.append(module)
        return names

    def test_calls_by_known_ways(self):
        cc = [CROSS + "gcc", "-g", "-O1", "-D_GNU_SOURCE", "-fno-omit-frame-pointer"]
        run(*cc, "-o", self.path("caller"), os.path.join(SOURCES, "caller.c"))
        run(*cc, "-shared", "-fPIC", "-o", self.path("late.so"), os.path.join(SOURCES, "late.c"))
        command = [self.path("caller"), self.path("late.so")]
        for library in ("libsigshim.so", "portable/libsigshim.so"):
            for env in ({}, {"SIGSHIM_STACK": "fp"}, {"SIGSHIM_TRANSPORT": "socket"}):
                with self.subTest(library=library, **env):
                    self.check(self.record_emulated(command, library, **env))

    def check(self, events):
        """What Root.check_caller checks. In frame pointers there are no leaf functions of libc."""
        self.assertEqual([event["event"] for event in events if event["event"].startswith("thread_")],
                         ["thread_start", "thread_end"])
        straight = [event for event in events if self.functions(event)[0] == "inner"]
        self.assertEqual([event["event"] for event in straight], [
            "sigprocmask", "pthread_sigmask", "pthread_sigmask", "sigaltstack", "signalfd", "sigqueue", "pthread_sigqueue",
            "rt_sigprocmask"])
        self.assertEqual([event["ret"] for event in straight][:4], [0, 0, 22, 0])
        self.assertEqual(straight[0]["args"], {"how": "SIG_BLOCK", "set": ["SIGUSR1"], "oldset": None})
        self.assertEqual({tuple(self.functions(event)[:4]) for event in straight}, {("inner", "middle", "outer", "main")})
        ways = [self.functions(event) for event in events if self.functions(event)[0] == "query"]
        self.assertEqual(len(ways), 4)
        self.assertIn("through_handler", ways[0])
        self.assertEqual(ways[1][1], "thread")
        self.assertEqual(ways[2][1:4], ["late.so", "through_library", "main"])
        self.assertEqual(ways[3][1:3], ["through_fork", "main"])
        self.assertEqual(len({event["pid"] for event in events}), 2)

    def test_python(self):
        events = self.record_emulated([self.root + "/usr/bin/python3", "-c", PYTHON_SCRIPT], "portable/libsigshim.so")
        changes = [(event["args"]["set"], event["tid"] == event["pid"]) for event in events
                   if event["event"] == "pthread_sigmask"]
        self.assertIn((["SIGTERM"], True), changes)
        self.assertIn((["SIGHUP"], False), changes)
        check_depth(self, events)


if __name__ == "__main__":
    harness.main()
