/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Points in time and durations as people write them. Used by the filters and
 * by commands with a time option. Pure but for the local time zone: MT-safe.
 */
#ifndef SIGSHIM_WHEN_H
#define SIGSHIM_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define NSEC_PER_SEC 1000000000LL

struct when {
	bool since_run;		/* ns counts from the run's start, else from the epoch */
	int64_t ns;
};

/* For messages: the forms that when_parse takes. */
extern const char when_forms[];

/*
 *   -5m, -30s, -1.5h     before now_ns (CLOCK_REALTIME)
 *   +2.5s                after the run's start
 *   @1700000000.5        seconds since the epoch
 *   14:30, 14:30:05.25   today, local time
 *   2026-08-01[T14:30[:05[.25]]][Z|+02:00]   local time unless a zone is given
 * Returns 0 or -EINVAL.
 */
int when_parse(const char *text, int64_t now_ns, struct when *ret);

/* "1500", "1.5us", "20ms", "3s", "5m", "2h", "1d" in ns; without a unit `unit_ns` counts. */
int duration_parse(const char *text, int64_t unit_ns, int64_t *ret_ns);

#endif
