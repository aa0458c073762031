/* SPDX-License-Identifier: BSD-2-Clause */
/* The library of setmask-clobber.c. */
#include <signal.h>
#include <stdbool.h>

void guard(bool clear);

void guard(bool clear)
{
	sigset_t set, old;

	sigemptyset(&set);
	if (clear) {
		pthread_sigmask(SIG_SETMASK, &set, &old);
		return;
	}
	sigaddset(&set, SIGSEGV);
	pthread_sigmask(SIG_UNBLOCK, &set, &old);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}
