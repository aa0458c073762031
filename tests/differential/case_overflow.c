/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The classic: a stack overflow is met by a handler on an alternate stack,
 * which calls wrapped functions and jumps back; many times, in main thread
 * and others.
 */
#include <setjmp.h>

#include "case.h"

static _Thread_local sigjmp_buf back;

static void handler(int sig, siginfo_t *info, void *context)
{
	sigset_t set = set_of(SIGUSR1, 0), old;
	stack_t ss;

	(void)info;
	(void)context;
	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	CALL(sigaltstack(NULL, &ss));
	say("signal %d, on the stack: %d", sig, !!(ss.ss_flags & SS_ONSTACK));
	siglongjmp(back, 1);
}

static NOINLINE int recurse(int n)
{
	volatile char here[512];

	here[0] = (char)n;
	return n == -1 ? 0 : recurse(n + 1) + here[0];
}

static void *overflow(void *arg)
{
	stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };
	volatile int times = 0;

	CALL(sigaltstack(&ss, NULL));
	for (times = 0; times < 3; times++)
		if (sigsetjmp(back, 1) == 0)
			say("never %d", recurse(0));
	show_mask(arg);
	ss.ss_flags = SS_DISABLE;
	CALL(sigaltstack(&ss, NULL));
	free(ss.ss_sp);
	return NULL;
}

int main(void)
{
	pthread_t thread;

	handle(SIGSEGV, handler, SA_ONSTACK);
	handle(SIGBUS, handler, SA_ONSTACK);
	overflow("main thread");
	pthread_create(&thread, NULL, overflow, "thread");
	pthread_join(thread, NULL);
	show_state("at the end");
	return 0;
}
