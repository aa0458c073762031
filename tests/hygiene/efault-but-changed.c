/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel copies oldset out last, so the mask is changed although the call says
 * EFAULT; DynamoRIO had to learn it: https://github.com/DynamoRIO/dynamorio/pull/5258 */
#include "case.h"

static void bad(void)
{
	sigset_t set = set_of(SIGUSR1, 0);

	sigprocmask(SIG_BLOCK, &set, (sigset_t *)8);
}

static void good(void)
{
	sigset_t set = set_of(SIGUSR1, 0), old;

	sigprocmask(SIG_BLOCK, &set, &old);
	sigprocmask(SIG_BLOCK, NULL, (sigset_t *)8);
}

static void unsure(void)
{
	lose_records(bad);
}
