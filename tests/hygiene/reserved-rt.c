/* SPDX-License-Identifier: BSD-2-Clause */
/* All 64 signals blocked by a system call, as Go's runtime did: then setuid in
 * another thread waits for ever. https://github.com/golang/go/issues/12498 */
#include "case.h"

static void block_all(uint64_t set)
{
	uint64_t old;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, &old, 8);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, 8);
}

static void bad(void)
{
	block_all(UINT64_MAX);
}

static void good(void)
{
	block_all(UINT64_MAX & ~(3ull << 31));
}

static void unsure(void)
{
	lose_records(bad);
}
