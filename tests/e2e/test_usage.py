# SPDX-License-Identifier: BSD-2-Clause
"""Help, usage errors and exit codes: 0 done, 1 could not, 2 not understood."""
import re

import harness

COMMANDS = "run collect query blocked explain doctor inject".split()


class Usage(harness.TestCase):
    """What people see who ask, and who mistype."""

    def test_help_lists_every_command(self):
        text = self.sigshim("--help").stdout
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^  {command} ")
        self.assertRegex(self.sigshim("--version").stdout, r"^sigshim \d+\.\d+\.\d+\n$")

    def test_each_command_has_help(self):
        for command in COMMANDS:
            done = self.sigshim(command, "--help")
            self.assertTrue(done.stdout.startswith(f"Usage: sigshim {command}"), done.stdout)
            self.assertEqual(done.stderr, "")
            self.assertEqual(self.sigshim(command, "-h").stdout, done.stdout)

    def test_a_mistyped_command_or_option_is_told_the_nearest(self):
        self.assertIn("query", self.sigshim("qeury", status=2).stderr)
        for command in COMMANDS:
            option = re.search(r"--([a-z-]{5,})", self.sigshim(command, "--help").stdout.replace("--help", ""))
            if option:
                wrong = "--" + option[1][:-1] + "q"
                self.assertIn("--" + option[1], self.sigshim(command, wrong, status=2).stderr)

    def test_no_command_is_a_usage_error(self):
        self.assertIn("--help", self.sigshim(status=2).stderr)
        self.assertIn("--help", self.sigshim("run", status=2).stderr)

    def refused(self, *arguments):
        return self.sigshim("query", "-L", self.log, *arguments, status=2).stderr

    def test_unknown_words_in_queries_list_the_valid_ones_and_the_nearest(self):
        self.log, _ = self.record([harness.program("chain")])
        text = self.refused("evnt=sigprocmask")
        for word in ("did you mean", "event", "pid", "tid", "comm", "exe", "signal", "how", "ret", "errno", "function",
                     "module", "caller", "run", "since", "until", "thread"):
            self.assertIn(word, text)
        text = self.refused("event=sigprocmsk")
        for word in ("did you mean", "sigprocmask", "signalfd4", "rt_tgsigqueueinfo"):
            self.assertIn(word, text)
        text = self.refused("signal=SIGTREM")
        for word in ("did you mean", "SIGTERM", "SIGRTMIN"):
            self.assertIn(word, text)
        text = self.refused("--format=jsnol")
        for word in ("did you mean", "jsonl", "table", "csv", "tracee-v0", "tracee-v1"):
            self.assertIn(word, text)
        for wrong in ("errno=EBADFISH", "how=SIG_BLOK", "pid=many", "since=yesterdayish", "--count-by=evnt", "event",
                      "--limit=some"):
            self.assertTrue(self.refused(wrong), wrong)

    def test_a_log_that_is_missing_or_no_log(self):
        done = self.sigshim("query", "-L", self.path("none.db"), status=1)
        self.assertIn(self.path("none.db"), done.stderr)
        with open(self.path("text"), "w", encoding="ascii") as file:
            file.write("this is no log\n" * 100)
        for command in ("query", "blocked"):
            self.assertIn(self.path("text"), self.sigshim(command, "-L", self.path("text"), status=1).stderr)

    def test_explain_describes_each_event_from_the_table(self):
        for name in {name for _, name, _ in harness.table()}:
            text = self.sigshim("explain", name).stdout
            for word in (name, "TOCTOU", "sigshim "):
                self.assertIn(word, text)
        self.assertIn("sigaltstack", self.sigshim("explain", "sigaltstak", status=2).stderr)

    def complete(self, *words):
        """What bash would offer for the last of these words."""
        script = f"source {harness.ROOT}/conf/bash-completion/sigshim.bash; compopt() {{ :; }}; " \
                 f"COMP_WORDS=({harness.SIGSHIM} {' '.join(words)}); COMP_CWORD={len(words)}; _sigshim; echo \"${{COMPREPLY[@]}}\""
        return self.plain(["bash", "-c", script]).stdout.split()

    @harness.need("bash")
    def test_bash_completes_commands_options_and_filters(self):
        self.assertEqual(self.complete("q"), ["query"])
        self.assertEqual(self.complete("query", "--fo"), ["--follow", "--format"])
        self.assertEqual(self.complete("query", "--format", "=", "tr"), ["tracee-v0", "tracee-v1"])
        self.assertEqual(self.complete("query", "ev"), ["event="])
        self.assertEqual(self.complete("query", "signal", "=", "SIGTE"), ["SIGTERM"])
        self.assertIn("sigaltstack", self.complete("explain", "sig"))

    def test_output_to_a_closed_pipe_is_no_error_message(self):
        log, _ = self.record([harness.program("calls"), self.path("expected")])
        done = self.plain(["bash", "-c", f"{harness.SIGSHIM} query -L {log} --stack | head -n 1"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    harness.main()
