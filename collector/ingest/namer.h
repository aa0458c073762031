/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names frames on a thread of its own, since looking into debug information
 * takes long. The store stays with the main thread: batches go to the thread
 * and come back. Used by ingest/. All functions are main-only.
 */
#ifndef SIGSHIM_NAMER_H
#define SIGSHIM_NAMER_H

#include <stdbool.h>

#include "sink.h"

struct namer;

int namer_open(struct namer **ret);
void namer_close(struct namer *n);
/* Readable when a batch is done. */
int namer_fd(const struct namer *n);
/* Stores a finished batch and hands out the next. True while one is under way. */
bool namer_turn(struct namer *n, struct sink *sink);
/* Frames may have lost their rows: begin anew. */
void namer_restart(struct namer *n);

#endif
