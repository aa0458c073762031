/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers that the call lets in take the memory of its arguments away, or
 * change them, before the call returns: nobody looks there any more.
 */
/* expect: events=18 */
#include "case.h"

static char *page;

static void unmap(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	say("signal %d: argument is unmapped", sig);
	munmap(page, 4096);
}

static void fresh(void)
{
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void masks(void)
{
	sigset_t set = set_of(SIGUSR1, 0), *arg;

	for (int i = 0; i < 4; i++) {
		fresh();
		arg = (sigset_t *)page;
		*arg = set;
		CALL(sigprocmask(SIG_BLOCK, arg, NULL));
		raise(SIGUSR1);
		if (i == 0)
			CALL(sigprocmask(SIG_UNBLOCK, arg, NULL));
		if (i == 1)
			CALL(pthread_sigmask(SIG_UNBLOCK, arg, arg + 1));
		if (i == 2)
			CALL(sigprocmask(SIG_UNBLOCK, arg, arg));
		if (i == 3)
			CALL(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, arg, arg + 1, 8));
	}
}

static void queues(void)
{
	siginfo_t *info;
	union sigval value = { .sival_int = 3 };

	CALL(sigqueue(getpid(), SIGUSR2, value));
	fresh();
	info = (siginfo_t *)page;
	*info = (siginfo_t){ .si_code = SI_QUEUE };
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, info));
	fresh();
	info = (siginfo_t *)page;
	*info = (siginfo_t){ .si_code = SI_QUEUE };
	CALL(syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGUSR1, info));
}

static void ignore(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	say("signal %d", sig);
}

int main(void)
{
	sigset_t set = set_of(SIGTERM, 0);

	handle(SIGUSR1, unmap, 0);
	handle(SIGUSR2, ignore, 0);
	masks();
	queues();
	for (int i = 0; i < 7; i++)
		CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	show_mask("at the end");
	return 0;
}
