/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time stamps of records; see clock.c. AS-safe, MT-safe.
 */
#ifndef SHIM_CLOCK_H
#define SHIM_CLOCK_H

#include "shim.h"

static inline uint64_t read_ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#endif
}

static inline struct moment moment_now(const struct process *p)
{
	if (likely(p->ticks && !shim_clock_denied))
		return (struct moment){ read_ticks(), true };
	return (struct moment){ now_ns(), false };
}

#endif
