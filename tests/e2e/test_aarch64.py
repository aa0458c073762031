# SPDX-License-Identifier: BSD-2-Clause
"""Everything cross-built for aarch64, and run by qemu's user emulation against
Debian's arm64 libraries: the unit tests, and the golden program recorded by a
collector that is emulated as well. What the emulator does otherwise than a
kernel is listed here, with the reason, and in docs/PORTABLE.md."""
import glob
import json
import os
import re
import shutil
import stat
import subprocess
import unittest

import harness
from rootfs import make_debian

CROSS, QEMU = "aarch64-linux-gnu-", "qemu-aarch64"
PACKAGES = ("libc6-dev libsqlite3-dev libdw-dev libelf-dev libjson-c-dev libsmartcols-dev libsystemd-dev "
            "libunwind-dev libiberty-dev check").split()
CONFIGURATION = "/usr/lib/aarch64-linux-gnu/pkgconfig"
BUILD = os.path.join(harness.BUILD, "arm64")
# Unit tests that fail in the emulator, and why.
NOT_EMULATED = {
    "only_regular_files_inside_are_opened": "the emulator has no openat2(2)",
    "the_masks_of_a_running_process_are_read": "/proc shows the emulator's threads and masks",
    "the_signal_trampoline_is_known_by_its_unwind_table": "there is no vDSO; the emulator's trampoline is in no module",
}


def build(root):
    made = subprocess.run(
        ["make", "-j2", "-C", harness.ROOT, "B=" + BUILD, f"CC={CROSS}gcc --sysroot={root}", "all", "unit",
         BUILD + "/tests/programs/calls"],
        check=False, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=harness.clean_environment(PKG_CONFIG_LIBDIR=root + CONFIGURATION, PKG_CONFIG_SYSROOT_DIR=root))
    if made.returncode:
        raise AssertionError(made.stdout[-8000:])


@harness.need(CROSS + "gcc", CROSS + "addr2line", QEMU)
class Aarch64(harness.TestCase):
    """The libraries are copied to where nobody is stopped by a directory's mode."""

    @classmethod
    def setUpClass(cls):
        cls.root = make_debian("bookworm", "arm64", PACKAGES, "-dev")
        build(cls.root)

    def setUp(self):
        super().setUp()
        self.prefix = self.path("prefix")
        shutil.copytree(self.root + "/usr/lib", self.prefix + "/usr/lib", symlinks=True,
                        ignore=shutil.ignore_patterns("*.a", "gconv", "systemd"))
        os.symlink("usr/lib", self.prefix + "/lib")

    def emulate(self, *command, timeout=10 * harness.HUNG, **env):
        return self.plain([QEMU, "-L", self.prefix, *command], timeout=timeout, env=self.environment(**env))

    def cross_tools(self):
        """A PATH in which the tools that unit tests use know both architectures."""
        os.mkdir(self.path("bin"))
        for tool in ("objcopy", "nm"):
            path = self.path("bin/" + tool)
            with open(path, "w", encoding="ascii") as file:
                file.write(f'#!/bin/sh\n{CROSS}{tool} "$@" 2>/dev/null || exec /usr/bin/{tool} "$@"\n')
            os.chmod(path, stat.S_IRWXU)
        return self.path("bin") + ":" + os.environ["PATH"]


class Unit(Aarch64):
    """Each unit test, as on the machine that built it."""

    def test_unit_tests(self):
        path = self.cross_tools()
        for source in sorted(glob.glob(harness.ROOT + "/tests/check_*.c")):
            name = os.path.basename(source)[:-2]
            with self.subTest(name):
                done = self.emulate(f"{BUILD}/tests/{name}", PATH=path, CK_TIMEOUT_MULTIPLIER="10", TMPDIR="/tmp")
                self.check(done)

    def check(self, done):
        counts = re.search(r"Checks: (\d+), Failures: (\d+), Errors: (\d+)", done.stdout)
        self.assertTrue(counts, done.stdout + done.stderr)
        self.assertGreater(int(counts[1]), 0)
        bad = {match[1]: match[0] for match in re.finditer(r"^.*:[FE]:[^:]*:(\w+):.*$", done.stdout, re.M)}
        self.assertEqual({name: line for name, line in bad.items() if name not in NOT_EMULATED}, {})
        self.assertEqual(len(bad), int(counts[2]) + int(counts[3]), done.stdout)


class Golden(Aarch64):
    """The golden program's own account against the log, as in test_calls."""

    def addr2line(self, frame):
        """The collector takes the emulator for the program. The byte before a return address is asked for."""
        self.assertEqual(os.path.basename(frame["module"]), QEMU)
        done = self.plain([CROSS + "addr2line", "-f", "-e", BUILD + "/tests/programs/calls",
                           hex(int(frame["offset"], 16) - 1)])
        return done.stdout.split()[0]

    def recorded(self, **env):
        """What the program says, and what the log says, of each call."""
        command = [QEMU, "-L", self.prefix, BUILD + "/tests/programs/calls", self.path("expected"), "emulated"]
        done = self.emulate(BUILD + "/sigshim", "run", "-o", self.path("log.db"), "--", *command, **env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^\d+ calls\n$")
        log = self.emulate(BUILD + "/sigshim", "query", "-L", self.path("log.db"), "--stack", "--format=jsonl")
        with open(self.path("expected"), encoding="ascii") as file:
            return [[json.loads(line) for line in lines] for lines in (file, log.stdout.splitlines())]

    def compare(self, depth, **env):
        expected, events = self.recorded(**env)
        self.assertGreater(len(expected), 80)
        names = {}
        for want, got in zip(expected, events):
            top = got["stack"][0]
            if top["offset"] not in names:
                names[top["offset"]] = self.addr2line(top)
            got["caller"] = names[top["offset"]]
            self.assertEqual(want, {key: got.get(key, "(no such key)") for key in want})
            self.assertGreaterEqual(len(got["stack"]), depth)
        self.assertEqual(len(expected), len(events))

    def test_stacks_by_libunwind(self):
        self.compare(3)

    def test_stacks_by_frame_pointers(self):
        self.compare(3, SIGSHIM_STACK="fp")

    def test_no_stacks(self):
        self.compare(1, SIGSHIM_STACK="none")

    def test_packets(self):
        self.compare(3, SIGSHIM_TRANSPORT="socket")


if __name__ == "__main__":
    harness.main()
