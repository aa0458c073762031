/* SPDX-License-Identifier: BSD-2-Clause */
/* A test that leaves a signal blocked for those that come after it, as suites that
 * do not fork for each test (CK_FORK=no of Check) hand their state on. */
#include "case.h"

#include <sigshim/sigshim.h>

static void leak(void)
{
	change(SIG_BLOCK, SIGTERM, 0);
}

static void bad(void)
{
	SIGSHIM_SCOPE("a test") {
		leak();
	}
	SIGSHIM_SCOPE("the next") {
	}
}

static void good(void)
{
	SIGSHIM_SCOPE("a test") {
		leak();
		change(SIG_UNBLOCK, SIGTERM, 0);
	}
}

static void begin(void)
{
	sigshim_scope_begin("a test");
}

static void unsure(void)
{
	lose_records(begin);
	leak();
	sigshim_scope_end("a test");
}
