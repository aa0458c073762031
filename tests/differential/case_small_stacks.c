/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads with the smallest stacks that libc gives out, and handlers on them.
 */
#include <limits.h>

#include "case.h"

static volatile sig_atomic_t handled;

static void handler(int sig, siginfo_t *info, void *context)
{
	static sigset_t set, old;

	(void)sig;
	(void)info;
	(void)context;
	sigemptyset(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	handled++;
}

static void *work(void *arg)
{
	static sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (int i = 0; i < 20; i++) {
		pthread_sigmask(SIG_BLOCK, &set, &old);
		raise(SIGUSR1);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, 8);
	}
	return arg;
}

int main(void)
{
	size_t smallest = (size_t)sysconf(_SC_THREAD_STACK_MIN);
	pthread_attr_t attr;
	pthread_t thread;

	handle(SIGUSR1, handler, 0);
	pthread_attr_init(&attr);
	for (int i = 0; i < 10; i++) {
		pthread_attr_setstacksize(&attr, smallest + (size_t)i * 4096);
		MUST(pthread_create(&thread, &attr, work, NULL) ? -1 : 0);
		pthread_join(thread, NULL);
	}
	say("%d handlers", handled);
	return 0;
}
