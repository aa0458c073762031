/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts how often each pair of call and thread occurs: what SQLite's GROUP BY
 * would sort a million rows for. For this folder alone; one thread.
 */
#ifndef SIGSHIM_TALLY_H
#define SIGSHIM_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct pair {
	int64_t call, thread, count;	/* count 0: a free slot */
};

struct tally {
	struct pair *slots;
	size_t n, room;		/* room is a power of two, or 0 */
};

/* 0 or -ENOMEM. */
int tally_add(struct tally *t, int64_t call, int64_t thread);
void tally_free(struct tally *t);

#endif
