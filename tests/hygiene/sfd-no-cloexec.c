/* SPDX-License-Identifier: BSD-2-Clause */
/* libevent's signalfd was made with SFD_NONBLOCK alone:
 * https://github.com/libevent/libevent/pull/1342 */
#include "case.h"

static void make(int flags)
{
	sigset_t set = set_of(SIGUSR1, 0);

	pthread_sigmask(SIG_BLOCK, &set, NULL);
	close(signalfd(-1, &set, flags));
}

static void bad(void)
{
	make(SFD_NONBLOCK);
}

static void good(void)
{
	make(SFD_NONBLOCK | SFD_CLOEXEC);
}

static void unsure(void)
{
	lose_records(bad);
}
