/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times of events as text. Consecutive events share their second, so its text
 * is kept. For the files of this folder.
 */
#ifndef SIGSHIM_CLOCK_H
#define SIGSHIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "../analysis/text.h"

struct clock {
	bool valid;
	int64_t second;
	char text[40];	/* up to the seconds */
};

/* 2026-08-01T12:00:00.123456789Z */
void clock_utc(struct clock *c, struct text *t, int64_t realtime_ns);
/* 14:00:00.123456 in local time, with the date before it when that isn't today. */
void clock_local(struct clock *c, struct text *t, int64_t realtime_ns);

#endif
