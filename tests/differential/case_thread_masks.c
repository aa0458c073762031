/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads with a mask each make their first call at the same moment: each
 * keeps its own. With all events a thread's first record is its start.
 */
/* env: SIGSHIM_EVENTS=core */
#include <sched.h>
#include <stdatomic.h>

#include "case.h"

#define THREADS 4
#define ROUNDS 300

static atomic_int ready, wrong;

static void *work(void *arg)
{
	uint64_t mine = 1ull << (34 + (long)arg % 30);

	kernel(SYS_rt_sigprocmask, SIG_SETMASK, &mine, 0, 8);
	ready++;
	while (ready < THREADS)
		if (ready < THREADS - 1)
			sched_yield();
	sigaltstack(NULL, NULL);
	wrong += kernel_mask() != mine;
	sigaltstack(NULL, NULL);
	wrong += kernel_mask() != mine;
	return NULL;
}

int main(void)
{
	pthread_t thread[THREADS];

	for (long round = 0; round < ROUNDS; round++) {
		ready = 0;
		for (long i = 0; i < THREADS; i++)
			pthread_create(&thread[i], NULL, work, (void *)(round * THREADS + i));
		for (int i = 0; i < THREADS; i++)
			pthread_join(thread[i], NULL);
	}
	say("%d threads, %d masks were wrong", ROUNDS * THREADS, wrong);
	return 0;
}
