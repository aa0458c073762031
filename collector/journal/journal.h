/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The face of journal/: a file beside the log, LOG-events.RUN, to which a
 * collector appends what it records, long before it is in the log. Every row
 * of the log is an operation here, with the id that the collector chose. What
 * was flushed survives the collector's death; journal_replay brings it into
 * the log exactly once, since the log holds the position up to which it has
 * everything. ingest/ appends and replays, cli/ finishes what was left behind.
 *
 * Functions return 0 or positive, or -errno; ret_ outputs are untouched on
 * failure. A writer belongs to one thread, a reader to one thread; a reader
 * may follow a writer of the same file.
 */
#ifndef SIGSHIM_JOURNAL_H
#define SIGSHIM_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../store/store.h"

/* --- writing ------------------------------------------------------------- */

struct journal;
struct certificate;
struct finding_info;
struct container_info;

/* Makes and locks the file of a run. -EBUSY: somebody has it. */
int journal_create(const char *log, int64_t run, struct journal **ret);
/* Closes; the file stays. NULL is a no-op. */
void journal_close(struct journal *j);
/* Removes the file and closes. */
void journal_remove(struct journal *j);
const char *journal_path(const struct journal *j);

/*
 * Operations, as of store.h. They go into memory; -errno when there is no room
 * and no more can be written. Then nothing was taken.
 */
int journal_process(struct journal *j, int64_t id, const struct process_info *info);
int journal_vfork_child(struct journal *j, int64_t id, const struct vfork_info *child);
int journal_process_end(struct journal *j, int64_t process, uint64_t ended_ns, const char *end, uint64_t lost);
int journal_thread(struct journal *j, int64_t id, const struct thread_info *t);
int journal_module(struct journal *j, int64_t id, const char *path, const char *build_id);
int journal_mapping(struct journal *j, const struct mapping_info *m);
int journal_stack(struct journal *j, int64_t id, const struct stack_frame *frames, unsigned int n,
		  enum sigshim_stack_end end);
int journal_shim_stack(struct journal *j, int64_t process, uint32_t number, int64_t stack);
int journal_call(struct journal *j, int64_t id, const struct event *ev, int64_t stack);
int journal_event(struct journal *j, const struct occurrence *e);
int journal_gap(struct journal *j, const struct gap_info *gap);
int journal_refusal(struct journal *j, int64_t run, const char *reason, uint64_t count);
int journal_certificate(struct journal *j, const struct certificate *c);
int journal_finding(struct journal *j, const struct finding_info *f);
int journal_container(struct journal *j, const struct container_info *c);

/*
 * Writes what is in memory to the file. On failure it stays in memory, and
 * no events are taken until a later call succeeds.
 */
int journal_flush(struct journal *j);
/* -errno while it cannot be written. */
int journal_failure(const struct journal *j);
/* Whether something waits in memory. */
bool journal_dirty(const struct journal *j);
/* Bytes before this position are in the file. */
uint64_t journal_position(const struct journal *j);
/* Gives the disk back: everything up to journal_position() is in the log. */
int journal_trim(struct journal *j);
/* Bytes that a trim would give back. */
uint64_t journal_size(const struct journal *j);

/* --- replaying ------------------------------------------------------------- */

struct journal_reader;

/* Opens the file of a run, from `position` on. */
int journal_read(const char *path, int64_t run, uint64_t position, struct journal_reader **ret);
void journal_read_close(struct journal_reader *r);
/*
 * Brings chunks before `until` into the log's open transaction, about `bytes`
 * of them, and notes the position there; the caller commits, and when that
 * fails calls journal_rewind. Returns 1 while there may be more, 0 at the end
 * of what is whole. *events counts.
 */
int journal_replay(struct journal_reader *r, struct store *s, uint64_t until, uint64_t bytes, uint64_t *events);
/* Where the next chunk begins. */
uint64_t journal_read_position(const struct journal_reader *r);
void journal_rewind(struct journal_reader *r, uint64_t position);

/* --- what killed collectors left -------------------------------------------- */

struct journal_leftover {
	char path[4096];
	int64_t run;
	uint64_t bytes;
	bool alive;		/* its collector is at work */
};
/* Calls fn for each journal beside the log; fn returns 0 to go on. */
int journal_leftovers(const char *log, int (*fn)(const struct journal_leftover *l, void *arg), void *arg);
/*
 * Finishes those whose collectors are dead: their rest goes into the log, the
 * files go. progress (may be NULL) returns 0 to go on. Returns how many.
 */
int journal_finish_all(struct store *s, int (*progress)(uint64_t done, uint64_t total, void *arg), void *arg);

#endif
