# SPDX-License-Identifier: BSD-2-Clause
"""<sigshim/sigshim.h> in other people's tests: the examples of tests/examples,
natively and under sigshim, and what the header promises to any program."""
import os
import subprocess
import xml.etree.ElementTree as ElementTree

import harness

EXAMPLES = os.path.join(harness.ROOT, "tests", "examples")
INCLUDE = "-I" + os.path.join(harness.ROOT, "include")
# What is left behind, what the text says of it, where it was done.
LEAKS = {
    "mask": (r"SIGTERM is blocked, and was not, by sigprocmask in hold_off", "sigprocmask(how,"),
    "altstack": (r"the alternate stack is .*, and was 0 .*, by sigaltstack in worker_dive", "sigaltstack(&stack"),
    "action": (r"SIGPIPE has SIG_IGN, and had SIG_DFL, by sigaction in worker_write", "sigaction(SIGPIPE, &ignore"),
    "signalfd": (r"signalfd \d+ \(SIGUSR1\) is new .*, by signalfd in worker_listen", "signalfd(-1"),
}

PROGRAM = r"""
#include <sigshim/sigshim.h>
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>

static uint64_t from;
static int in_handler = -2;

static void block(int how, int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	pthread_sigmask(how, &set, NULL);
}

static void handler(int signo)
{
	in_handler = sigshim_count(from, "pthread_sigmask", 0);
}

static void *other(void *arg)
{
	uint64_t mark = sigshim_mark();

	block(SIG_BLOCK, SIGHUP);
	assert(sigshim_count(mark, NULL, SIGHUP) == 1);
	return NULL;
}

int main(void)
{
	struct sigshim_call call;
	struct sigshim_state state;
	pthread_t thread;
	uint64_t mark;
	int status;

	errno = 4711;
	sigshim_state_save(&state);
	assert(errno == 4711);
	from = mark = sigshim_mark();
	if (!sigshim_recording()) {
		assert(!mark && sigshim_count(mark, NULL, 0) == -1 && !sigshim_next(&mark, &call));
		assert(!sigshim_state_changed(&state, SIGSHIM_ALL));
		puts("plain");
		return 0;
	}
	block(SIG_BLOCK, SIGUSR1);
	block(SIG_UNBLOCK, SIGUSR2);
	signal(SIGALRM, handler);
	assert(sigshim_count(from, NULL, 0) == 3);
	assert(sigshim_count(from, "pthread_sigmask", 0) == 2);
	assert(sigshim_count(from, "pthread_sigmask", SIGUSR2) == 1);
	assert(sigshim_count(from, NULL, SIGALRM) == 1);
	raise(SIGALRM);
	assert(in_handler == 2);
	assert(sigshim_next(&mark, &call) == 1 && call.number == from && call.arg[0] == SIG_BLOCK);
	assert(call.signals == 1ull << (SIGUSR1 - 1) && call.masks_known && call.mask_after == call.signals);
	pthread_create(&thread, NULL, other, NULL);
	pthread_join(thread, NULL);
	assert(sigshim_count(from, NULL, SIGHUP) == 0);
	if (fork() == 0) {
		assert(sigshim_count(from, NULL, 0) == 0);	/* a child begins anew */
		mark = sigshim_mark();
		block(SIG_BLOCK, SIGHUP);
		assert(mark && sigshim_count(mark, NULL, SIGHUP) == 1);
		_exit(0);
	}
	wait(&status);
	assert(status == 0);
	mark = sigshim_mark();
	for (int i = 0; i < 300; i++)
		block(SIG_BLOCK, SIGUSR1);
	assert(sigshim_count(mark, NULL, 0) == -1);	/* some are forgotten */
	assert(sigshim_next(&mark, &call) == 1 && call.number > from);
	assert(sigshim_state_changed(&state, SIGSHIM_ALL) == (SIGSHIM_MASK | SIGSHIM_ACTIONS));
	puts("recorded");
	return 0;
}
"""

# The rules that a thread's calls can answer. An argument is what goes wrong, as a name of a rule.
RULES = r"""
#include <sigshim/sigshim.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>

static int failures;
#define FAIL(text) (fputs(text, stderr), failures++)

static sigset_t just(int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	return set;
}

static void wrong(const char *rule)
{
	static const struct timespec now;
	sigset_t usr1 = just(SIGUSR1), kill_ = just(SIGKILL);
	union sigval value = { 0 };

	if (strcmp(rule, "mask-scope-leak") == 0)
		sigprocmask(SIG_BLOCK, &usr1, NULL);
	else if (strcmp(rule, "sigwait-unblocked") == 0)
		sigtimedwait(&usr1, NULL, &now);
	else if (strcmp(rule, "mask-unblockable") == 0)
		sigprocmask(SIG_BLOCK, &kill_, NULL);
	else if (strcmp(rule, "sfd-unblocked") == 0)
		close(signalfd(-1, &usr1, SFD_CLOEXEC));
	else if (strcmp(rule, "sfd-no-cloexec") == 0)
		close(signalfd(-1, &usr1, 0));
	else if (strcmp(rule, "queue-bad-target") == 0)
		sigqueue(-1, SIGUSR1, value);
	else if (strcmp(rule, "efault-but-changed") == 0)
		syscall(SYS_rt_sigprocmask, SIG_BLOCK, &usr1, (void *)1, 8);
	else
		abort();
}

static void right(void)
{
	sigset_t usr1 = just(SIGUSR1);
	static const struct timespec now;

	sigprocmask(SIG_BLOCK, &usr1, NULL);
	sigtimedwait(&usr1, NULL, &now);
	close(signalfd(-1, &usr1, SFD_CLOEXEC));
	sigqueue(getpid(), 0, (union sigval){ 0 });
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
}

int main(int argc, char **argv)
{
	uint64_t mark = sigshim_mark();

	assert(argc == 2 && *sigshim_last_error() == 0);
	assert(sigshim_rule_count(mark, "no-such-rule") == -1);
	SIGSHIM_REFUTE(argv[1], FAIL) right();
	assert(failures == 0);
	SIGSHIM_EXPECT(argv[1], FAIL) right();
	assert(failures == sigshim_active());
	failures = 0;
	SIGSHIM_EXPECT(argv[1], FAIL) wrong(argv[1]);
	assert(failures == 0);
	sigprocmask(SIG_SETMASK, &(sigset_t){}, NULL);
	SIGSHIM_REFUTE(argv[1], FAIL) wrong(argv[1]);
	puts(sigshim_last_error());
	return failures;
}
"""


def check_flags():
    return subprocess.run(["pkg-config", "--cflags", "--libs", "check"], stdout=subprocess.PIPE, check=True,
                          text=True).stdout.split()


class Examples(harness.TestCase):
    def compile(self, name, *sources, compiler="cc", options=()):
        subprocess.run([compiler, "-g", "-Wall", "-Wextra", "-Wshadow", "-Wno-unused-parameter", "-Werror", INCLUDE,
                        "-o", self.path(name), *sources, *options], check=True, timeout=300)
        return self.path(name)

    def suite(self):
        return self.compile("suite", EXAMPLES + "/suite_check.c", EXAMPLES + "/worker.c", options=check_flags())

    def program(self, **kw):
        with open(self.path("program.c"), "w", encoding="ascii") as file:
            file.write(PROGRAM)
        return self.compile("program", self.path("program.c"), **kw)

    @staticmethod
    def line_of(text):
        with open(EXAMPLES + "/worker.c", encoding="ascii") as file:
            return next(n for n, line in enumerate(file, 1) if text in line)

    def test_the_suite_passes_natively_and_under_sigshim(self):
        suite = self.suite()
        self.assertEqual(self.plain([suite]).returncode, 0)
        _, done = self.record([suite])
        self.assertIn("100%: Checks: 4, Failures: 0, Errors: 0", done.stdout)

    def test_a_leak_fails_its_test_and_is_told_with_function_and_line(self):
        suite = self.suite()
        for leak, (text, code) in LEAKS.items():
            with self.subTest(leak):
                _, done = self.record([suite], status=1, env={"LEAK": leak})
                self.assertIn("Failures: 1, Errors: 0", done.stdout)
                self.assertRegex(done.stdout, rf"{text} \(\S*/worker\.c:{self.line_of(code)}\)")

    def test_a_leak_fails_natively_too_but_nobody_is_named(self):
        done = self.plain([self.suite()], env=self.environment(LEAK="mask"))
        self.assertIn("SIGTERM is blocked, and was not; run it by `sigshim run`", done.stdout)
        self.assertEqual(done.returncode, 1)

    def test_a_shared_object_is_named_in_a_program_that_is_not_relocated(self):
        library = self.compile("libworker.so", EXAMPLES + "/worker.c", options=["-shared", "-fPIC"])
        plain = self.compile("plain", EXAMPLES + "/plain_assert.c", library,
                             options=["-no-pie", "-Wl,-rpath," + self.dir])
        self.assertEqual(self.plain([plain]).stdout, "not recorded\n")
        self.assertEqual(self.record([plain])[1].stdout, "recorded\n")
        _, done = self.record([plain], status=128 + 6, env={"LEAK": "mask"})
        self.assertRegex(done.stderr, r"by sigprocmask in hold_off \(\S*/worker\.c:\d+\)")

    def test_calls_are_counted_since_a_mark(self):
        program = self.program(options=["-pthread"])
        self.assertEqual(self.plain([program]).stdout, "plain\n")
        for options in ((), ("--transport=socket",), ("--stack=none",)):
            self.assertEqual(self.record([program], *options)[1].stdout, "recorded\n")
        done = self.plain([program], env=self.environment(LD_PRELOAD=harness.LIBRARY))
        self.assertEqual(done.stdout, "plain\n", "without a collector")

    def test_rules_are_expected_and_refuted_within_a_block(self):
        with open(self.path("rules.c"), "w", encoding="ascii") as file:
            file.write(RULES)
        program = self.compile("rules", self.path("rules.c"), options=["-D_GNU_SOURCE"])
        for rule, event in (("mask-scope-leak", "sigprocmask"), ("sigwait-unblocked", "sigtimedwait"),
                            ("mask-unblockable", "sigprocmask"), ("sfd-unblocked", "signalfd"),
                            ("sfd-no-cloexec", "signalfd"), ("queue-bad-target", "sigqueue"),
                            ("efault-but-changed", "rt_sigprocmask")):
            with self.subTest(rule):
                self.assertEqual(self.plain([program, rule]).returncode, 0)
                _, done = self.record([program, rule], status=1)
                self.assertRegex(done.stdout, rf"{rule} fires: {event} \(SIG\w+\) in wrong \(\S*/rules\.c:\d+\)")

    def test_junit_has_a_case_for_each_test(self):
        suite, report = self.suite(), self.path("suite.xml")
        for leak, status in (("", 0), ("mask", 1)):
            self.record([suite], "--check", "--rules=mask-*", "--format=junit", "--report=" + report, status=status,
                        env={"LEAK": leak, "CK_FORK": "no"})
            cases = [case for case in ElementTree.parse(report).getroot().iter("testcase")
                     if case.get("classname") == "suite"]
            failed = {case.get("name"): case.find("failure") is not None for case in cases}
            self.assertEqual(failed, {"work_leaves_the_mask_alone": leak == "mask",
                                      "diving_leaves_the_alternate_stack_alone": False,
                                      "listening_blocks_its_signal_once_and_leaves_no_": False})
        failure = next(case.find("failure") for case in cases if case.find("failure") is not None)
        self.assertEqual(failure.get("message"), "work_leaves_the_mask_alone leaves SIGTERM blocked")
        self.assertRegex(failure.text, r"(?s)scope ends here.*blocked here: sigprocmask.*hold_off.*worker\.c:"
                                       + str(self.line_of("sigprocmask(how,")))

    def test_looking_at_the_state_is_not_recorded(self):
        with open(self.path("look.c"), "w", encoding="ascii") as file:
            file.write("#include <sigshim/sigshim.h>\nint main(void) { struct sigshim_state s; "
                       "sigshim_state_save(&s); return (int)sigshim_state_changed(&s, SIGSHIM_ALL); }\n")
        log, _ = self.record([self.compile("look", self.path("look.c"))])
        self.assertEqual([event["event"] for event in self.query(log)], [])

    @harness.need("g++")
    def test_the_header_is_cplusplus_too(self):
        with open(self.path("look.cc"), "w", encoding="ascii") as file:
            file.write("#include <sigshim/sigshim.h>\n#include <stdlib.h>\n#define FAIL(text) abort()\n"
                       "int main() { SIGSHIM_UNCHANGED(SIGSHIM_ALL, FAIL) { raise(0); } return 0; }\n")
        program = self.compile("look", self.path("look.cc"), compiler="g++")
        self.assertEqual(self.plain([program]).returncode, 0)
        self.record([program])

    @harness.need("musl-gcc")
    def test_the_header_is_fit_for_musl(self):
        program = self.program(compiler="musl-gcc")
        self.assertEqual(self.plain([program]).stdout, "plain\n")

    @harness.need("cmake", "ctest")
    def test_ctest_runs_the_suite_under_sigshim_and_keeps_its_report(self):
        build = self.path("build")
        env = self.environment(PATH=harness.BUILD + ":" + os.environ["PATH"])
        for command in (["cmake", "-S", EXAMPLES, "-B", build, "-DSIGSHIM_INCLUDE=" + harness.ROOT + "/include"],
                        ["cmake", "--build", build]):
            done = self.plain(command, env=env, timeout=300)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.plain(["ctest", "--test-dir", build], env=env, timeout=300)
        self.assertIn("100% tests passed, 0 tests failed out of 2", done.stdout, done.stderr)
        self.assertEqual(ElementTree.parse(build + "/suite.xml").getroot().tag, "testsuites")


if __name__ == "__main__":
    harness.main()
