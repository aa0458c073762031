/* SPDX-License-Identifier: BSD-2-Clause */
/* A signalfd and a handler for the same signal, which libevent's users found
 * to behave differently: https://github.com/libevent/libevent/pull/1486 */
#include "case.h"

static void make(bool both)
{
	sigset_t set = set_of(SIGUSR1, 0);

	if (both)
		handle(SIGUSR1, on_signal, 0);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	close(signalfd(-1, &set, SFD_CLOEXEC));
}

static void bad(void)
{
	make(true);
}

static void good(void)
{
	make(false);
}

static void unsure(void)
{
	lose_records(bad);
}
