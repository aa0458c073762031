/* SPDX-License-Identifier: BSD-2-Clause */
/* A handler for signals that none can be installed for, as in the report of
 * https://github.com/log4cplus/log4cplus/issues/390: SIGKILL beside SIGTERM. */
#include "case.h"

static void bad(void)
{
	change(SIG_BLOCK, SIGTERM, SIGKILL);
	change(SIG_UNBLOCK, SIGTERM, 0);
}

static void good(void)
{
	change(SIG_BLOCK, SIGTERM, 0);
	change(SIG_UNBLOCK, SIGTERM, 0);
}

static void unsure(void)
{
	lose_records(bad);
}
