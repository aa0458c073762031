/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program with an allocator of its own, which holds a lock that is not
 * recursive while it calls wrapped functions, from the first allocation on,
 * long before any constructor of the program.
 */
/* libs: lib_early */
#include <stdatomic.h>

#include "case.h"

static atomic_int lock, deadlocks;
static char arena[4 << 20];
static size_t used;

static void *take(size_t n)
{
	sigset_t all, old;
	void *p;

	while (atomic_exchange(&lock, 1))
		if (++deadlocks > 200000000) {
			kernel(SYS_write, 1, "malloc was called inside malloc\n", 32, 0);
			kernel(SYS_exit_group, 97, 0, 0, 0);
		}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	p = arena + used + 16;
	((size_t *)p)[-1] = n;
	used += (n + 47) & ~(size_t)15;
	if (used > sizeof(arena))
		_exit(96);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	lock = 0;
	return p;
}

void *malloc(size_t n)
{
	return take(n);
}

void free(void *p)
{
	(void)p;
}

void *calloc(size_t n, size_t size)
{
	return memset(take(n * size), 0, n * size);
}

void *realloc(void *old, size_t n)
{
	void *p = take(n);

	if (old)
		memcpy(p, old, n < ((size_t *)old)[-1] ? n : ((size_t *)old)[-1]);
	return p;
}

static void *work(void *arg)
{
	for (int i = 0; i < 100; i++)
		*(char **)arg = malloc(64);
	return NULL;
}

int main(void)
{
	pthread_t thread[4];
	void *p;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, work, &p);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	say("allocated in threads");
	show_state("at the end");
	return 0;
}
