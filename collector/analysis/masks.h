/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which signals each thread has blocked at a moment of a log, and what blocked
 * them: the records of all threads are replayed in time order, from the masks
 * that the processes started with. output/ and cli/ use it. Belongs to one
 * thread.
 */
#ifndef SIGSHIM_MASKS_H
#define SIGSHIM_MASKS_H

#include <stdbool.h>
#include <stdint.h>

#include "../store/store.h"

enum mask_cause_kind {
	MASK_NOBODY,		/* it was not blocked yet */
	MASK_CALL,		/* by a recorded call of this thread */
	MASK_INHERITED,		/* by a recorded call of its creator, parent, or image before exec */
	MASK_START,		/* since before anything was recorded */
	MASK_UNRECORDED,	/* in a way that no record tells */
};

struct mask_cause {
	enum mask_cause_kind kind;
	int64_t event, stack;		/* CALL, INHERITED: the call, and from where */
	int64_t process;		/* and the process that made it */
	int tid;			/* and its thread */
	uint64_t after_seq, before_seq;	/* UNRECORDED: between these; after 0 is the start */
};

struct mask_process {
	int64_t id, run, parent;
	int pid, host_pid;
	char *comm, *exe, *end;		/* end as in the log, once it did; any may be NULL */
	bool replaced;			/* by an exec, which made another process row */
	bool mask_known, started;
	uint64_t mask_start, started_ns, ended_ns;	/* ended_ns 0: not yet, or unknown */
	struct mask_cause *start;	/* 64, for the bits of mask_start; NULL without */
	struct mask_cause attributes;	/* the last pthread_attr_setsigmask_np, by then */
	unsigned int first;		/* of its threads: 1 + index in masks.threads; 0: none */
};

struct mask_thread {
	int64_t id;			/* 0: stands for a process without records */
	struct mask_process *process;
	unsigned int next;		/* of its process's threads, as `first` */
	int tid, host_tid;		/* host_tid 0: unknown */
	bool seen;			/* it has records */
	bool ended;			/* by a record; destructors may have run after it */
	bool known;			/* mask is */
	uint64_t mask;
	uint64_t last_seq, last_ns;
	bool uncertain;			/* records after the last one are missing */
	const char *gap;		/* why; valid with the masks */
	struct mask_cause *cause;	/* 64, kept after a signal was unblocked; NULL: it never blocked one */
};

struct masks {
	struct mask_process *processes;
	struct mask_thread *threads;
	unsigned int nprocesses, nthreads;
	char **gaps;
	unsigned int ngaps;
};

struct masks_query {
	int64_t run;
	uint64_t at_ns;			/* CLOCK_MONOTONIC; UINT64_MAX: the end */
	int (*progress)(void *arg);	/* as in struct event_query */
	void *progress_arg;
};

int masks_read(struct store *s, const struct masks_query *q, struct masks **ret);
void masks_free(struct masks *m);

/* NULL if it isn't there. */
struct mask_process *masks_process(const struct masks *m, int64_t id);

/* The same call, or the same lack of one. */
bool mask_same_cause(const struct mask_cause *a, const struct mask_cause *b);

#endif
