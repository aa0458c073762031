# SPDX-License-Identifier: BSD-2-Clause
"""`sigshim run`: the command's terminal, status and signals are its own."""
import os
import pty
import signal
import subprocess
import time

import harness


class Run(harness.TestCase):
    """What the caller of `sigshim run` sees."""

    def test_the_exit_status_is_the_commands(self):
        for status in (0, 1, 2, 42, 255):
            self.record(["sh", "-c", f"exit {status}"], status=status, log=f"{status}.db")

    def test_death_by_a_signal_is_128_plus_its_number(self):
        for sig in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV):
            self.record(["sh", "-c", f"kill -{int(sig)} $$"], status=128 + sig, log=f"{int(sig)}.db")

    def test_a_command_that_is_not_there_is_said_and_gives_127(self):
        _, done = self.record(["/no/such/program"], status=127)
        self.assertIn("/no/such/program", done.stderr)

    def test_a_file_that_is_no_program_gives_126(self):
        _, done = self.record([self.dir], status=126)
        self.assertIn(self.dir, done.stderr)

    def test_stdin_stdout_and_stderr_are_untouched(self):
        done = subprocess.run([harness.SIGSHIM, "run", "-o", self.path("log.db"), "--", "sh", "-c", "cat; echo e >&2"],
                              input=b"a\0b\n", capture_output=True, check=True, env=self.environment(), cwd=self.dir)
        self.assertEqual(done.stdout, b"a\0b\n")
        self.assertEqual(done.stderr.split(b"sigshim:")[0], b"e\n")

    def test_the_summary_is_one_line_with_the_four_counts(self):
        log, done = self.record([harness.program("family")])
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        events, processes = (self.sql(log, f"SELECT count(*) FROM {t}")[0][0] for t in ("event_log", "processes"))
        self.assertRegex(done.stderr, rf"\b{events} events?\b")
        self.assertRegex(done.stderr, rf"\b{processes} processes\b")
        self.assertRegex(done.stderr, r"\bthreads?\b")
        self.assertRegex(done.stderr, r"\blost\b")

    def test_it_waits_for_children_that_outlive_the_command(self):
        command = f"(sleep 0.5; exec {harness.program('calls')} {self.path('expected')} >/dev/null) & exit 0"
        log, _ = self.record(["sh", "-c", command])
        with open(self.path("expected"), encoding="ascii") as file:
            self.assertEqual(len(self.query(log, "comm=calls")), len(file.readlines()))

    def test_the_programs_descriptors_are_its_own(self):
        script = "exec 7</dev/null; ls /proc/self/fd | tr '\\n' ' '; echo; ulimit -n"
        plain = self.plain(["bash", "-c", script])
        _, done = self.record(["bash", "-c", script])
        ours = [word for word in done.stdout.split() if word not in plain.stdout.split()]
        self.assertEqual([word for word in ours if int(word) < 500], [])   # the socket is far above

    def test_what_a_program_opens_instead_of_ours_is_left_alone(self):
        command = [harness.program("closer"), self.path("file")]
        self.assertEqual(self.plain(command).stdout, "the next is 11\n")
        for transport in ("ring", "socket"):
            _, done = self.record(command, "--transport=" + transport)
            self.assertEqual(done.stdout, "the next is 11\n")

    def test_its_own_environment_stays_out_of_the_way(self):
        log, done = self.record(["sh", "-c", "echo $LD_PRELOAD"], env={"LD_PRELOAD": "/usr/lib/x86_64-linux-gnu/libm.so.6"})
        self.assertIn("libm.so.6", done.stdout)
        self.assertIn("libsigshim.so", done.stdout)
        self.assertTrue(os.path.exists(log))

    def test_an_existing_log_gets_another_run(self):
        for _ in range(2):
            log, _ = self.record([harness.program("chain")])
        self.assertEqual({e["run"] for e in self.query(log)}, {1, 2})

    def test_ctrl_c_reaches_the_command_and_the_log_is_complete(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execve(harness.SIGSHIM, ["sigshim", "run", "-o", self.path("log.db"), "--", harness.program("pulse")],
                      self.environment())
        self.addCleanup(os.close, terminal)
        self.read_until(terminal, b"ready")
        os.write(terminal, b"1000\n")
        self.read_until(terminal, b"1000\r\n1000")
        os.write(terminal, b"\x03")
        end = time.monotonic() + harness.HUNG * harness.SLOW
        done, status = 0, 0
        while not done and time.monotonic() < end:
            done, status = os.waitpid(pid, os.WNOHANG)
            time.sleep(0.02)
        self.assertEqual(done, pid, "sigshim did not end")
        self.assertEqual(os.waitstatus_to_exitcode(status), 128 + signal.SIGINT)
        self.assertEqual(self.sql(self.path("log.db"), "SELECT count(*), max(seq) FROM event_log"), [(1000, 1000)])
        self.assertEqual(self.sql(self.path("log.db"), "SELECT clean FROM runs"), [(1,)])

    def read_until(self, terminal, text):
        got = b""
        end = time.monotonic() + harness.HUNG * harness.SLOW
        while text not in got and time.monotonic() < end:
            got += os.read(terminal, 1000)
        self.assertIn(text, got)

    def test_sigterm_to_sigshim_ends_the_command_and_keeps_the_log(self):
        process = subprocess.Popen([harness.SIGSHIM, "run", "-o", self.path("log.db"), "--", harness.program("pulse")],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=self.environment(), cwd=self.dir, text=True)
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.stdin.write("50\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "50\n")
        self.assertEqual(self.stop(process), 128 + signal.SIGTERM)
        process.stdin.close()
        process.stdout.close()
        self.assertEqual(self.sql(self.path("log.db"), "SELECT count(*) FROM event_log"), [(50,)])


if __name__ == "__main__":
    harness.main()
