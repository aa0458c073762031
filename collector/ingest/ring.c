/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a ring. Every value comes from memory that the peer writes at the
 * same time: it is loaded once, checked, and the checked copy used. Used by a
 * session. One reader per ring, not thread-safe.
 */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

#include "decode.h"

#define SCAN 4096	/* positions looked at in one call */

static uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static uint64_t *state_of(const struct ring *r, uint64_t pos)
{
	return &r->state[pos & (r->ncells - 1)];
}

/*
 * Frees a cell for a position `for_pos` that no writer has reached: tail
 * never passes published + ncells, since the cell there is not free and, not
 * being behind head, not to be skipped. A nearer position might be skipped by
 * a writer at this moment, and would then belong to nobody.
 */
static void free_cell(struct ring *r, uint64_t pos, uint64_t for_pos)
{
	__atomic_store_n(state_of(r, pos), SIGSHIM_RING_FREE(for_pos, r->ncells), __ATOMIC_RELEASE);
}

/* The first position of this cell's at or after head + ncells. */
static uint64_t safe_lap(const struct ring *r, uint64_t pos)
{
	uint64_t from = r->head + r->ncells;

	return from + ((pos - from) & (r->ncells - 1));
}

/* Notes cells that were copied out. */
static void note(struct span *spans, unsigned int *n, uint64_t from, uint64_t to)
{
	if (*n && spans[*n - 1].to == from)
		spans[*n - 1].to = to;
	else
		spans[(*n)++] = (struct span){ from, to };
}

/* Writers skip unfinished cells only behind what is published here. */
void ring_release(struct ring *r)
{
	for (unsigned int i = 0; i < r->ntaken; i++)
		for (uint64_t pos = r->taken[i].from; pos < r->taken[i].to; pos++)
			free_cell(r, pos, pos + r->ncells);
	for (unsigned int i = 0; i < r->nlate; i++)
		for (uint64_t pos = r->late[i].from; pos < r->late[i].to; pos++)
			free_cell(r, pos, safe_lap(r, pos));
	r->ntaken = r->nlate = 0;
	if (r->published == r->head)
		return;
	r->published = r->head;
	__atomic_store_n(&r->shared->head, r->head, __ATOMIC_RELEASE);
}

/*
 * Copies the frame at pos, whose cells end before `limit`. Returns its length
 * or a negative refusal; *ret_cells is how many it covers.
 */
static int copy_frame(const struct ring *r, uint64_t pos, uint64_t limit, void *buf, uint64_t *ret_cells)
{
	const unsigned char *from = r->data + (pos & (r->ncells - 1)) * SIGSHIM_CELL;
	uint32_t size = __atomic_load_n((const uint32_t *)from, __ATOMIC_RELAXED);
	uint64_t cells = (size + (uint64_t)SIGSHIM_CELL - 1) / SIGSHIM_CELL;

	*ret_cells = 1;
	if (size < sizeof(struct sigshim_frame) || size > SIGSHIM_MAX_FRAME_SIZE ||
	    cells > r->ncells || cells > limit - pos)
		return -REFUSED_RING_FRAME;
	memcpy(buf, from, size);
	*ret_cells = cells;
	return (int)size;
}

void ring_begin(struct ring *r, bool last)
{
	r->pass_below = last ? UINT64_MAX : r->seen_tail;
	r->seen_tail = load(&r->shared->tail);
	ring_again(r);
}

void ring_again(struct ring *r)
{
	r->late_left = r->nholes;
}

static int remember(struct ring *r, uint64_t pos)
{
	if (r->nholes >= r->ncells ||
	    budget_grow(r->budget, (void **)&r->holes, &r->holes_size, r->nholes + 1, sizeof(*r->holes)) < 0)
		return -REFUSED_RING_HOLES;
	r->holes[r->nholes++] = pos;
	return 0;
}

static inline int take(struct ring *r, uint64_t tail, void *buf)
{
	uint64_t cells;
	int len = copy_frame(r, r->head, tail, buf, &cells);

	note(r->taken, &r->ntaken, r->head, r->head + cells);
	r->head += cells;
	return len;
}

int ring_next(struct ring *r, void *buf)
{
	uint64_t tail = load(&r->shared->tail), state;
	int refused = 0;

	if (r->broken || ring_must_release(r))
		return 0;
	if (tail - r->head > r->ncells) {
		r->broken = true;
		return -REFUSED_RING_TAIL;
	}
	for (unsigned int n = 0; n < SCAN && r->head < tail && !refused; n++) {
		state = load(state_of(r, r->head));
		if (state == SIGSHIM_RING_COMMITTED(r->head, r->ncells))
			return take(r, tail, buf);
		if (state == SIGSHIM_RING_FREE(r->head, r->ncells)) {
			/* Most writers finish in a moment; when it gets tight, go on without. */
			if (r->head >= r->pass_below && tail - r->head <= r->ncells / 2)
				break;
			refused = remember(r, r->head);
		}
		/* Any other state: writers of this lap skipped an older hole's cell. */
		r->head++;
	}
	return refused;
}

/* Forgets `n` holes from index `at`. */
static void forget(struct ring *r, size_t at, size_t n)
{
	memmove(r->holes + at, r->holes + at + n, (r->nholes - at - n) * sizeof(*r->holes));
	r->nholes -= n;
	r->late_left -= n < r->late_left ? n : r->late_left;
}

/* Delivers the finished hole at index `at`, if all its cells are holes indeed. */
static int take_late(struct ring *r, size_t at, void *buf)
{
	uint64_t pos = r->holes[at], cells;
	int len = copy_frame(r, pos, r->head, buf, &cells);

	for (uint64_t i = 1; len > 0 && i < cells; i++)
		if (at + i >= r->nholes || r->holes[at + i] != pos + i)
			len = -REFUSED_RING_FRAME;
	if (len < 0)
		cells = 1;
	note(r->late, &r->nlate, pos, pos + cells);
	forget(r, at, cells);
	return len;
}

int ring_late(struct ring *r, void *buf)
{
	uint64_t pos;

	if (r->broken || ring_must_release(r))
		return 0;
	for (unsigned int n = 0; n < SCAN && r->late_left > 0; n++) {
		if (r->late_at >= r->nholes)
			r->late_at = 0;
		pos = r->holes[r->late_at];
		if (load(state_of(r, pos)) == SIGSHIM_RING_COMMITTED(pos, r->ncells))
			return take_late(r, r->late_at, buf);
		r->late_at++;
		r->late_left--;
	}
	return 0;
}

uint64_t ring_lost(const struct ring *r)
{
	return load(&r->shared->lost);
}

uint64_t ring_children_lost(const struct ring *r)
{
	uint64_t lost = load(&r->shared->children_lost);

	return lost <= DECODE_MAX_SEQ ? lost : DECODE_MAX_SEQ;
}

bool ring_bye(const struct ring *r)
{
	return __atomic_load_n(&r->shared->bye, __ATOMIC_ACQUIRE) != 0;
}

void ring_beat(struct ring *r, struct ticks_sample now)
{
	__atomic_store_n(&r->shared->beat_ns, now.ns, __ATOMIC_RELAXED);
	__atomic_store_n(&r->shared->beat_ticks, now.ticks, __ATOMIC_RELAXED);
}

void ring_patience(struct ring *r, uint64_t ticks)
{
	__atomic_store_n(&r->shared->stale_ticks, ticks, __ATOMIC_RELAXED);
}

void ring_stop(struct ring *r)
{
	__atomic_store_n(&r->shared->closed, 1, __ATOMIC_RELEASE);
}

bool ring_is_used(const struct ring *r)
{
	return r->head > 0 || ring_pending(r);
}

bool ring_pending(const struct ring *r)
{
	return !r->broken && load(&r->shared->tail) > r->head;
}

bool ring_ready(const struct ring *r)
{
	return r->shared && ring_pending(r) && load(state_of(r, r->head)) == SIGSHIM_RING_COMMITTED(r->head, r->ncells);
}

bool ring_is_filling(const struct ring *r, unsigned int part)
{
	return r->shared && !r->broken && load(&r->shared->tail) - r->published > r->ncells / part;
}
