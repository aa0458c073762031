/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is missing from one process: breaks in its threads' numbers, matched
 * with the counts of lost calls that its shim gives. Records may come late, so
 * a break waits before it becomes a row of the log. The sum of the rows is the
 * process's `lost`. Used by a session. main-only.
 */
#ifndef SIGSHIM_GAPS_H
#define SIGSHIM_GAPS_H

#include <stdbool.h>

#include "sink.h"

struct thread {
	int64_t id;		/* in the log, 0: not there yet */
	uint64_t next;		/* number that comes next */
	uint32_t ordinal;
	uint32_t generation;	/* of the connection it last spoke on */
};

struct gap {
	uint32_t thread;	/* index */
	bool first_sight;	/* the thread's first record on this connection */
	uint64_t first, last, since_ns;
};

struct gaps {
	struct gap *list;
	size_t n, size;
	uint64_t before;	/* lost before the hello, in no row yet */
	uint64_t before_told;	/* in a row without numbers, which breaks will show */
	uint64_t overflow;	/* lost since the hello, as the shim counts */
	uint64_t overflow_left;	/* of these, in no row yet */
	uint64_t unexplained;	/* in rows, before the shim's count came */
	uint64_t lost;		/* sum of all rows */
	bool unknown;		/* a row of unknown size was written */
};

/*
 * Notes that number `seq` of the thread arrived; false if it was there before.
 * first_sight: the thread's numbers below may have been lost before the hello.
 */
bool gaps_arrived(struct gaps *g, struct sink *sink, int64_t process, struct thread *threads,
		  uint32_t thread, uint64_t seq, bool first_sight);
/* A break of earlier, which records may still fill. */
void gaps_known(struct gaps *g, struct sink *sink, int64_t process, struct thread *threads,
		uint32_t thread, uint64_t first, uint64_t last);
/* The shim's count since the hello; it never falls. */
void gaps_count(struct gaps *g, uint64_t lost);
/* Explains breaks by up to `lost` calls that were counted elsewhere; returns by how many. */
uint64_t gaps_explain(struct gaps *g, uint64_t lost);
/*
 * Writes rows for breaks that nothing can fill any more: those that the counts
 * explain, after two seconds and if no frame is unfinished; `all` at the end.
 */
void gaps_settle(struct gaps *g, struct sink *sink, int64_t process, const struct thread *threads,
		 bool unfinished, bool all);
/* A row of unknown size. */
void gaps_unknown(struct gaps *g, struct sink *sink, int64_t process, const char *reason);
void gaps_free(struct gaps *g, struct budget *b);

#endif
