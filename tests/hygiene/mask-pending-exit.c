/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread that ends the process with a signal still pending: nobody ever hears
 * of it. Reduced from https://github.com/swaywm/swayidle/issues/113, where the
 * man page's "the pending signal set is preserved across an execve" is quoted. */
#include "case.h"

static void bad(void)
{
	change(SIG_BLOCK, SIGTERM, 0);
	raise(SIGTERM);
	exit(0);
}

static void good(void)
{
	sigset_t set = set_of(SIGTERM, 0);
	int signo;

	change(SIG_BLOCK, SIGTERM, 0);
	raise(SIGTERM);
	sigwait(&set, &signo);
	exit(0);
}

static void unsure(void)
{
	change(SIG_BLOCK, SIGTERM, 0);
	lose_records(NULL);
	raise(SIGTERM);
	exit(0);
}
