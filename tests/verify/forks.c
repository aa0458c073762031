/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forks so many children, one after the other, each of which makes so many
 * calls of libc and one by an instruction of its own, and ends at once.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ways.h"

static void child(int n)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	while (n--)
		sigprocmask(SIG_BLOCK, &set, NULL);
	ways_inline(SYS_rt_sigprocmask, (long[6]){ SIG_BLOCK, (long)&set, 0, 8 });
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	for (int i = atoi(argv[1]); i > 0; i--) {
		pid_t pid = fork();

		if (pid == 0)
			child(atoi(argv[2]));
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			return 3;
	}
	return 0;
}
