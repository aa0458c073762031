/* SPDX-License-Identifier: BSD-2-Clause */
/* e2guardian created its log thread before it blocked its signals, which the
 * thread then took: https://github.com/e2guardian/e2guardian/issues/815 */
#include "case.h"

static void *work(void *arg)
{
	return arg;
}

static void start(bool restore)
{
	sigset_t set = set_of(SIGHUP, 0);
	pthread_t thread;
	int fd;

	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (restore)
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	pthread_create(&thread, NULL, work, NULL);
	pthread_join(thread, NULL);
	close(fd);
}

static void bad(void)
{
	start(true);
}

static void good(void)
{
	start(false);
}

static void unsure(void)
{
	lose_records(bad);
}
