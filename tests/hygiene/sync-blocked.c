/* SPDX-License-Identifier: BSD-2-Clause */
/* FRRouting's threads blocked SIGSEGV, so its crash handler never ran:
 * https://github.com/FRRouting/frr/pull/18060 */
#include "case.h"

static void *work(void *arg)
{
	return arg;
}

static void start(bool faults)
{
	static const int open[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	sigset_t set, old;
	pthread_t thread;

	sigfillset(&set);
	for (int i = 0; i < 4 && !faults; i++)
		sigdelset(&set, open[i]);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	pthread_create(&thread, NULL, work, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_join(thread, NULL);
}

static void bad(void)
{
	start(true);
}

static void good(void)
{
	start(false);
}

static void unsure(void)
{
	lose_records(bad);
}
