/* SPDX-License-Identifier: BSD-2-Clause */
/* Perl's %SIG handlers blocked and unblocked SIGCHLD, which the program had
 * blocked for its ppoll: https://github.com/Perl/perl5/issues/11025 */
#include "case.h"

static NOINLINE void dispatch(bool restore)
{
	sigset_t set = set_of(SIGCHLD, 0), old;

	sigprocmask(SIG_BLOCK, &set, &old);
	__asm__ volatile("");
	if (restore)
		sigprocmask(SIG_SETMASK, &old, NULL);
	else
		sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static NOINLINE void program(bool restore)
{
	sigset_t set = set_of(SIGCHLD, 0);

	sigprocmask(SIG_BLOCK, &set, NULL);
	dispatch(restore);
}

static void bad(void)
{
	program(false);
}

static void good(void)
{
	program(true);
}

static void unsure(void)
{
	lose_records(bad);
}
