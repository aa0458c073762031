/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the commands that read a log share: opening it with its frames named,
 * and saying what is missing from it. For cmd_query and cmd_blocked. main-only.
 */
#ifndef SIGSHIM_READING_H
#define SIGSHIM_READING_H

#include <stdint.h>

#include "../output/output.h"
#include "../store/store.h"

/*
 * Opens a log for reading, after naming frames that its collector left without
 * a name, when the log can be written. Prints what is wrong and returns an
 * exit code other than EXIT_OK on failure.
 */
int reading_open(const char *path, struct store **ret);

/* One line each about lost records and a run that did not end. */
void reading_report_gaps(struct store *s);

/* The state of the last run. */
struct last_run {
	int64_t id, started_ns, mono_ns;
	bool ended;
};
int reading_last_run(struct store *s, struct last_run *ret);

/* CLOCK_REALTIME */
int64_t reading_now(void);

/* Output to stdout as its terminal, if it is one, can show it. */
struct output_options reading_output(struct store *s);

/*
 * The exit code for the end of a command's work: prints a failure of the log
 * or of stdout. A reader of stdout that went away is no failure.
 */
int reading_finish(const struct store *s, int r);

#endif
