/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread that waits must block what it waits for, as tokio-signal's
 * discussion has it: https://github.com/alexcrichton/tokio-signal/issues/10 */
#include "case.h"

static void wait_for(bool block)
{
	const struct timespec now = { 0 };
	sigset_t set = set_of(SIGUSR1, SIGUSR2);

	change(SIG_BLOCK, SIGUSR1, block ? SIGUSR2 : 0);
	sigtimedwait(&set, NULL, &now);
}

static void bad(void)
{
	wait_for(false);
}

static void good(void)
{
	wait_for(true);
}

static void unsure(void)
{
	lose_records(bad);
}
