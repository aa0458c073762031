/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The replay behind struct masks. For masks*.c alone.
 */
#ifndef SIGSHIM_MASKS_INTERNAL_H
#define SIGSHIM_MASKS_INTERNAL_H

#include "masks.h"

/* NULL if it isn't there. For threads of the log, before stand-ins are added. */
struct mask_thread *masks_thread(const struct masks *m, int64_t id);

/* Applies the processes' starts and the events up to at_ns. */
int masks_replay(struct store *s, const struct masks_query *q, struct masks *m);

/* Marks the threads about which lost records leave a doubt. */
int masks_doubt(struct store *s, const struct masks_query *q, struct masks *m);

#endif
