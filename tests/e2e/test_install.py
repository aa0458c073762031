# SPDX-License-Identifier: BSD-2-Clause
"""`make install` into a folder, and the result in use."""
import glob
import os
import subprocess
import unittest

import harness


class Install(harness.TestCase):
    """With DESTDIR, as a package would be made."""

    def make(self, *arguments):
        done = subprocess.run(["make", "-s", "-C", harness.ROOT, "B=" + os.path.relpath(harness.BUILD, harness.ROOT),
                               "DESTDIR=" + self.dir, *arguments], env=self.environment(), check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def files(self):
        return sorted(path[len(self.dir):] for path in glob.glob(self.dir + "/**", recursive=True) if os.path.isfile(path))

    def test_everything_is_in_its_place_and_goes_again(self):
        self.make("install", "PREFIX=/usr/local")
        files = self.files()
        for path in ("bin/sigshim", "lib/libsigshim.so", "include/sigshim/wire.h", "include/sigshim/events.def",
                     "share/man/man1/sigshim.1", "share/man/man3/libsigshim.3", "share/doc/sigshim/EVENTS.md",
                     "share/bash-completion/completions/sigshim", "lib/systemd/system/sigshim.service",
                     "lib/systemd/system/sigshim.socket"):
            self.assertIn("/usr/local/" + path, files)
        self.assertIn("/etc/sigshim/collector.conf", files)
        for path in files:
            with open(self.dir + path, "rb") as file:
                self.assertNotIn(self.dir.encode(), file.read(), path)
        self.make("uninstall", "PREFIX=/usr/local")
        self.assertEqual(self.files(), [])

    def test_under_usr_the_library_is_where_the_loader_looks(self):
        self.make("install", "PREFIX=/usr")
        self.assertTrue(glob.glob(self.dir + "/usr/lib/*-linux-*/libsigshim.so"), self.files())

    def test_the_installed_program_finds_its_library(self):
        for prefix in ("/usr/local", "/usr"):
            self.make("install", "PREFIX=" + prefix)
            installed = self.dir + prefix + "/bin/sigshim"
            log = self.path("log.db")
            done = self.plain([installed, "run", "-o", log, "--", harness.program("chain")])
            self.assertEqual((done.returncode, done.stdout), (0, "done\n"), done.stderr)
            self.assertEqual(len(self.query(log, "event=sigprocmask")), 3)
            os.unlink(log)
            self.make("uninstall", "PREFIX=" + prefix)

    def test_a_plain_preload_works_with_a_running_collector(self):
        self.make("install", "PREFIX=/usr/local")
        _, socket = self.collector()
        env = self.preloaded(socket, SIGSHIM_EVENTS="core")
        env.update(LD_PRELOAD="libsigshim.so", LD_LIBRARY_PATH=self.dir + "/usr/local/lib")
        done = self.plain([harness.program("chain")], env=env)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "done\n", ""))
        self.wait_for(lambda: self.sql(self.path("collected.db"), "SELECT count(*) FROM event_log") == [(3,)], "3 records")

    @unittest.skipIf(harness.BUILD != harness.ROOT + "/build", "another build directory")
    def test_readmes_first_command_records_a_real_program(self):
        with open(harness.ROOT + "/README.md", encoding="utf-8") as file:
            command = next(line.strip() for line in file if line.startswith("./conf/setup"))
        done = subprocess.run(command.split(), cwd=harness.ROOT, env=self.environment(), check=False, timeout=600,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("SIGTERM", done.stdout.split("What was blocked")[1])


if __name__ == "__main__":
    harness.main()
