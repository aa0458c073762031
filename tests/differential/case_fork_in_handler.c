/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers that fork wherever the signal meets the program, also inside a
 * wrapped call: the child returns into it, and goes on.
 */
#include "case.h"

#define CHILDREN 1500

static volatile sig_atomic_t forked;
static pid_t child[CHILDREN];
static volatile sig_atomic_t is_child;

static void handler(int sig, siginfo_t *info, void *context)
{
	pid_t pid;

	(void)sig;
	(void)info;
	(void)context;
	if (is_child || forked >= CHILDREN)
		return;
	pid = (pid_t)(forked & 1 ? fork() : syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L));
	if (pid == 0)
		is_child = 1;
	else
		child[forked++] = pid;
}

static int calls(int n)
{
	sigset_t set = set_of(SIGUSR1, 0), old;
	int wrong = 0;

	for (int i = 0; i < n; i++) {
		wrong += sigprocmask(SIG_BLOCK, &set, &old) != 0;
		wrong += pthread_sigmask(SIG_SETMASK, &old, NULL) != 0;
	}
	return wrong;
}

int main(void)
{
	int status, bad = 0, wrong = 0;

	handle(SIGALRM, handler, SA_RESTART);
	storm(150);
	while (forked < CHILDREN && !is_child)
		wrong += calls(1);
	if (is_child)
		_exit(calls(3));
	storm(0);
	for (int i = 0; i < CHILDREN; i++) {
		if (waitpid(child[i], &status, 0) == child[i] && status != 0 && bad++ < 3)
			say("a child ended with status %#x", status);
	}
	say("%d children, %d of them ended badly, %d wrong results", CHILDREN, bad, wrong);
	show_state("at the end");
	return 0;
}
