/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one record does to what is known of its thread's mask. The replays
 * (masks*.c, hygiene/) share it. Pure: MT-safe.
 */
#ifndef SIGSHIM_MASK_STEP_H
#define SIGSHIM_MASK_STEP_H

#include "masks.h"

#define FOR_EACH_BIT(n, set) \
	for (uint64_t set_ = (set); set_ && (n = (unsigned int)__builtin_ctzll(set_), true); set_ &= set_ - 1)

/* The call as the cause of what it blocked. */
struct mask_cause mask_call(const struct log_event *ev);
/* A cause as a child of any kind takes it over. */
struct mask_cause mask_inherited(struct mask_cause cause);

/* Takes over a mask that differs from the one known: what is new nobody recorded. */
void mask_correct(struct mask_thread *t, uint64_t mask, uint64_t seq);

/* What the record says of the time after it. */
void mask_apply(struct mask_thread *t, const struct log_event *ev);

#endif
