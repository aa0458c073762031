# SPDX-License-Identifier: BSD-2-Clause
"""SIGSHIM_FOLLOW=1: programs that are executed with an emptied or replaced
environment are recorded, and get no more of ours than that takes."""
import os
import shutil

import harness

FORMS = "execve execv execvp execvpe execl execlp execle fexecve posix_spawn posix_spawnp".split()
BEFORE, AFTER, OTHER = "libm.so.6", "libdl.so.2", "libpthread.so.0"


class Follow(harness.TestCase):
    """What an executed program finds in its environment."""

    def executed(self, form, *given, status=0, **env):
        """The environment of the new program, which was given these words."""
        env = {"LD_PRELOAD": harness.LIBRARY, "SIGSHIM_SOCKET": self.path("nobody.sock"), "SIGSHIM_FOLLOW": "1", **env}
        done = self.plain([harness.program("follow"), form, *given], env=self.environment(**env))
        self.assertEqual((done.returncode, done.stderr), (status, ""))
        return done.stdout.splitlines()

    def ours(self, *more):
        return sorted(["LD_PRELOAD=" + harness.LIBRARY, "SIGSHIM_FOLLOW=1",
                       "SIGSHIM_SOCKET=" + self.path("nobody.sock"), *more])

    def preload(self, given, original):
        """LD_PRELOAD in a program that was given one, by a program that began with another."""
        words = self.executed("execve", "LD_PRELOAD=" + given, LD_PRELOAD=original)
        values = [word for word in words if word.startswith("LD_PRELOAD=")]
        self.assertEqual(len(values), 1)
        return values[0].removeprefix("LD_PRELOAD=")

    def test_an_emptied_environment_gets_what_is_ours_by_every_form(self):
        for form in FORMS:
            with self.subTest(form):
                self.assertEqual(sorted(self.executed(form)), self.ours())

    def test_what_the_program_passes_stays_in_its_order(self):
        for form in FORMS:
            with self.subTest(form):
                words = self.executed(form, "B=1", "A=", "B=2", "=", "LD_PRELOADED=x")
                self.assertEqual(words[:5], ["B=1", "A=", "B=2", "=", "LD_PRELOADED=x"])
                self.assertEqual(sorted(words[5:]), self.ours())

    def test_variables_that_are_there_keep_their_values(self):
        words = self.executed("execve", "SIGSHIM_STACK=fp", SIGSHIM_STACK="none", SIGSHIM_DEPTH="7")
        self.assertEqual(sorted(words), self.ours("SIGSHIM_STACK=fp", "SIGSHIM_DEPTH=7"))

    def test_an_environment_that_has_the_library_is_passed_as_it_is(self):
        for entry in (harness.LIBRARY, f"{BEFORE}:{harness.LIBRARY}", f"{harness.LIBRARY} {BEFORE}"):
            self.assertEqual(self.executed("execve", "A=1", "LD_PRELOAD=" + entry), ["A=1", "LD_PRELOAD=" + entry])

    def test_other_preloads_keep_their_places(self):
        ours = harness.LIBRARY
        original = f"{BEFORE}:{ours}:{AFTER}"
        for given, expected in ((f"{BEFORE}:{AFTER}", f"{BEFORE}:{ours}:{AFTER}"), (BEFORE, f"{BEFORE}:{ours}"),
                                (AFTER, f"{ours}:{AFTER}"), (OTHER, f"{ours}:{OTHER}"),
                                (f"{OTHER}:{BEFORE} {AFTER}", f"{OTHER}:{BEFORE}:{ours} {AFTER}"), ("", ours)):
            self.assertEqual(self.preload(given, original), expected, given)

    def test_a_relative_preload_is_found_from_elsewhere(self):
        shutil.copy(harness.LIBRARY, self.path("libsigshim.so"))
        words = self.executed("execve", LD_PRELOAD="./libsigshim.so")
        preload = [word for word in words if word.startswith("LD_PRELOAD=")]
        self.assertEqual(preload, [f"LD_PRELOAD={os.path.realpath(self.dir)}/./libsigshim.so"])

    def test_without_asking_nothing_is_added(self):
        for form in FORMS:
            for value in (None, "", "0"):
                self.assertEqual(self.executed(form, SIGSHIM_FOLLOW=value), [])

    def test_a_socket_found_by_the_session_is_kept(self):
        words = self.executed("execve", SIGSHIM_SOCKET=None)
        self.assertIn(f"SIGSHIM_SOCKET={self.dir}/sigshim/collector.sock", words)

    def test_run_records_them_when_asked(self):
        for options, count in (((), 0), (("--follow",), 1)):
            for form in FORMS:
                log, _ = self.record([harness.program("follow"), form], *options, log=f"{form}{count}.db")
                self.assertEqual(len(self.query(log, "event=sigprocmask")), count, form)

    def test_whatever_is_recorded_besides(self):
        log, _ = self.record([harness.program("follow"), "posix_spawn"], "--follow", "--events=all")
        events = self.query(log, "comm=follow")
        spawn = [e for e in events if e["event"] == "posix_spawn"]
        child = [e for e in events if e["event"] == "sigprocmask"]
        self.assertEqual([(e["ret"], e["args"]["pid"]) for e in spawn], [(0, child[0]["pid"])])

    def test_a_chain_of_emptied_environments(self):
        chain = ["env", "-i", "/usr/bin/env", "-i", "/bin/sh", "-c", f"exec env -i {harness.program('follow')} show"]
        log, _ = self.record(chain, "--follow")
        self.assertEqual(len(self.query(log, "comm=follow")), 1)


if __name__ == "__main__":
    harness.main()
