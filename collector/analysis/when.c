/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parsing of times and durations; see when.h.
 */
#include "when.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char when_forms[] = "-5m, -30s, -2h (ago), +2.5s (since the run began), 14:30[:05[.25]] (today), "
	"2026-08-01[T14:30[:05[.25]][Z]], @SECONDS[.FRACTION] (since the epoch)";

/* Exact decimal: a double has no room for nanoseconds since the epoch. */
static int decimal(const char **p, int64_t unit, int64_t *ret)
{
	int64_t whole = 0, part = 0, scale = unit;

	if (!isdigit((unsigned char)**p))
		return -EINVAL;
	for (; isdigit((unsigned char)**p); (*p)++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, **p - '0', &whole))
			return -EINVAL;
	if (**p == '.') {
		for ((*p)++; isdigit((unsigned char)**p); (*p)++) {
			scale /= 10;
			part += (**p - '0') * scale;
		}
	}
	if (__builtin_mul_overflow(whole, unit, &whole) || __builtin_add_overflow(whole, part, ret))
		return -EINVAL;
	return 0;
}

static int64_t unit_ns(const char *name)
{
	static const struct { const char *name; int64_t ns; } units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", NSEC_PER_SEC },
		{ "m", 60 * NSEC_PER_SEC }, { "min", 60 * NSEC_PER_SEC },
		{ "h", 3600 * NSEC_PER_SEC }, { "d", 86400 * NSEC_PER_SEC },
	};

	for (unsigned int i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(name, units[i].name) == 0)
			return units[i].ns;
	return 0;
}

int duration_parse(const char *text, int64_t unit, int64_t *ret_ns)
{
	const char *name = text + strspn(text, "0123456789.");

	if (*name)
		unit = unit_ns(name);
	return unit && decimal(&text, unit, ret_ns) == 0 && text == name ? 0 : -EINVAL;
}

static bool two_digits(const char **p, int max, int *ret)
{
	const char *s = *p;

	if (!isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]))
		return false;
	*ret = (s[0] - '0') * 10 + s[1] - '0';
	*p = s + 2;
	return *ret <= max;
}

/* HH:MM[:SS[.frac]] */
static bool clock_time(const char **p, struct tm *tm, int64_t *ns)
{
	int64_t sec = 0;

	if (!two_digits(p, 23, &tm->tm_hour) || *(*p)++ != ':' || !two_digits(p, 59, &tm->tm_min))
		return false;
	if (**p != ':')
		return true;
	(*p)++;
	if (!isdigit((unsigned char)(*p)[0]) || !isdigit((unsigned char)(*p)[1]) ||
	    decimal(p, NSEC_PER_SEC, &sec) < 0 || sec >= 61 * NSEC_PER_SEC)
		return false;
	tm->tm_sec = sec / NSEC_PER_SEC;
	*ns = sec % NSEC_PER_SEC;
	return true;
}

/* Z or +HH:MM at *p; then *ret is the seconds east of UTC. */
static bool zone(const char **p, int *ret)
{
	int sign = **p == '-' ? -1 : 1, hours, minutes;

	if (**p == 'Z' || **p == 'z') {
		(*p)++;
		*ret = 0;
		return true;
	}
	if (**p != '+' && **p != '-')
		return false;
	(*p)++;
	if (!two_digits(p, 23, &hours) || *(*p)++ != ':' || !two_digits(p, 59, &minutes))
		return false;
	*ret = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* timegm turns the 30th of February into one of March. */
static int days_of(const struct tm *tm)
{
	struct tm last = { .tm_year = tm->tm_year, .tm_mon = tm->tm_mon + 1, .tm_mday = 0 };

	timegm(&last);
	return last.tm_mday;
}

static bool date(const char **p, struct tm *tm)
{
	char *end;
	long year = strtol(*p, &end, 10);

	if (end - *p != 4 || *end != '-')
		return false;
	*p = end + 1;
	tm->tm_year = year - 1900;
	if (!two_digits(p, 12, &tm->tm_mon) || tm->tm_mon-- < 1 || *(*p)++ != '-' ||
	    !two_digits(p, 31, &tm->tm_mday) || tm->tm_mday < 1)
		return false;
	return tm->tm_mday <= days_of(tm);
}

static int calendar(const char *p, int64_t now_ns, int64_t *ret_ns)
{
	time_t now = now_ns / NSEC_PER_SEC, sec;
	struct tm tm = { .tm_isdst = -1 };
	int east;
	int64_t ns = 0;

	if (p[0] && p[1] && p[2] == ':') {
		localtime_r(&now, &tm);
		tm.tm_sec = 0;
		tm.tm_isdst = -1;
		if (!clock_time(&p, &tm, &ns))
			return -EINVAL;
	} else {
		if (!date(&p, &tm))
			return -EINVAL;
		if ((*p == 'T' || *p == 't' || *p == ' ') && (p++, !clock_time(&p, &tm, &ns)))
			return -EINVAL;
	}
	sec = zone(&p, &east) ? timegm(&tm) - east : mktime(&tm);
	if (*p)
		return -EINVAL;
	*ret_ns = sec * NSEC_PER_SEC + ns;
	return 0;
}

int when_parse(const char *text, int64_t now_ns, struct when *ret)
{
	struct when w = { .since_run = *text == '+' };
	int r;

	if (*text == '+' || *text == '-')
		r = duration_parse(text + 1, NSEC_PER_SEC, &w.ns);
	else if (*text == '@')
		r = duration_parse(text + 1, NSEC_PER_SEC, &w.ns);
	else if (strcmp(text, "now") == 0)
		r = 0, w.ns = now_ns;
	else
		r = calendar(text, now_ns, &w.ns);
	if (r < 0)
		return r;
	if (*text == '-')
		w.ns = now_ns - w.ns;
	*ret = w;
	return 0;
}
