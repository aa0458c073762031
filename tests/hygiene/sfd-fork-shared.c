/* SPDX-License-Identifier: BSD-2-Clause */
/* A child and its parent with one signalfd, as in the review of libevent's:
 * https://github.com/libevent/libevent/pull/1342 */
#include "case.h"

static void share(bool anew)
{
	sigset_t set = set_of(SIGUSR1, 0), other = set_of(SIGUSR1, SIGUSR2);
	int fd;
	pid_t pid;

	pthread_sigmask(SIG_BLOCK, &other, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		signalfd(anew ? -1 : fd, &other, SFD_CLOEXEC);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void bad(void)
{
	share(false);
}

static void good(void)
{
	share(true);
}

static void unsure(void)
{
	lose_records(NULL);
	good();
}
