/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another preloaded library, which wraps the same functions, stands in front
 * of ours: it is passed as often as without us.
 */
/* preload: lib_wrapper */
/* expect: events=41 */
#include "case.h"

static void handler(int sig, siginfo_t *info, void *context)
{
	sigset_t set = set_of(SIGWINCH, 0), old;

	(void)info;
	(void)context;
	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	CALL(pthread_sigmask(SIG_UNBLOCK, &set, &old));
	say("handler of %d", sig);
}

int main(void)
{
	sigset_t set = set_of(SIGUSR1, SIGTERM, 0), old;
	uint64_t bits = BIT(SIGUSR2);

	handle(SIGUSR1, handler, 0);
	for (int i = 0; i < 3; i++) {
		CALL(sigprocmask(SIG_BLOCK, &set, &old));
		CALL(sigprocmask(i + 5, &set, NULL));
		CALL(pthread_sigmask(SIG_BLOCK, NULL, &old));
		raise(SIGUSR1);
		CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &bits, NULL, 8));
		CALL(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &bits, nowhere(), 8));
		CALL(syscall(SYS_getpid) == getpid());
		CALL(sigaltstack(NULL, NULL));
		CALL(signalfd(-1, &old, SFD_CLOEXEC));
		CALL(sigqueue(getpid(), 0, (union sigval){ 0 }));
		CALL(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
		show_state("round");
	}
	for (int i = 0; i < 8; i++)
		CALL(sigprocmask(SIG_SETMASK, &old, NULL));
	return 0;
}
