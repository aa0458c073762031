/* SPDX-License-Identifier: BSD-2-Clause */
/* A handler for stack overflows, and a thread without an alternate stack: new
 * threads have none (sigaltstack(2)). https://github.com/tarantool/tarantool/issues/8083 */
#include "case.h"

static void *work(void *arg)
{
	stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };

	if (arg)
		sigaltstack(&ss, NULL);
	return NULL;
}

static void start(void *with)
{
	pthread_t thread;

	work(&thread);
	handle(SIGSEGV, on_signal, SA_ONSTACK);
	pthread_create(&thread, NULL, work, with);
	pthread_join(thread, NULL);
}

static void bad(void)
{
	start(NULL);
}

static void good(void)
{
	start(&on_signal);
}

static void unsure(void)
{
	lose_records(NULL);
	bad();
}
