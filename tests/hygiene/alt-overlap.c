/* SPDX-License-Identifier: BSD-2-Clause */
/* Each thread has an alternate stack of its own (sigaltstack(2)): one static
 * array for all is the mistake that per-thread stacks mend, as in
 * https://github.com/ClickHouse/ClickHouse/pull/25654 */
#include "case.h"

static pthread_barrier_t gate;
static char memory[2][65536];

static void install(int which)
{
	stack_t ss = { .ss_sp = memory[which], .ss_size = sizeof(memory[which]) };

	sigaltstack(&ss, NULL);
}

static void *work(void *arg)
{
	install(*(int *)arg);
	pthread_barrier_wait(&gate);
	return NULL;
}

static void two(int which)
{
	pthread_t thread;

	pthread_barrier_init(&gate, NULL, 2);
	install(0);
	pthread_create(&thread, NULL, work, &which);
	pthread_barrier_wait(&gate);
	pthread_join(thread, NULL);
}

static void bad(void)
{
	two(0);
}

static void good(void)
{
	two(1);
}

static void unsure(void)
{
	lose_records(bad);
}
