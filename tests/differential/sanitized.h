/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the cases with sanitizers do: calls from threads and handlers, and at
 * the end a fault of their own in a child, which the sanitizer has to find.
 * Included last but for fault(), which the case defines.
 */
#include <setjmp.h>

#include "case.h"

static void *fault(void *arg);
static sigjmp_buf back;

static void handler(int sig, siginfo_t *info, void *context)
{
	sigset_t set = set_of(SIGWINCH, 0), old;

	(void)info;
	(void)context;
	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	CALL(sigaltstack(NULL, NULL));
	if (sig == SIGUSR2)
		siglongjmp(back, 1);
}

static void *work(void *arg)
{
	sigset_t set = set_of(SIGUSR1, 0), old;
	long wrong = 0;

	for (int i = 0; i < 200; i++) {
		wrong += pthread_sigmask(SIG_BLOCK, &set, &old) != 0;
		wrong += syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, 8) != 0;
		wrong += pthread_sigqueue(pthread_self(), 0, (union sigval){ 0 }) != 0;
	}
	return (char *)arg + wrong;
}

static pid_t faulty_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		dup2(kernel(SYS_open, "/dev/null", 1, 0, 0), 2);
		exit(fault(NULL) ? 70 : 71);
	}
	return pid;
}

int main(void)
{
	pthread_t thread[4];
	void *result;
	int fd;
	sigset_t set = set_of(SIGUSR1, 0);

	handle(SIGUSR1, handler, 0);
	handle(SIGUSR2, handler, SA_ONSTACK);
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], &result);
		say("wrong in thread: %ld", (long)result);
	}
	raise(SIGUSR1);
	if (sigsetjmp(back, 1) == 0)
		raise(SIGUSR2);
	fd = (int)CALL(signalfd(-1, &set, SFD_CLOEXEC));
	CALL(signalfd(fd, &set, 0x999));
	show_mask("at the end");
	show_end("child with a fault", faulty_child());
	return 0;
}
