/* SPDX-License-Identifier: BSD-2-Clause */
/* A receiver that does not take its queue: what was sent is gone when it ends, and
 * the sender was told that it succeeded: https://github.com/frc971/971-Robot-Code/issues/25 */
#include "case.h"

static int gate[2][2];

static void meet(int side)
{
	char byte = 0;

	if (write(gate[side][1], &byte, 1) != 1 || read(gate[!side][0], &byte, 1) != 1)
		_exit(3);
}

static void receive(bool take)
{
	sigset_t set = set_of(SIGRTMIN, 0);
	static const struct timespec now;

	pthread_sigmask(SIG_BLOCK, &set, NULL);
	meet(0);	/* it can be sent */
	meet(0);	/* it was sent */
	while (take && sigtimedwait(&set, NULL, &now) > 0)
		;
	_exit(0);
}

static void work(bool take)
{
	pid_t pid;

	if (pipe(gate[0]) != 0 || pipe(gate[1]) != 0)
		_exit(3);
	pid = fork();
	if (pid == 0)
		receive(take);
	meet(1);
	sigqueue(pid, SIGRTMIN, (union sigval){ .sival_int = 7 });
	meet(1);
	waitpid(pid, NULL, 0);
}

static void bad(void)
{
	work(false);
}

static void good(void)
{
	work(true);
}

static void unsure(void)
{
	lose_records(NULL);
	good();
}
