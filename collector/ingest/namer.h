/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names frames on a thread of its own, since looking into debug information
 * takes long. The store stays with the indexing thread: batches go to the
 * other and come back. Used by the indexer. One thread.
 */
#ifndef SIGSHIM_NAMER_H
#define SIGSHIM_NAMER_H

#include <stdbool.h>

struct namer;
struct files;
struct store;

/* done is called, on the other thread, when a batch is done. Modules are looked for in files first. */
int namer_open(void (*done)(void *arg), void *arg, struct files *files, struct namer **ret);
void namer_close(struct namer *n);
/* Stores a finished batch and hands out the next. True while one is under way. */
bool namer_turn(struct namer *n, struct store *s);
/* What was stored may be lost: begin anew. */
void namer_restart(struct namer *n);

#endif
