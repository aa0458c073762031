/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The collector's end of the ring that wire.h defines: creates it and reads
 * it. The writer is hostile: whatever the shared memory says, reading it stays
 * inside the map, copies a bounded number of bytes and ends. Used by a
 * session. One reader per ring, not thread-safe.
 */
#ifndef SIGSHIM_RING_READER_H
#define SIGSHIM_RING_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sigshim/wire.h>

#include "map.h"
#include "ticks.h"

#define RING_MIN_DATA (64u << 10)
#define RING_MAX_DATA ((size_t)SIGSHIM_RING_MAX_CELLS * SIGSHIM_CELL)

#define RING_SPANS 64
struct span {
	uint64_t from, to;
};

struct ring {
	struct sigshim_ring *shared;	/* NULL: there is none */
	uint64_t *state;
	const unsigned char *data;
	size_t file_size, map_size;
	uint64_t ncells;
	uint64_t head;		/* next position to look at */
	uint64_t published;	/* head as writers see it: what is before it was freed */
	struct span taken[RING_SPANS];	/* copied out, not freed yet, ascending */
	unsigned int ntaken;
	struct span late[RING_SPANS];	/* the same, of positions before `published` */
	unsigned int nlate;
	uint64_t seen_tail;	/* tail when the current round began */
	uint64_t pass_below;	/* unfinished positions below it are passed */
	uint64_t *holes;	/* passed and unfinished positions, ascending */
	size_t nholes, holes_size;
	size_t late_at, late_left;	/* where this round's look at holes goes on */
	struct budget *budget;
	bool broken;		/* it said what cannot be; not read any more */
};

/*
 * Makes a ring with `data_size` bytes of cells, a power of two, charged to the
 * budget. *ret_fd is for the peer; close it when it is sent.
 */
int ring_create(size_t data_size, struct budget *b, struct ring *ret, int *ret_fd);
void ring_close(struct ring *r);

/*
 * Begins a round. A position that is taken and unfinished is waited for until
 * the next round and then passed; with `last`, it is passed at once.
 */
void ring_begin(struct ring *r, bool last);
/*
 * Each copies one committed frame to buf (SIGSHIM_MAX_FRAME_SIZE bytes) and
 * returns its length, 0 when there is none now, or a negative enum refusal
 * and can be called again. ring_late gives frames that were passed unfinished
 * and are finished by now. Their cells stay the reader's until ring_release,
 * so that whoever dies with the copies has lost nothing.
 */
int ring_next(struct ring *r, void *buf);
int ring_late(struct ring *r, void *buf);
/* Lets ring_late look at every hole again in this round. */
void ring_again(struct ring *r);

/* True when nothing more is given out before a ring_release. */
static inline bool ring_must_release(const struct ring *r)
{
	return r->ntaken == RING_SPANS || r->nlate == RING_SPANS;
}
/* Gives the cells of all frames that were copied out back to the writers. */
void ring_release(struct ring *r);

uint64_t ring_lost(const struct ring *r);
/* Of forked children that write here. */
uint64_t ring_children_lost(const struct ring *r);
/* True once the process said that it ends. */
bool ring_bye(const struct ring *r);
/* Tells writers that somebody reads, and that nobody will any more. */
void ring_beat(struct ring *r, struct ticks_sample now);
/* How long they go on without, in ticks. */
void ring_patience(struct ring *r, uint64_t ticks);
void ring_stop(struct ring *r);
/* Whether anybody ever wrote into it. */
bool ring_is_used(const struct ring *r);
/* Whether positions were taken that were not looked at. */
bool ring_pending(const struct ring *r);
/* Whether writers took more than 1/part of it since it was last released. */
bool ring_is_filling(const struct ring *r, unsigned int part);
/* Whether the next frame is there already. */
bool ring_ready(const struct ring *r);

#endif
