/* SPDX-License-Identifier: BSD-2-Clause */
/* sigqueue at RLIMIT_SIGPENDING: EAGAIN, and nobody is woken any more:
 * https://github.com/frc971/971-Robot-Code/issues/25 */
#include "case.h"

static void fill(rlim_t limit)
{
	const struct rlimit few = { .rlim_cur = limit, .rlim_max = limit };

	change(SIG_BLOCK, SIGRTMIN, 0);
	setrlimit(RLIMIT_SIGPENDING, &few);
	sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 1 });
}

static void bad(void)
{
	fill(0);
}

static void good(void)
{
	change(SIG_BLOCK, SIGRTMIN, 0);
	sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 1 });
}

static void unsure(void)
{
	lose_records(bad);
}
