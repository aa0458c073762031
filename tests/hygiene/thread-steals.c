/* SPDX-License-Identifier: BSD-2-Clause */
/* e2guardian's threads were created before the signals of the one that waits for
 * them were blocked, and took them: https://github.com/e2guardian/e2guardian/issues/815 */
#include "case.h"

static pthread_barrier_t gate;

static void *listen_for(void *arg)
{
	sigset_t set = set_of(SIGHUP, 0);
	int fd;

	(void)arg;
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	pthread_barrier_wait(&gate);	/* the signalfd is there */
	pthread_barrier_wait(&gate);	/* the worker is there */
	close(fd);
	return NULL;
}

static void *work(void *arg)
{
	pthread_barrier_wait(&gate);
	return arg;
}

static void start(bool early)
{
	sigset_t set = set_of(SIGHUP, 0);
	pthread_t listener, worker;

	pthread_barrier_init(&gate, NULL, 2);
	if (early)
		pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&listener, NULL, listen_for, NULL);
	pthread_barrier_wait(&gate);
	pthread_create(&worker, NULL, work, NULL);
	pthread_join(worker, NULL);
	pthread_join(listener, NULL);
}

static void bad(void)
{
	start(false);
}

static void good(void)
{
	start(true);
}

static void unsure(void)
{
	lose_records(bad);
}
