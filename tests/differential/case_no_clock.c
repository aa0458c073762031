/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that forbids itself the processor's clock: the instruction is a
 * fault then, also inside libc's clock_gettime.
 */
/* needs: x86_64 */
#include <setjmp.h>
#include <sys/prctl.h>
#include <x86intrin.h>

#include "case.h"

static sigjmp_buf back;

static void handler(int sig, siginfo_t *info, void *context)
{
	sigset_t set = set_of(SIGUSR1, 0);

	(void)info;
	(void)context;
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	say("fault %d", sig);
	siglongjmp(back, 1);
}

static void *work(void *arg)
{
	CALL(sigaltstack(NULL, NULL));
	return arg;
}

int main(void)
{
	pthread_t thread;

	handle(SIGSEGV, handler, 0);
	CALL(prctl(PR_SET_TSC, PR_TSC_SIGSEGV));
	if (sigsetjmp(back, 1) == 0)
		say("%llu", __rdtsc());
	show_mask("after the fault");
	MUST(pthread_create(&thread, NULL, work, NULL) ? -1 : 0);
	pthread_join(thread, NULL);
	CALL(prctl(PR_SET_TSC, PR_TSC_ENABLE));
	show_state("at the end");
	return 0;
}
