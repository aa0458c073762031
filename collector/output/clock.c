/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times as text; see clock.h.
 */
#include "clock.h"

#include <time.h>

#define NSEC 1000000000

/* Whole seconds, rounded down. */
static int64_t seconds(int64_t ns)
{
	return ns / NSEC - (ns % NSEC < 0);
}

static bool known(struct clock *c, int64_t second)
{
	bool same = c->valid && c->second == second;

	c->valid = true;
	c->second = second;
	return same;
}

void clock_utc(struct clock *c, struct text *t, int64_t realtime_ns)
{
	time_t second = seconds(realtime_ns);
	struct tm tm;

	if (!known(c, second)) {
		gmtime_r(&second, &tm);
		strftime(c->text, sizeof(c->text), "%Y-%m-%dT%H:%M:%S.", &tm);
	}
	text_add(t, c->text);
	text_addz(t, realtime_ns - second * NSEC, 9);
	text_addc(t, 'Z');
}

void clock_local(struct clock *c, struct text *t, int64_t realtime_ns)
{
	time_t second = seconds(realtime_ns), now;
	struct tm tm, today;

	if (!known(c, second)) {
		now = time(NULL);
		localtime_r(&second, &tm);
		localtime_r(&now, &today);
		strftime(c->text, sizeof(c->text),
			 tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year ?
			 "%H:%M:%S." : "%Y-%m-%d %H:%M:%S.", &tm);
	}
	text_add(t, c->text);
	text_addz(t, (realtime_ns - second * NSEC) / 1000, 6);
}
