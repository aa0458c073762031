/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer's end of the ring; wire.h has its rules. What every record goes
 * through is inline. AS-safe, MT-safe.
 */
#ifndef SHIM_RING_H
#define SHIM_RING_H

#include <errno.h>

#include "transport.h"

/*
 * How many records this thread is just writing: between taking cells and
 * committing them. A child that a handler forks there goes back into it, so it
 * must not find its parent's ring any more (share.c). Never too low.
 */
extern _Thread_local volatile uint32_t shim_writing __attribute__((tls_model("initial-exec")));

/* A frame that is being written into the ring. */
struct ring_place {
	struct sigshim_ring *ring;
	uint64_t pos;
	void *frame;
};

struct ring_mapping {
	struct sigshim_ring *ring;
	uint64_t size;		/* of the mapping */
};
/* Maps a ring of `size` bytes. 0 or -errno. */
int ring_map(int fd, uint64_t size, struct ring_mapping *ret);
/* Makes it p->ring. The one before stays mapped: others may be writing into it. */
void ring_install(struct process *p, const struct ring_mapping *m);

/*
 * renew.c: takes what nobody read from one ring to another, which nobody else
 * knows yet. The first takes no more then; again, after ring_install: what
 * others were still writing. Only one thread.
 */
void ring_retire(struct sigshim_ring *ring);
void ring_move(struct process *p, struct sigshim_ring *from, struct sigshim_ring *to);
/* Positions from here on are no writer's: the ring is being exchanged. */
#define RING_RETIRED (1ull << 62)
static inline bool ring_is_retired(const struct process *p)
{
	const struct sigshim_ring *ring = __atomic_load_n(&p->ring, __ATOMIC_ACQUIRE);

	return ring && __atomic_load_n(&ring->tail, __ATOMIC_RELAXED) >> 61 == RING_RETIRED >> 61;
}
/* In a forked child: gives up its parent's ring. */
void ring_leave_inherited(void);
/* Writes a whole frame: 0, -EAGAIN when full, -ENOTCONN without a ring. */
int ring_put(struct process *p, const struct sigshim_frame *frame);
/* The same into another's ring, as a CHILD frame; -ENOTCONN also when nobody reads it any more. */
int ring_put_shared(struct process *p, const struct sigshim_frame *frame);
/* Events that were committed and not read. */
uint64_t ring_unread(const struct process *p);
/* Takes k cells, however long that takes; false when the ring is full. */
bool ring_take_slowly(struct process *p, struct sigshim_ring *ring, uint64_t k, uint64_t *ret_pos);

static inline uint64_t *ring_states(struct sigshim_ring *ring)
{
	return (uint64_t *)(void *)((char *)ring + SIGSHIM_RING_HEADER);
}

static inline void *ring_cell(struct sigshim_ring *ring, uint64_t pos)
{
	return (char *)ring + ring->data_offset + (pos & (ring->ncells - 1)) * SIGSHIM_CELL;
}

/* The first of the k cells at pos that is not free; k if all are. */
static inline uint64_t ring_first_taken(struct sigshim_ring *ring, uint64_t pos, uint64_t k)
{
	uint64_t mask = ring->ncells - 1, i;

	for (i = 0; i < k; i++)
		if (__atomic_load_n(&ring_states(ring)[(pos + i) & mask], __ATOMIC_ACQUIRE) !=
		    SIGSHIM_RING_FREE(pos + i, mask + 1))
			break;
	return i;
}

/*
 * Room for `size` bytes; the caller fills all of it. 0, -EAGAIN when full,
 * -ENOTCONN without a ring.
 */
static inline int ring_take(struct process *p, size_t size, struct ring_place *ret)
{
	struct sigshim_ring *ring = __atomic_load_n(&p->ring, __ATOMIC_ACQUIRE);
	uint64_t k = (size + SIGSHIM_CELL - 1) / SIGSHIM_CELL, pos;

	if (unlikely(!ring))
		return -ENOTCONN;
	shim_writing++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	pos = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);
	/* A look at the true head costs a cache line that the collector is writing to. */
	if (unlikely(pos + k - __atomic_load_n(&p->ring_head, __ATOMIC_RELAXED) > ring->ncells ||
		     ring_first_taken(ring, pos, k) != k ||
		     !__atomic_compare_exchange_n(&ring->tail, &pos, pos + k, false,
						  __ATOMIC_RELAXED, __ATOMIC_RELAXED)) &&
	    !ring_take_slowly(p, ring, k, &pos)) {
		shim_writing--;
		return -EAGAIN;
	}
	/* Blank: this is a child by now, in a call of its parent's, and the cells are its parent's. */
	if (unlikely(!__atomic_load_n(&p->state, __ATOMIC_RELAXED))) {
		shim_writing--;
		return -ENOTCONN;
	}
	*ret = (struct ring_place){ ring, pos, ring_cell(ring, pos) };
	return 0;
}

/*
 * The frame is complete. The cells behind it are the next to be written, most
 * likely, and lie in the collector's cache: they can come while the program
 * goes on.
 */
static inline void ring_commit(const struct ring_place *at, size_t size)
{
	struct sigshim_ring *ring = at->ring;
	uint64_t k = (size + SIGSHIM_CELL - 1) / SIGSHIM_CELL;
	const char *next = (char *)at->frame + k * SIGSHIM_CELL;

	__atomic_store_n(&ring_states(ring)[at->pos & (ring->ncells - 1)],
			 SIGSHIM_RING_COMMITTED(at->pos, ring->ncells), __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	shim_writing--;
	/* The data area is mapped twice, so there is no end to run over. */
	for (uint64_t i = 0; i < k; i++)
		__builtin_prefetch(next + i * SIGSHIM_CELL, 1);
	__builtin_prefetch(&ring_states(ring)[(at->pos + k + 7) & (ring->ncells - 1)], 1);
}

/* True while a collector is there that reads it. */
static inline bool ring_is_read(const struct process *p, struct moment now)
{
	struct sigshim_ring *ring = __atomic_load_n(&p->ring, __ATOMIC_ACQUIRE);
	uint64_t beat, stale = SIGSHIM_BEAT_STALE_NS;

	if (unlikely(!ring || ring->closed))
		return false;
	beat = __atomic_load_n(now.ticks ? &ring->beat_ticks : &ring->beat_ns, __ATOMIC_RELAXED);
	if (now.ticks)
		stale = ring->stale_ticks;
	/* Signed: the beat may be newer than `now`. */
	return (int64_t)(now.at - beat) < (int64_t)stale;
}

#endif
