/* SPDX-License-Identifier: BSD-2-Clause */
/* A part of a program that leaves signals blocked for all that comes after it, as
 * tmux's status commands did: https://github.com/tmux/tmux/issues/1854 */
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
