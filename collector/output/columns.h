/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of any length. libsmartcols lays out the first rows; the rows after
 * them are written as they come, in the same columns, so that a million of
 * them need no memory. For the files of this folder.
 */
#ifndef SIGSHIM_COLUMNS_H
#define SIGSHIM_COLUMNS_H

#include "format.h"

struct columns;

struct column {
	const char *name;
	bool right;		/* numbers */
	bool cut;		/* may be cut to fit the terminal */
	const char *color;	/* NULL, or an escape sequence for its cells */
};

#define COLUMNS_MAX 64

int columns_new(const struct output_options *opt, const struct column *columns, unsigned int n,
		struct columns **ret);
/*
 * A row: n strings one after the other, each with its NUL, of UTF-8 without
 * control characters. `below` (may be NULL) is printed under it.
 */
int columns_add(struct columns *c, const char *cells, const char *below);
/* Prints what is still held back. */
int columns_flush(struct columns *c);
void columns_free(struct columns *c);

#endif
