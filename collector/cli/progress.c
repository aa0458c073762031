/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Progress on stderr; see progress.h. main-only.
 */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define PATIENCE_NS 2000000000
#define REDRAW_NS 200000000

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

void progress_begin(struct progress *p, const char *what, const char *unit)
{
	*p = (struct progress){ .what = what, .unit = unit, .started_ns = now_ns() };
}

int progress_tick(void *arg)
{
	struct progress *p = arg;
	int64_t now = now_ns();
	bool terminal;

	if (now - p->started_ns < PATIENCE_NS || now - p->drawn_ns < REDRAW_NS || p->quiet)
		return 0;
	terminal = cli_is_terminal(STDERR_FILENO);
	if (!terminal && p->drawn)
		return 0;
	if (terminal && isatty(STDOUT_FILENO) && p->count) {
		progress_end(p);
		p->quiet = true;
		return 0;
	}
	fprintf(stderr, "%ssigshim: %s: %" PRId64 " s, %" PRId64 " %s so far%s", terminal ? "\r" : "",
		p->what, (now - p->started_ns) / 1000000000, p->count, p->unit,
		terminal ? "\033[K" : " ...\n");
	p->drawn = true;
	p->drawn_ns = now;
	return 0;
}

void progress_end(struct progress *p)
{
	if (p->drawn && cli_is_terminal(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	p->drawn = false;
}
