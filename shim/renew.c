/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the ring of a killed collector to that of the next: what was committed
 * and not read goes along, in order. AS-safe; one thread at a time, with
 * signals blocked.
 */
#include <string.h>
#include <time.h>

#include "ring.h"
#include "sys.h"

#include "banned.h"

#define TRIES 100	/* ms that a full ring is waited for */

void ring_retire(struct sigshim_ring *ring)
{
	uint64_t tail = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);

	while (tail < RING_RETIRED &&
	       !__atomic_compare_exchange_n(&ring->tail, &tail, tail + RING_RETIRED, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
}

/* The collector is reading it already, so room may come. */
static bool put(struct process *p, struct sigshim_ring *to, const struct sigshim_frame *frame)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	struct ring_place at = { .ring = to };
	uint64_t k = (frame->size + SIGSHIM_CELL - 1) / SIGSHIM_CELL;

	for (unsigned int tries = 0; !ring_take_slowly(p, to, k, &at.pos); tries++) {
		if (tries == TRIES)
			return false;
		sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &tick, 0);
	}
	at.frame = ring_cell(to, at.pos);
	memcpy(at.frame, frame, frame->size);
	ring_commit(&at, frame->size);
	return true;
}

/* Moves the frame at pos, if one is committed there; returns how many cells it had, else 1. */
static uint64_t move(struct process *p, struct sigshim_ring *from, uint64_t pos, struct sigshim_ring *to)
{
	const struct sigshim_frame *frame = ring_cell(from, pos);
	uint64_t *state = &ring_states(from)[pos & (from->ncells - 1)];

	if (__atomic_load_n(state, __ATOMIC_ACQUIRE) != SIGSHIM_RING_COMMITTED(pos, from->ncells))
		return 1;
	__atomic_store_n(state, SIGSHIM_RING_FREE(pos, from->ncells), __ATOMIC_RELAXED);
	if (frame->size < sizeof(*frame) || frame->size > SIGSHIM_MAX_FRAME_SIZE)
		return 1;
	if (frame->type != SIGSHIM_FRAME_PADDING && !put(p, to, frame) && frame->type == SIGSHIM_FRAME_EVENT)
		__atomic_fetch_add(&to->lost, 1, __ATOMIC_RELAXED);
	return (frame->size + SIGSHIM_CELL - 1) / SIGSHIM_CELL;
}

void ring_move(struct process *p, struct sigshim_ring *from, struct sigshim_ring *to)
{
	uint64_t head = __atomic_load_n(&from->head, __ATOMIC_ACQUIRE), tail, state;

	ring_retire(from);
	tail = __atomic_load_n(&from->tail, __ATOMIC_ACQUIRE) - RING_RETIRED;
	/* Cells that the reader had passed unfinished, and that were finished since, of any lap. */
	for (uint64_t i = 0; i < from->ncells; i++) {
		state = __atomic_load_n(&ring_states(from)[i], __ATOMIC_ACQUIRE);
		if (state & 1 && (state >> 1) + i < head)
			move(p, from, (state >> 1) + i, to);
	}
	for (uint64_t pos = head; pos < tail && pos - head < from->ncells;)
		pos += move(p, from, pos, to);
}
