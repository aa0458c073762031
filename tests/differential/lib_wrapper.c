/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another library that stands in front of the functions that ours wraps, as
 * debuggers and sanitizers do; says at its end how often it was passed.
 */
#include <dlfcn.h>
#include <stdarg.h>

#include "case.h"

static long passed;

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	static int (*next)(int, const sigset_t *, sigset_t *);

	if (!next)
		next = (int (*)(int, const sigset_t *, sigset_t *))dlsym(RTLD_NEXT, "sigprocmask");
	__atomic_fetch_add(&passed, 1, __ATOMIC_RELAXED);
	return next(how, set, old);
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	static int (*next)(int, const sigset_t *, sigset_t *);

	if (!next)
		next = (int (*)(int, const sigset_t *, sigset_t *))
			dlsym(RTLD_NEXT, "pthread_sigmask");
	__atomic_fetch_add(&passed, 1000, __ATOMIC_RELAXED);
	return next(how, set, old);
}

long syscall(long nr, ...)
{
	static long (*next)(long, ...);
	va_list ap;
	long arg[6];

	if (!next)
		next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(ap, long);
	va_end(ap);
	__atomic_fetch_add(&passed, 1000000, __ATOMIC_RELAXED);
	return next(nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

static __attribute__((destructor)) void end(void)
{
	say("passed: %ld", passed);
}
