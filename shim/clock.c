/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time stamps. The kernel makes CLOCK_MONOTONIC from a counter that programs
 * can read themselves, for a third of what the vDSO takes. Where the collector
 * has seen that the kernel uses it, records carry its ticks, and the collector,
 * which reads both clocks all the time, turns them into nanoseconds: to within
 * tens of them, and in its own time namespace. AS-safe, MT-safe.
 */
#include <sys/prctl.h>
#include <time.h>

#include "clock.h"
#include "sys.h"

#include "banned.h"

uint64_t now_ns(void)
{
	struct timespec ts;

	if (unlikely(shim_clock_denied))
		return sandbox_now();
	shim_clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* A program may have been forbidden to read it (prctl(2), PR_SET_TSC), then it must not be offered. */
uint8_t clock_offered(void)
{
#if defined(__x86_64__)
	int state = 0;

	return sys(SYS_prctl, PR_GET_TSC, &state) == 0 && state == PR_TSC_ENABLE ?
		SIGSHIM_CLOCK_TSC : SIGSHIM_CLOCK_NONE;
#else
	return SIGSHIM_CLOCK_CNTVCT;
#endif
}
