/* SPDX-License-Identifier: BSD-2-Clause */
/* A handler that uses the same static set as the code that it interrupts. Helpers
 * with such a set are not re-entrant: https://cwe.mitre.org/data/definitions/479.html,
 * https://cwe.mitre.org/data/definitions/367.html */
#include "case.h"

static sigset_t shared;

static void handler(int signo)
{
	sigset_t own = set_of(signo, 0);

	pthread_sigmask(SIG_BLOCK, &own, NULL);
}

static void handler_of_shared(int signo)
{
	sigaddset(&shared, signo);
	pthread_sigmask(SIG_BLOCK, &shared, NULL);
}

/* The handler runs as the call that lets it in returns. */
static void let_in(void (*with)(int))
{
	handle(SIGUSR1, with, 0);
	change(SIG_BLOCK, SIGUSR1, 0);
	raise(SIGUSR1);
	sigemptyset(&shared);
	pthread_sigmask(SIG_SETMASK, &shared, NULL);
}

static void bad(void)
{
	let_in(handler_of_shared);
}

static void good(void)
{
	let_in(handler);
}

static void unsure(void)
{
	lose_records(NULL);
	good();
}
