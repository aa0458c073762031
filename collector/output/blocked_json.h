/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The jsonl side of blocked.h. For blocked*.c alone.
 */
#ifndef SIGSHIM_BLOCKED_JSON_H
#define SIGSHIM_BLOCKED_JSON_H

#include "blocked.h"

int blocked_json(const struct blocked_view *v, const struct mask_thread *t, const struct live_thread *live);

/* Gives the event with that id to fn. */
int blocked_call(const struct blocked_view *v, int64_t event,
		 int (*fn)(const struct log_event *ev, void *arg), void *arg);

#endif
