/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sharing N: children that share its memory and are no threads call at the same
 * time as it does, N times each. Prints each one's pid, the parent's last.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 3

static char stacks[CHILDREN][65536] __attribute__((aligned(64)));
static int calls;

static int work(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (int i = 0; i < calls; i++)
		if (sigprocmask(i & 1 ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL) != 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	int status, bad = 0;

	calls = argc > 1 ? atoi(argv[1]) : 1;
	work(NULL);
	for (int i = 0; i < CHILDREN; i++)
		printf("%d\n", clone(work, stacks[i] + sizeof(stacks[i]), CLONE_VM | SIGCHLD, NULL));
	bad |= work(NULL);
	while (wait(&status) > 0)
		bad |= status;
	printf("%d\n", (int)getpid());
	return bad != 0;
}
