/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prose on standard output, either wrapped to 80 columns for a terminal or as
 * Markdown. For the commands of this folder. main-only.
 */
#ifndef SIGSHIM_CLI_DOCUMENT_H
#define SIGSHIM_CLI_DOCUMENT_H

#include <stdbool.h>

struct document {
	bool markdown;
	bool bold;	/* headings, on a terminal */
};

/* Level 1 names the page, 2 an event, 3 a part of it. */
void document_heading(const struct document *d, int level, const char *text);
void document_paragraph(const struct document *d, const char *text);
void document_item(const struct document *d, const char *text);
void document_code(const struct document *d, const char *text);
/* A blank line after items. */
void document_end_items(const struct document *d);

/* Columns are aligned; the last is prose and wrapped. Only Markdown shows the head. */
#define DOCUMENT_CELLS 4
struct document_row {
	const char *cell[DOCUMENT_CELLS];
};
void document_table(const struct document *d, const struct document_row *head,
		    const struct document_row *rows, unsigned int nrows, unsigned int ncells);

#endif
