/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives THREADS AT_ONCE: creates so many threads, so many at a time, which end
 * by return, pthread_exit, cancellation, and detached. The mask of each is its
 * creator's: SIGUSR1 is blocked in every second lot.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void *live(void *arg)
{
	long n = (long)arg;

	if (n % 4 == 1)
		pthread_exit(arg);
	while (n % 4 == 2)
		pause();
	return arg;
}

/* Whether there are threads beside this one, in the kernel's eyes. */
static int others(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) == 0 && st.st_nlink > 3;
}

static void create(pthread_t *thread, long n)
{
	int err = pthread_create(thread, NULL, live, (void *)n);

	if (err) {
		fprintf(stderr, "pthread_create: %d\n", err);
		exit(1);
	}
}

static void end(pthread_t thread, long n)
{
	if (n % 4 == 2)
		pthread_cancel(thread);
	if (n % 4 == 3)
		pthread_detach(thread);
	else
		pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	long threads = argc > 1 ? atol(argv[1]) : 1000, at_once = argc > 2 ? atol(argv[2]) : 1;
	pthread_t *thread = calloc((size_t)at_once, sizeof(*thread));
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (long n = 0; n < threads; n += at_once) {
		pthread_sigmask(n / at_once % 2 ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
		for (long i = 0; i < at_once; i++)
			create(&thread[i], n + i);
		for (long i = 0; i < at_once; i++)
			end(thread[i], n + i);
	}
	/* Those that nobody joins. */
	while (others())
		usleep(1000);
	printf("%ld threads\n", threads);
	return 0;
}
