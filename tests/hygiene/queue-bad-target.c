/* SPDX-License-Identifier: BSD-2-Clause */
/* A signal for a child that was waited for already, whose number is anybody's:
 * https://github.com/elle-lisp/elle/issues/1045 */
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
