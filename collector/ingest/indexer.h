/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brings the journal into the log on a thread of its own, and names frames
 * when there is nothing else to do. From indexer_open to indexer_close the
 * store is the thread's. Used by ingest/. All functions are main-only.
 */
#ifndef SIGSHIM_INDEXER_H
#define SIGSHIM_INDEXER_H

#include <stdbool.h>
#include <stdint.h>

struct indexer;
struct store;
struct files;

/* files: see files.h; it stays the caller's. */
int indexer_open(struct store *store, int64_t run, const char *journal, struct files *files, struct indexer **ret);
/* Ends the thread where it is. NULL is a no-op. */
void indexer_close(struct indexer *x);

/* The journal's file has everything before this position. */
void indexer_advance(struct indexer *x, uint64_t position);
/* The log has everything before it. */
uint64_t indexer_position(const struct indexer *x);
/* -errno while the log cannot be written; it is tried again every second. */
int indexer_failure(const struct indexer *x);

/*
 * At the end, when nobody's work is disturbed any more. Waits at most max_ms
 * for the log to have everything, or for all frames to have names. Returns how
 * many bytes or frames are left, or -errno when the log cannot be written.
 */
int64_t indexer_finish(struct indexer *x, int max_ms);
int64_t indexer_name(struct indexer *x, int max_ms);

#endif
