/* SPDX-License-Identifier: BSD-2-Clause */
/* Block the signals before creating threads, in all of them, or the wrong one
 * gets them: https://github.com/e2guardian/e2guardian/issues/815 */
#include "case.h"

static pthread_barrier_t gate;

static void *work(void *arg)
{
	pthread_barrier_wait(&gate);
	pthread_barrier_wait(&gate);
	return arg;
}

static void make(bool early)
{
	sigset_t set = set_of(SIGHUP, 0);
	pthread_t thread;
	int fd;

	pthread_barrier_init(&gate, NULL, 2);
	if (early)
		pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&thread, NULL, work, NULL);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_barrier_wait(&gate);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	pthread_barrier_wait(&gate);
	pthread_join(thread, NULL);
	close(fd);
}

static void bad(void)
{
	make(false);
}

static void good(void)
{
	make(true);
}

static void unsure(void)
{
	lose_records(NULL);
	bad();
}
