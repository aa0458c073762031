/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of thread-specific data: how many there are, which is the first, and
 * that a thread's end finds them as they were. libunwind takes one.
 */
/* only: ring-fp ring-none socket-fp socket-none */
#include <limits.h>

#include "case.h"

static int rounds;

/* Sets its key anew as often as it is asked. */
static void again(void *arg)
{
	pthread_setspecific(*(pthread_key_t *)arg, arg);
	rounds++;
}

static void *work(void *arg)
{
	pthread_setspecific(*(pthread_key_t *)arg, arg);
	return NULL;
}

int main(void)
{
	static pthread_key_t key[PTHREAD_KEYS_MAX + 1], mine;
	pthread_t thread;
	int n = 0;

	pthread_key_create(&mine, again);
	pthread_create(&thread, NULL, work, &mine);
	pthread_join(thread, NULL);
	say("key %u, destroyed %d times", mine, rounds);
	while (n < PTHREAD_KEYS_MAX + 1 && pthread_key_create(&key[n], NULL) == 0)
		n++;
	say("%d more, the first is %u", n, key[0]);
	return 0;
}
