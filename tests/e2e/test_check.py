# SPDX-License-Identifier: BSD-2-Clause
"""`sigshim check` and `run --check`: verdicts and exit codes, the formats as
their consumers read them, suppressions, baselines."""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

import harness

SCHEMAS = os.path.join(harness.BUILD, "schemas")
VALIDATE = "import json, jsonschema, sys; jsonschema.validate(json.load(sys.stdin), json.load(open(sys.argv[1])))"
LEAK = """
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void begin(void) { sigset_t s; sigemptyset(&s); sigaddset(&s, SIGTERM); sigprocmask(SIG_BLOCK, &s, 0); }
int main(int argc, char **argv)
{
	if (argc > 1)
		begin();
	if (fork() == 0) { execl("/bin/true", "true", (char *)0); _exit(127); }
	wait(0);
	return argc > 2 ? 7 : 0;
}
"""

QUEUE = """
#include <signal.h>
#include <unistd.h>
static sigset_t set;
static void send(int value) { sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = value }); }
static void take(void) { siginfo_t info; sigwaitinfo(&set, &info); }
int main(void)
{
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, 0);
	send(7);
	send(7);
	take();
	take();
	send(8);
	return 0;
}
"""
# What programs do that is right and looks much like a fault: a case for each argument.
RIGHT = r"""
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
static sigset_t usr2;
static void *nothing(void *arg) { return arg; }
static void run_thread(void *(*routine)(void *))
{
	pthread_t t;
	assert(pthread_create(&t, 0, routine, 0) == 0 && pthread_join(t, 0) == 0);
}
static void *make_signalfd(void *arg) { close(signalfd(-1, &usr2, SFD_CLOEXEC)); return arg; }
int main(int argc, char **argv)
{
	int signo;
	(void)argc;
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	if (strcmp(argv[1], "a wait that is over") == 0) {
		pthread_sigmask(SIG_BLOCK, &usr2, 0);
		kill(getpid(), SIGUSR2);
		sigwait(&usr2, &signo);
		pthread_sigmask(SIG_UNBLOCK, &usr2, 0);
		run_thread(nothing);
	} else if (strcmp(argv[1], "a mask that is restored after its signalfd") == 0) {
		pthread_sigmask(SIG_BLOCK, &usr2, 0);
		run_thread(make_signalfd);
		pthread_sigmask(SIG_UNBLOCK, &usr2, 0);
	} else if (strcmp(argv[1], "a child that ignores for the program that it executes") == 0) {
		if (fork() == 0) {
			signal(SIGINT, SIG_IGN);
			execl("/bin/true", "true", (char *)0);
			_exit(127);
		}
		wait(0);
	} else {
		return 99;
	}
	return 0;
}
"""


class Check(harness.TestCase):
    def setUp(self):
        super().setUp()
        with open(self.path("leak.c"), "w", encoding="ascii") as file:
            file.write(LEAK)
        subprocess.run(["cc", "-g", "-O0", "-D_GNU_SOURCE", "-o", self.path("leak"), self.path("leak.c")], check=True)
        self.log = self.path("log.db")

    def sigshim(self, *arguments):
        return subprocess.run([harness.SIGSHIM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=self.environment(), check=False, timeout=300)

    def record(self, *arguments, log=None):
        done = self.sigshim("run", "-q", "-o", log or self.log, self.path("leak"), *arguments)
        self.assertIn(done.returncode, (0, 7), done.stderr)

    def check(self, *arguments):
        return self.sigshim("check", "-L", self.log, *arguments)

    def test_a_clean_log_ends_with_0(self):
        self.record()
        done = self.check("--severity=note")
        self.assertEqual((done.returncode, done.stdout.startswith("sigshim: clean: ")), (0, True), done.stdout)

    def test_findings_end_with_1_and_tell_where_who_and_what_to_do(self):
        self.record("x")
        done = self.check()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"leak\.c:\d+: error: leak starts true with SIGTERM blocked \[mask-leak-exec\]")
        self.assertRegex(done.stdout, r"(?s)executed here: execl.*#0 .* main.*blocked here: sigprocmask.*#0 .* begin")
        self.assertRegex(done.stdout, r"look at: .*leak\.c:5\n  fix: ")

    def test_run_keeps_the_commands_status_when_it_is_clean(self):
        run = ["run", "-q", "--check", "-o", self.log]
        self.assertEqual(self.sigshim(*run, "sh", "-c", "exit 5").returncode, 5)
        self.assertEqual(self.sigshim(*run, self.path("leak"), "x", "y").returncode, 1)
        self.assertEqual(self.sigshim(*run, "--error-exitcode=9", self.path("leak"), "x").returncode, 9)
        self.assertEqual(self.sigshim(*run, "--rules=alt-*", self.path("leak"), "x", "y").returncode, 7)

    def test_wrong_usage_ends_with_2_and_names_what_is_near(self):
        for arguments, word in ((["--rules=mask-leek-exec"], "mask-leak-exec"), (["--severity=eror"], "error"),
                                (["--format=sariff"], "sarif"), (["--error-exitcode=256"], "255"),
                                (["--suppressions=/nonexistent"], "/nonexistent"), (["run=x"], "last")):
            done = self.sigshim("check", *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(word, done.stderr)
        self.assertEqual(self.sigshim("run", "--rules=all", "true").returncode, 2)

    def test_what_never_loaded_the_library_is_inconclusive(self):
        done = self.sigshim("run", "-q", "--check", "-o", self.log, "/sbin/ldconfig", "-V")
        if "never loaded" not in done.stderr:
            self.skipTest("ldconfig is not static here")
        self.assertEqual(done.returncode, 3)
        self.assertIn("inconclusive: ldconfig", done.stderr)

    def test_a_recording_of_some_events_is_inconclusive(self):
        done = self.sigshim("run", "-q", "--check", "--events=core", "-o", self.log, self.path("leak"))
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("SIGSHIM_EVENTS", done.stderr)

    def test_a_certificate_can_be_demanded(self):
        self.record()
        self.assertEqual(self.check("--require-complete").returncode, 3)
        self.certify("yes")
        self.assertEqual(self.check("--require-complete").returncode, 0)
        self.certify("no")
        done = self.check("--require-complete")
        self.assertEqual((done.returncode, self.check().returncode), (3, 0))
        self.assertIn("says 'no': records are missing", done.stdout)

    def certify(self, complete):
        """What --verify adds to a log."""
        with contextlib.closing(sqlite3.connect(self.log)) as db:
            db.execute("DELETE FROM certificates")
            counts = "kernel wrapped shim libc_internal syscall inline unshimmed lost unselected records unmatched mismatched"
            db.execute(f"INSERT INTO certificates (run, complete, why, {', '.join(counts.split())}) "
                       f"VALUES (1, ?, 'records are missing'{', 0' * len(counts.split())})", (complete,))
            db.commit()

    def test_levels_and_rules_choose(self):
        self.record("x")
        self.assertEqual(self.check("--rules=mask-inherited", "--severity=error").returncode, 0)
        self.assertEqual(self.check("--rules=-mask-*").returncode, 0)
        only = json.loads(self.check("--rules=mask-inherited", "--format=json").stdout)
        self.assertEqual([f["rule"] for f in only["findings"]], ["mask-inherited"])

    def test_json_tells_calls_with_stacks(self):
        self.record("x")
        told = json.loads(self.check("--rules=mask-leak-exec", "--format=json").stdout)
        finding, = told["findings"]
        self.assertEqual((told["verdict"], finding["signals"], finding["comm"]), ("findings", ["SIGTERM"], "leak"))
        self.assertEqual([(c["role"], c["event"], c["stack"][0]["function"]) for c in finding["calls"]],
                         [("executed here", "execl", "main"), ("blocked here", "sigprocmask", "begin")])

    def test_sarif_has_what_its_schema_requires(self):
        self.record("x")
        sarif = json.loads(self.check("--format=sarif").stdout)
        self.assertEqual((sarif["version"], set(sarif)), ("2.1.0", {"$schema", "version", "runs"}))
        run, = sarif["runs"]
        rules = run["tool"]["driver"]["rules"]
        self.assertEqual(len({rule["id"] for rule in rules}), len(rules))
        self.assertIn("mask-leak-exec", {result["ruleId"] for result in run["results"]})
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
            self.assertIn(result["level"], ("note", "warning", "error"))
            self.assertTrue(result["message"]["text"] and result["occurrenceCount"] >= 1)
            for stack in result["stacks"]:
                for frame in stack["frames"]:
                    self.assert_location(frame["location"])
            self.assert_location(result["locations"][0])
        self.assertTrue(run["invocations"][0]["executionSuccessful"])

    def reports(self, form):
        """One with findings, one that is clean, one without verdicts."""
        self.record("x")
        yield self.check("--severity=note", "--format=" + form).stdout
        self.record(log=self.path("clean.db"))
        for options in ([], ["--require-complete"]):
            yield self.sigshim("check", "-L", self.path("clean.db"), *options, "--format=" + form).stdout

    def schema(self, name):
        path = os.path.join(SCHEMAS, name)
        if not os.path.exists(path):
            self.skipTest(f"no {path}; tests/fetch_schemas fetches it")
        return path

    def test_sarif_is_valid_by_its_schema(self):
        schema, python = self.schema("sarif.json"), harness.find("python3")
        if self.plain([python, "-c", "import jsonschema"]).returncode:
            self.skipTest("not installed: python3-jsonschema")
        for text in self.reports("sarif"):
            done = subprocess.run([python, "-c", VALIDATE, schema], input=text, text=True, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual((done.returncode, done.stdout), (0, ""))

    @harness.need("xmllint")
    def test_junit_is_valid_by_the_schemas_of_ant_and_jenkins(self):
        schemas = [self.schema("junit-ant.xsd"), self.schema("junit-jenkins.xsd")]
        for text in self.reports("junit"):
            for schema in schemas:
                done = subprocess.run(["xmllint", "--noout", "--schema", schema, "-"], input=text, text=True, check=False,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                self.assertEqual(done.returncode, 0, done.stdout)

    def assert_location(self, location):
        place = location["physicalLocation"]
        self.assertRegex(place["artifactLocation"]["uri"], r"^[A-Za-z0-9/._~%:-]+$")
        self.assertGreaterEqual(place.get("region", {"startLine": 1})["startLine"], 1)

    @harness.need("xmllint")
    def test_junit_counts_its_cases(self):
        self.record("x")
        text = self.check("--format=junit").stdout
        subprocess.run(["xmllint", "--noout", "-"], input=text, text=True, check=True)
        suite, = ElementTree.fromstring(text)
        for name in "id package name hostname timestamp tests failures errors time".split():
            self.assertIn(name, suite.attrib)
        cases = suite.findall("testcase")
        self.assertEqual(len(cases), int(suite.get("tests")))
        self.assertEqual(sum(case.find("failure") is not None for case in cases), int(suite.get("failures")))
        failed = next(case for case in cases if case.get("name") == "mask-leak-exec").find("failure")
        self.assertIn("leak.c", failed.text)
        self.assertEqual(failed.get("type"), "error")

    @harness.need("prove")
    def test_prove_reads_tap(self):
        self.record("x")
        path = self.path("report.tap")
        self.assertEqual(self.check("--format=tap", "--report=" + path).returncode, 1)
        done = subprocess.run(["prove", "--exec", "cat", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        self.assertRegex(done.stdout, r"Failed \d/\d+ subtests")
        self.assertNotIn("Parse errors", done.stdout)
        self.check("--format=tap", "--report=" + path, "--rules=alt-*")
        self.assertIn("All tests successful", subprocess.run(["prove", "--exec", "cat", path], stdout=subprocess.PIPE,
                                                             text=True, check=True).stdout)

    def test_what_is_right_is_clean(self):
        with open(self.path("right.c"), "w", encoding="ascii") as file:
            file.write(RIGHT)
        subprocess.run(["cc", "-g", "-D_GNU_SOURCE", "-pthread", "-o", self.path("right"), self.path("right.c")], check=True)
        for name in re.findall(r'argv\[1\], "([^"]+)"', RIGHT):
            with self.subTest(name):
                done = self.sigshim("run", "-q", "--check", "--severity=note", "-o", self.path(name + ".db"),
                                    self.path("right"), name)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_documented_query_joins_senders_with_receivers(self):
        with open(os.path.join(harness.ROOT, "docs", "QUERIES.md"), encoding="utf-8") as file:
            query = re.search(r"```sql\n(.*?)```", file.read(), re.S).group(1)
        with open(self.path("queue.c"), "w", encoding="ascii") as file:
            file.write(QUEUE)
        subprocess.run(["cc", "-g", "-D_GNU_SOURCE", "-o", self.path("queue"), self.path("queue.c")], check=True)
        done = self.sigshim("run", "-q", "-o", self.log, self.path("queue"))
        self.assertEqual(done.returncode, 0, done.stderr)
        with contextlib.closing(sqlite3.connect(self.log)) as db:
            rows = db.execute(query).fetchall()
        self.assertEqual([row[2:6] + (row[6] is not None and row[6] > 0,) for row in rows],
                         [("SIGRTMIN+1", 7, "send", "take", True), ("SIGRTMIN+1", 7, "send", "take", True),
                          ("SIGRTMIN+1", 8, "send", None, False)])

    def test_generated_suppressions_cover_what_they_were_made_for(self):
        self.record("x")
        made = self.check("--gen-suppressions")
        self.assertIn("mask-leak-exec", made.stderr)
        path = self.path("made.supp")
        with open(path, "w", encoding="utf-8") as file:
            file.write("# ours\n" + made.stdout + "{\n  idle\n  alt-*\n  fun:nothing\n}\n")
        done = self.check("--suppressions=" + path)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"[1-9]\d* suppressed")
        self.assertEqual(re.findall(r"the suppression '(\w+)'", done.stderr), ["idle"])

    def test_suppressions_match_frames_by_function_object_and_source(self):
        self.record("x")
        for pattern, covers in (("fun:beg*", True), ("...\n fun:main", True), ("src:leak.c", True), ("fun:main\n fun:main", False),
                                ("obj:*/leak", True), ("src:leak.c:99", False), ("...\n obj:*/libnone*", False)):
            path = self.path("one.supp")
            with open(path, "w", encoding="utf-8") as file:
                file.write("{\n one\n mask-leak-exec\n " + pattern + "\n}\n")
            done = self.check("--rules=mask-leak-exec", "--suppressions=" + path)
            self.assertEqual(done.returncode, 0 if covers else 1, pattern)

    def test_a_bad_suppression_is_refused_with_its_line(self):
        path = self.path("bad.supp")
        with open(path, "w", encoding="utf-8") as file:
            file.write("{\n name\n no-such-rule\n}\n")
        done = self.check("--suppressions=" + path)
        self.assertEqual(done.returncode, 2)
        self.assertIn("bad.supp:4: ", done.stderr)

    def test_a_baseline_leaves_only_what_is_new(self):
        self.record("x", log=self.path("old.db"))
        self.record("x")
        self.assertEqual(self.check("--baseline=" + self.path("old.db")).returncode, 0)
        self.record(log=self.path("clean.db"))
        self.assertEqual(self.check("--baseline=" + self.path("clean.db")).returncode, 1)

    def test_one_run_of_several_is_judged_when_it_is_named(self):
        self.record("x")
        self.record()
        self.assertEqual(self.check("run=last").returncode, 0)
        self.assertEqual(self.check("run=1").returncode, 1)
        self.assertEqual(self.check().returncode, 1)

    def test_a_log_of_an_older_version_is_not_judged(self):
        self.record("x")
        with contextlib.closing(sqlite3.connect(self.log)) as db:
            db.executescript("PRAGMA user_version = 1; ALTER TABLE processes DROP COLUMN birth;")
        done = self.check()
        self.assertEqual((done.returncode, done.stdout), (125, ""))
        self.assertIn("can't be judged: it has log version 1 of an older sigshim", done.stderr)

    def test_explain_tells_about_rules(self):
        text = self.sigshim("explain", "mask-leak-exec").stdout
        for word in ("error: ", "Inconclusive: ", "What to do: ", "Sources: "):
            self.assertIn(word, text)
        self.assertIn("mask-leak-exec", self.sigshim("explain", "mask-leak-exce").stderr)


if __name__ == "__main__":
    harness.main()
