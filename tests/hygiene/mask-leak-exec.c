/* SPDX-License-Identifier: BSD-2-Clause */
/* procServ blocked SIGTERM, SIGHUP and SIGPIPE for its pselect and started its
 * child so, which could not be stopped: https://github.com/ralphlange/procServ/issues/48 */
#include "case.h"

static NOINLINE void begin_section(void)
{
	change(SIG_BLOCK, SIGTERM, SIGHUP);
}

static void bad(void)
{
	begin_section();
	run_true();
}

static void good(void)
{
	begin_section();
	change(SIG_UNBLOCK, SIGTERM, SIGHUP);
	run_true();
}

static void unsure(void)
{
	lose_records(NULL);
	good();
}
