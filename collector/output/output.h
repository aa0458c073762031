/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers in the form that was asked for: events as a table for people, and
 * as jsonl, csv and the two layouts that Tracee's consumers read; and plain
 * rows of cells. cli/ uses it. An output belongs to one thread.
 *
 * Functions return 0 or -errno; a reader that went away is -EPIPE.
 */
#ifndef SIGSHIM_OUTPUT_H
#define SIGSHIM_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "../store/store.h"

struct output;

struct output_options {
	FILE *out;
	struct store *store;	/* for the stacks of events */
	bool stack;		/* table: the frames under each event */
	bool color;
	unsigned int width;	/* of the terminal; 0: rows are never cut */
};

/* All formats, NULL-terminated; the first is the default. */
extern const char *const output_formats[];
/* Those that rows have too. */
extern const char *const rows_formats[];

/* -EINVAL: no such format. */
int output_open(const char *format, const struct output_options *opt, struct output **ret);
/* Fit for store_events. */
int output_event(struct output *o, const struct log_event *ev);
/* Everything so far becomes visible; frames may be named anew after it. */
int output_flush(struct output *o);
/* Ends the output. NULL is a no-op. */
int output_close(struct output *o);

/* --- rows of cells: counts, statements, reports ----------------------- */

struct rows;

enum cell_type {
	CELL_TEXT,
	CELL_NUMBER,	/* an integer */
	CELL_ANY,	/* either, as each cell looks */
};

struct row_column {
	const char *name;
	enum cell_type type;
};

int rows_open(const char *format, const struct output_options *opt, const struct row_column *columns,
	      unsigned int n, struct rows **ret);
/* n cells; NULL is null. */
int rows_add(struct rows *r, const char *const *cells);
int rows_close(struct rows *r);

#endif
