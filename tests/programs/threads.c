/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads THREADS CALLS: each thread makes CALLS mask changes as fast as it
 * can. Call n (from 0) names SIGRTMIN + n % 30, blocking on even n, unblocking
 * on odd, so a record that is missing, doubled or out of order shows.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static long calls;

static void *work(void *arg)
{
	(void)arg;
	for (long n = 0; n < calls; n++) {
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, SIGRTMIN + (int)(n % 30));
		if (pthread_sigmask(n & 1 ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL) != 0)
			abort();
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int nthreads = argc > 1 ? atoi(argv[1]) : 4;
	pthread_t thread[64];

	calls = argc > 2 ? atol(argv[2]) : 100000;
	for (int i = 0; i < nthreads && i < 64; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	for (int i = 0; i < nthreads && i < 64; i++)
		pthread_join(thread[i], NULL);
	printf("%d threads, %ld calls each\n", nthreads, calls);
	return 0;
}
