/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where sessions put what they received: the log, what was refused, and what
 * all peers together may take of the collector's memory. Writes on when the
 * log cannot be written for a while (a full disk), and counts what that cost.
 * Used by ingest/ alone. main-only.
 */
#ifndef SIGSHIM_SINK_H
#define SIGSHIM_SINK_H

#include "../store/store.h"
#include "decode.h"
#include "ingest.h"
#include "map.h"

/* Row ids: those above the ones of the last commit are void when a transaction is lost. */
struct marks {
	int64_t process, thread, module, stack;
};

/* Of the transaction that is open, or was when the log failed. */
struct open_rows {
	uint64_t events;
	uint64_t refused;		/* store_refused() when it began */
	uint64_t missing;		/* records that its gaps tell of */
};

/* The end of a process, kept until it is safe in the log. */
struct end {
	int64_t process;
	uint64_t ended_ns, lost;
	const char *end;	/* a constant */
};

struct sink {
	struct store *store;		/* NULL while it cannot be opened again */
	char *path;
	int64_t run;
	struct ingest_stats stats;
	uint64_t refused[REFUSED_MAX];	/* not in the log yet */
	struct budget heap, rings;
	struct map instances;		/* instance → process row */
	struct map images;		/* process → row of its last image */
	struct marks given, safe;
	struct open_rows open;
	uint64_t news;			/* records since the last commit */
	uint64_t committed_ns;
	uint64_t unstored;		/* events not taken, not in the log's gaps yet */
	struct end *ends;
	size_t nends, ends_size;
	int failure;			/* -errno while the log can't be written */
	uint64_t retry_ns;
};

/* Takes the store over. */
int sink_open(struct sink *sink, struct store *store, int64_t run);
void sink_close(struct sink *sink);

void sink_refuse(struct sink *sink, enum refusal why, uint64_t count);
/* Each returns 0 or -errno; then the row is not there and nothing was lost but it. */
int sink_process(struct sink *sink, const struct process_info *info, int64_t *ret_process);
int sink_vfork_child(struct sink *sink, int64_t parent, int host_pid, const struct event *ev,
		     int64_t *ret_process);
int sink_thread(struct sink *sink, int64_t process, uint32_t ordinal, int tid, int host_tid,
		int64_t *ret_thread);
int sink_mapping(struct sink *sink, int64_t process, const struct module *m, const char *path,
		 int64_t *ret_module);
int sink_stack(struct sink *sink, const struct stack_frame *frames, unsigned int n,
	       enum sigshim_stack_end end, int64_t *ret_stack);
/* Thread 0: it could not be made. Counts what the log does not take. */
void sink_event(struct sink *sink, int64_t thread, const struct event *ev, int64_t stack);
void sink_gap(struct sink *sink, const struct gap_info *gap);
/* For finding the parents of later processes. */
void sink_parents(struct sink *sink, uint64_t instance, uint64_t image, int64_t process);
/* `end` is a constant. */
void sink_process_end(struct sink *sink, int64_t process, const char *end, uint64_t lost);

void sink_named(struct sink *sink, int64_t frame, const struct symbol_info *symbols, unsigned int n,
		bool signal);

/* Commits when there is reason to; `force`: in any case. */
void sink_commit(struct sink *sink, bool force);
/*
 * While the log can't be written: looks once a second whether it can again.
 * True when it can; row ids above *ret_safe are then void.
 */
bool sink_recover(struct sink *sink, struct marks *ret_safe);

uint64_t sink_now(void);	/* CLOCK_MONOTONIC in ns */

#endif
