/* SPDX-License-Identifier: BSD-2-Clause */
/* coreclr changed masks with sigprocmask in a program with threads:
 * https://github.com/dotnet/coreclr/pull/2898 */
#include "case.h"

static pthread_barrier_t gate;

static void *wait_at_gate(void *arg)
{
	pthread_barrier_wait(&gate);
	pthread_barrier_wait(&gate);
	return arg;
}

static void with_thread(int (*set_mask)(int, const sigset_t *, sigset_t *))
{
	sigset_t set = set_of(SIGUSR1, 0);
	pthread_t thread;

	pthread_barrier_init(&gate, NULL, 2);
	pthread_create(&thread, NULL, wait_at_gate, NULL);
	pthread_barrier_wait(&gate);
	set_mask(SIG_BLOCK, &set, NULL);
	pthread_barrier_wait(&gate);
	pthread_join(thread, NULL);
}

static void bad(void)
{
	with_thread(sigprocmask);
}

static void good(void)
{
	with_thread(pthread_sigmask);
}

static void unsure(void)
{
	lose_records(bad);
}
