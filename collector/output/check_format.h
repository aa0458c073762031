/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the formats of findings share. For check*.c alone.
 */
#ifndef SIGSHIM_CHECK_FORMAT_H
#define SIGSHIM_CHECK_FORMAT_H

#include "check.h"
#include "json.h"

/* One format: writes the whole report into a text. */
int check_text(const struct check_view *v, struct text *t);
int check_json(const struct check_view *v, struct text *t);
int check_sarif(const struct check_view *v, struct text *t);
int check_junit(const struct check_view *v, struct text *t);
int check_tap(const struct check_view *v, struct text *t);

/* The frames of a finding's i-th call; 0 without. */
int check_frames(const struct check_view *v, const struct finding *f, unsigned int i,
		 const struct log_frame **ret, enum sigshim_stack_end *ret_end);

/* Appends "file:line", else "function (module)", of the innermost frame; else the program. */
void check_place(const struct check_view *v, const struct finding *f, unsigned int i, struct text *t);

/* The call whose author is to be asked: what blocked or ignored, else where it happens. */
unsigned int check_culprit(const struct finding *f);

/* Calls fn for a recorded call. */
int check_call(const struct check_view *v, int64_t event,
	       int (*fn)(const struct log_event *ev, void *arg), void *arg);

/* Appends why no verdict was possible, as a sentence; and for which rules. */
void check_doubt(const struct check_view *v, const struct doubt *d, struct text *t);

/* Appends all of a finding for people: message, calls with stacks, whom to ask, the fix. */
int check_finding(const struct check_view *v, const struct finding *f, struct text *t, bool color);

#endif
