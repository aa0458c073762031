/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread that has asked for it can be told of its last calls; see
 * history.c. AS-safe, MT-safe.
 */
#ifndef SHIM_HISTORY_H
#define SHIM_HISTORY_H

#include "shim.h"

struct history;

/* Notes a call that has been recorded, or was to be. Only where c->t->history is there. */
void history_add(const struct call *c);
/* A thread ends. */
void history_release(struct thread *t);

#endif
