/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals that interrupt malloc in new threads, whose handler calls wrapped
 * functions: these may not need malloc, nor anything that needs it.
 */
#include <stdatomic.h>

#include "case.h"

#define THREADS 600

static _Thread_local volatile sig_atomic_t handled;

static void handler(int sig, siginfo_t *info, void *context)
{
	sigset_t set = set_of(SIGWINCH, 0);

	(void)sig;
	(void)info;
	(void)context;
	sigprocmask(SIG_BLOCK, &set, NULL);
	handled = 1;
}

static void *work(void *arg)
{
	pthread_t *self = arg;

	(void)self;
	while (!handled) {
		void *p[8];

		for (int i = 0; i < 8; i++)
			p[i] = malloc(2000u + (unsigned int)i * 40);
		for (int i = 0; i < 8; i++)
			free(p[i]);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread;

	handle(SIGUSR1, handler, SA_RESTART);
	for (int i = 0; i < THREADS; i++) {
		struct timespec little = { .tv_nsec = 1000 * (20 + i % 50) };

		pthread_create(&thread, NULL, work, &thread);
		nanosleep(&little, NULL);
		pthread_kill(thread, SIGUSR1);
		pthread_join(thread, NULL);
	}
	say("%d threads", THREADS);
	return 0;
}
