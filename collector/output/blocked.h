/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows which signals threads have blocked and what blocked each, as text for
 * people or as jsonl: an object a thread and signal. cli/ uses it. Belongs to
 * one thread.
 */
#ifndef SIGSHIM_BLOCKED_H
#define SIGSHIM_BLOCKED_H

#include "../analysis/live.h"
#include "../analysis/masks.h"
#include "output.h"

extern const char *const blocked_formats[];	/* NULL-terminated; the first is the default */

struct blocked_view {
	struct output_options opt;
	const struct masks *masks;
	bool jsonl;
	uint64_t want;		/* signals of interest, as a mask */
};

/*
 * Shows a thread; `live`, if not NULL, is compared with it. With live alone
 * (t NULL) it is a thread that the log doesn't have. Returns 0 or -errno.
 */
int blocked_show(const struct blocked_view *v, const struct mask_thread *t, const struct live_thread *live);

#endif
