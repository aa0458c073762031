/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thousand threads, some at a time, that end in every way: by return,
 * pthread_exit, and cancellation at any point, also inside wrapped calls.
 */
#include <stdatomic.h>

#include "case.h"

#define THREADS 1000
#define AT_A_TIME 50

static atomic_long cleaned, destroyed, calls;

static void clean(void *arg)
{
	sigset_t set = set_of(SIGWINCH, 0);

	(void)arg;
	sigprocmask(SIG_BLOCK, &set, NULL);
	cleaned++;
}

static void destroy(void *arg)
{
	sigset_t set = set_of(SIGWINCH, 0);

	(void)arg;
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	destroyed++;
}

static pthread_key_t key;

static void *work(void *arg)
{
	long n = (long)arg;
	sigset_t set = set_of(SIGUSR1, 0), old;

	pthread_setspecific(key, arg);
	pthread_cleanup_push(clean, NULL);
	for (int i = 0; i < 10; i++) {
		pthread_sigmask(SIG_BLOCK, &set, &old);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		calls += 2;
	}
	if (n % 4 == 1)
		pthread_exit(arg);
	if (n % 4 == 3)
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	while (n % 4 >= 2) {
		pthread_sigmask(SIG_BLOCK, &set, &old);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		if (n % 4 == 2)
			pthread_testcancel();
	}
	pthread_cleanup_pop(1);
	return arg;
}

int main(void)
{
	pthread_t thread[AT_A_TIME];
	long returned = 0, cancelled = 0;

	pthread_key_create(&key, destroy);
	for (long n = 0; n < THREADS; n += AT_A_TIME) {
		for (long i = 0; i < AT_A_TIME; i++)
			pthread_create(&thread[i], NULL, work, (void *)(n + i + 4));
		for (long i = 0; i < AT_A_TIME; i++)
			pthread_cancel(thread[i]);
		for (long i = 0; i < AT_A_TIME; i++) {
			void *result;

			pthread_join(thread[i], &result);
			cancelled += result == PTHREAD_CANCELED;
			returned += result != PTHREAD_CANCELED;
		}
	}
	say("%ld ended by themselves, %ld were cancelled", returned, cancelled);
	say("destructors ran: %d, clean-ups: %d", destroyed > 0, cleaned > 0);
	show_state("at the end");
	return 0;
}
