/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where sessions put what they received: the journal, what was refused, and
 * what all peers together may take of the collector's memory. It gives rows
 * their ids. Goes on when the journal cannot be written for a while (a full
 * disk), and counts what that cost. Used by ingest/, and by verify/, which
 * writes beside the peers. main-only.
 */
#ifndef SIGSHIM_SINK_H
#define SIGSHIM_SINK_H

#include "../journal/journal.h"
#include "calls.h"
#include "decode.h"
#include "ingest.h"
#include "map.h"

struct sink {
	struct journal *journal;
	int64_t run;
	struct log_ids ids;		/* the last ones given out */
	struct intern *modules, *stacks, *calls, *frames;	/* by content; frames: see calls_frame_key */
	struct ingest_stats stats;
	uint64_t refused[REFUSED_MAX];	/* not in the journal yet */
	uint64_t refusals;		/* their sum */
	struct budget heap, rings;
	struct map instances;		/* instance → process row */
	struct map images;		/* process → row of its last image */
	struct map unended;		/* instance → process of a killed collector: row << 22 | host pid */
	uint64_t given;			/* events in the journal, those in its memory too */
	uint64_t unstored;		/* events not taken, in no gap yet */
	int failure;			/* -errno while the journal can't be written */
	uint64_t refused_ns, retry_ns;
};

/* Knows then what the log knows, and takes the journal over, also on failure. */
int sink_open(struct sink *sink, struct store *store, int64_t run, struct journal *journal, int64_t base);
void sink_close(struct sink *sink);

void sink_refuse(struct sink *sink, enum refusal why, uint64_t count);
/* Each returns 0 or -errno; then the row is not there and nothing was lost but it. */
int sink_process(struct sink *sink, const struct process_info *info, int64_t *ret_process);
int sink_vfork_child(struct sink *sink, const struct vfork_info *child, int64_t *ret_process);
int sink_thread(struct sink *sink, const struct thread_info *t, int64_t *ret_thread);
int sink_mapping(struct sink *sink, int64_t process, const struct module *m, const char *path,
		 int64_t *ret_module);
int sink_stack(struct sink *sink, const struct stack_frame *frames, unsigned int n,
	       enum sigshim_stack_end end, int64_t *ret_stack);
/* By what number the process speaks of it from now on. */
void sink_shim_stack(struct sink *sink, int64_t process, uint32_t number, int64_t stack);
int sink_call(struct sink *sink, const struct event *ev, int64_t stack, int64_t *ret_call);
/* Thread or call 0: it could not be made. Counts what the journal does not take. */
void sink_event(struct sink *sink, const struct occurrence *e);
void sink_gap(struct sink *sink, const struct gap_info *gap);
static inline int sink_unended_pid(int64_t value)
{
	return (int)(value & ((1 << 22) - 1));
}
static inline int64_t sink_unended_row(int64_t value)
{
	return value >> 22;
}

/* Where the process had a known module already. */
int sink_known_mapping(struct sink *sink, const struct mapping_info *m);
/* For finding the parents of later processes. */
void sink_parents(struct sink *sink, uint64_t instance, uint64_t image, int64_t process);
/* `end` is a constant. */
void sink_process_end(struct sink *sink, int64_t process, const char *end, uint64_t lost);

struct certificate;
struct finding_info;
struct container_info;
/* One that the journal does not take is missing. */
void sink_certificate(struct sink *sink, const struct certificate *c);
void sink_finding(struct sink *sink, const struct finding_info *f);
/* False if the journal does not take it. */
bool sink_container(struct sink *sink, const struct container_info *c);

/* Writes what waits to the journal's file; `force`: refusals of late too. */
void sink_flush(struct sink *sink, bool force);

uint64_t sink_now(void);	/* CLOCK_MONOTONIC in ns */

#endif
