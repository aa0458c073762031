/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells on stderr that a command which takes long is at work: a line that is
 * redrawn on a terminal, elsewhere one line. For the commands. main-only.
 */
#ifndef SIGSHIM_PROGRESS_H
#define SIGSHIM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what, *unit;	/* "searching", "events" */
	int64_t started_ns, drawn_ns;
	int64_t count;		/* units so far; the command counts them */
	bool drawn, quiet;	/* quiet: rows on the screen are progress enough */
};

void progress_begin(struct progress *p, const char *what, const char *unit);
/* Fit for struct event_query: shows itself after two seconds. Returns 0. */
int progress_tick(void *p);
/* Removes the line. */
void progress_end(struct progress *p);

#endif
