/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers three deep, each calling wrapped functions, entered from within
 * the call that lets them in, and from within a handler's own.
 */
/* expect: events=41 */
#include "case.h"

static int depth;

static void handler(int sig, siginfo_t *info, void *context)
{
	sigset_t set, old;
	union sigval value = { .sival_int = sig };

	(void)info;
	(void)context;
	depth++;
	say("depth %d: signal %d", depth, sig);
	set = set_of(SIGWINCH, 0);
	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	say("winch was blocked: %d", sigismember(&old, SIGWINCH));
	CALL(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &old, 8));
	if (sig == SIGUSR1)
		CALL(sigqueue(getpid(), SIGUSR2, value));
	if (sig == SIGUSR2)
		CALL(pthread_sigqueue(pthread_self(), SIGRTMIN, value));
	show_mask("in the handler");
	depth--;
	errno = EDOM;
}

static void handler_of_two(int sig, siginfo_t *info, void *context)
{
	sigset_t set = set_of(SIGUSR1, SIGUSR2, SIGRTMIN, 0);

	(void)sig;
	(void)info;
	(void)context;
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	raise(SIGUSR1);
	raise(SIGRTMIN);
	show_mask("two pend");
	CALL(sigprocmask(SIG_UNBLOCK, &set, NULL));
	show_mask("two were let in");
}

int main(void)
{
	sigset_t set = set_of(SIGUSR1, 0), old;
	static char memory[65536];
	stack_t ss = { .ss_sp = memory, .ss_size = sizeof(memory) };

	handle(SIGUSR1, handler, SA_ONSTACK);
	handle(SIGUSR2, handler, SA_ONSTACK);
	handle(SIGRTMIN, handler, 0);
	handle(SIGHUP, handler_of_two, 0);
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	raise(SIGUSR1);
	show_mask("one pends");
	CALL(sigprocmask(SIG_UNBLOCK, &set, &old));
	show_mask("it was let in");
	CALL(sigaltstack(&ss, NULL));
	raise(SIGUSR1);
	raise(SIGHUP);
	show_state("at the end");
	return 0;
}
