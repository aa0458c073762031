/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings of hygiene in the forms that people and other programs read. cli/
 * uses it. Belongs to one thread.
 */
#ifndef SIGSHIM_OUTPUT_CHECK_H
#define SIGSHIM_OUTPUT_CHECK_H

#include "../hygiene/hygiene.h"
#include "output.h"

struct check_view {
	FILE *out;
	struct store *store;
	bool color;
	const struct hygiene_report *report;
};

/* All formats, NULL-terminated; the first is the default. */
extern const char *const check_formats[];

/* -EINVAL: no such format. */
int check_show(const struct check_view *v, const char *format);

#endif
