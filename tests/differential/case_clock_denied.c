/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that gives up the processor's clock, and takes it back in the end:
 * in between libc's clock_gettime would kill it. A child does the same inside a
 * sandbox, where there is no other clock either, and one enters seccomp's
 * strict mode.
 */
/* needs: x86_64 */
#include <linux/seccomp.h>
#include <setjmp.h>
#include <sys/prctl.h>

#include "case.h"

static sigjmp_buf back;

static void handler(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	siglongjmp(back, sig);
}

/* A reading of the counter is caught, by a handler that jumps out of it. */
static void calls(const char *who)
{
	sigset_t set = set_of(SIGUSR1, 0);

	for (int i = 0; i < 3; i++) {
		if (sigsetjmp(back, 1) == 0) {
			__builtin_ia32_rdtsc();
			say("%s: the counter was read", who);
		}
	}
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	CALL(sigaltstack(NULL, NULL));
	show_mask(who);
}

static void in_strict_mode(void)
{
	sigset_t set = set_of(SIGUSR2, 0);

	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
	say("strict");
	sigprocmask(SIG_BLOCK, &set, NULL);
	say("not reached");
}

int main(void)
{
	pid_t pid;

	handle(SIGSEGV, handler, 0);
	MUST(prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0));
	calls("without a clock");
	pid = (pid_t)MUST(fork());
	if (!pid) {
		calls("child");
		_exit(3);
	}
	show_end("child", pid);
	MUST(prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0));
	calls("with the clock again");
	pid = (pid_t)MUST(fork());
	if (!pid)
		in_strict_mode();
	show_end("strict child", pid);
	show_state("at the end");
	return 0;
}
