/* SPDX-License-Identifier: BSD-2-Clause */
/* A signal for a child that was waited for already: sigqueue(3), ESRCH. */
#include "case.h"

static void send(bool waited)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	if (waited) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	sigqueue(pid, SIGRTMIN, (union sigval){ .sival_int = 1 });
	if (!waited)
		waitpid(pid, NULL, 0);
}

static void bad(void)
{
	send(true);
}

static void good(void)
{
	send(false);
}

static void unsure(void)
{
	lose_records(bad);
}
