/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A known way to each call, for comparing stacks with a debugger's: through
 * static and recursive functions, through qsort's callback, and from a handler
 * that interrupted a function.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int depth_reached;

static __attribute__((noinline)) void innermost(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(how, &set, NULL) != 0)
		abort();
	depth_reached++;
}

static __attribute__((noinline)) void recurse(int n)
{
	if (n > 0)
		recurse(n - 1);
	else
		innermost(SIG_BLOCK);
	depth_reached++;
}

static int compare(const void *a, const void *b)
{
	innermost(SIG_UNBLOCK);
	return *(const int *)a - *(const int *)b;
}

static __attribute__((noinline)) void through_libc(void)
{
	int numbers[] = { 2, 1 };

	qsort(numbers, 2, sizeof(numbers[0]), compare);
	depth_reached++;
}

static void handler(int sig)
{
	(void)sig;
	innermost(SIG_BLOCK);
}

static __attribute__((noinline)) void interrupted(void)
{
	raise(SIGUSR2);
	depth_reached++;
}

int main(void)
{
	signal(SIGUSR2, handler);
	recurse(3);
	through_libc();
	interrupted();
	printf("done\n");
	return 0;
}
