/* SPDX-License-Identifier: BSD-2-Clause */
/* A test of signalfd that never blocked its signals:
 * https://github.com/cloudius-systems/osv/pull/1439 */
#include "case.h"

static void make(bool block)
{
	sigset_t set = set_of(SIGUSR1, SIGUSR2);
	int fd;

	if (block)
		pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	close(fd);
}

static void bad(void)
{
	make(false);
}

static void good(void)
{
	make(true);
}

static void unsure(void)
{
	lose_records(NULL);
	bad();
}
