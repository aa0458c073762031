/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel makes of a mask change. Constants and a pure function.
 */
#ifndef SHIM_MASK_H
#define SHIM_MASK_H

#include <signal.h>
#include <stdint.h>

#define BIT(signo) (1ull << ((signo) - 1))
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))
#define LIBC_RESERVED (BIT(32) | BIT(33))	/* libcs may keep them out of a set */
#define OUTER_FRAMES (64 * 1024)	/* this far up it is the same stack */

static inline uint64_t mask_apply(int how, uint64_t mask, uint64_t set)
{
	set &= ~UNBLOCKABLE;
	return how == SIG_BLOCK ? mask | set : how == SIG_UNBLOCK ? mask & ~set : set;
}

#endif
