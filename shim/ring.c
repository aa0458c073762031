/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing into the shared ring; wire.h has its rules. Lock-free: a writer may
 * be interrupted at any instruction by a handler that writes too, be killed,
 * or never return; others are not held up. AS-safe, MT-safe.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "ring.h"
#include "sys.h"

#include "banned.h"

/* The ring of this image's last process; a forked child finds its parent's here. */
static struct { struct sigshim_ring *ring; uint64_t size; } last;

_Thread_local volatile uint32_t shim_writing;

/*
 * A handler may have forked inside a parent's call, and the child return into
 * it: it then finds a full ring of its own in the place of its parent's.
 */
void ring_leave_inherited(void)
{
	uint32_t ncells;
	uint64_t data_offset;

	if (!last.ring)
		return;
	ncells = last.ring->ncells;
	data_offset = last.ring->data_offset;
	if (sys(SYS_mmap, last.ring, last.size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == (long)last.ring) {
		last.ring->ncells = ncells;
		last.ring->data_offset = data_offset;
		last.ring->tail = UINT64_MAX / 2;
	}
	last.ring = NULL;
}

/* The ring, with its data area twice in a row. */
int ring_map(int fd, uint64_t size, struct ring_mapping *ret)
{
	struct sigshim_ring *ring;
	uint64_t data_offset, data_size;
	char *base;

	if (size < SIGSHIM_RING_HEADER || size > (1ull << 32))
		return -EPROTO;
	ring = (void *)sys(SYS_mmap, 0, SIGSHIM_RING_HEADER, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if ((unsigned long)ring > -4096ul)
		return -ENOMEM;
	data_offset = ring->data_offset;
	data_size = (uint64_t)ring->ncells * SIGSHIM_CELL;
	sys(SYS_munmap, ring, SIGSHIM_RING_HEADER);
	if (data_offset + data_size != size)
		return -EPROTO;
	base = (void *)sys(SYS_mmap, 0, size + data_size, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if ((unsigned long)base > -4096ul)
		return -ENOMEM;
	if (sys(SYS_mmap, base, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != (long)base ||
	    sys(SYS_mmap, base + size, data_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		data_offset) != (long)(base + size)) {
		sys(SYS_munmap, base, size + data_size);
		return -ENOMEM;
	}
	*ret = (struct ring_mapping){ (void *)base, size + data_size };
	return 0;
}

void ring_install(struct process *p, const struct ring_mapping *m)
{
	/* One that a collector left behind is still written to, perhaps, but not by children. */
	if (last.ring)
		sys(SYS_madvise, last.ring, last.size, MADV_DONTFORK);
	last.ring = m->ring;
	last.size = m->size;
	__atomic_store_n(&p->ring_head, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&p->ring, m->ring, __ATOMIC_RELEASE);
}

static void commit(struct sigshim_ring *ring, uint64_t pos)
{
	__atomic_store_n(&ring_states(ring)[pos & (ring->ncells - 1)], SIGSHIM_RING_COMMITTED(pos, ring->ncells),
			 __ATOMIC_RELEASE);
}

/* Gives back n cells that were taken with a hole behind them. */
static void pad(struct sigshim_ring *ring, uint64_t pos, uint64_t n)
{
	const struct sigshim_frame frame = {
		.size = (uint32_t)(n * SIGSHIM_CELL), .type = SIGSHIM_FRAME_PADDING, .fixed = sizeof(frame),
	};

	memcpy(ring_cell(ring, pos), &frame, sizeof(frame));
	commit(ring, pos);
}

bool ring_take_slowly(struct process *p, struct sigshim_ring *ring, uint64_t k, uint64_t *ret_pos)
{
	uint64_t pos = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED), head, taken, now;

	for (;;) {
		head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
		__atomic_store_n(&p->ring_head, head, __ATOMIC_RELAXED);
		if (pos + k - head > ring->ncells) {
			/* Or head has passed an old pos while this thread was held up. */
			now = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);
			if (now == pos)
				return false;
			pos = now;
			continue;
		}
		taken = ring_first_taken(ring, pos, k);
		/* On failure pos is the new tail: somebody else was faster. */
		if (!__atomic_compare_exchange_n(&ring->tail, &pos, taken == k ? pos + k : pos + taken + 1,
						 false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		*ret_pos = pos;
		if (taken == k)
			return true;
		/* A cell that an earlier writer never gave back: go past it. */
		if (taken)
			pad(ring, pos, taken);
		pos += taken + 1;
	}
}

int ring_put(struct process *p, const struct sigshim_frame *frame)
{
	struct ring_place at;
	int r = ring_take(p, frame->size, &at);

	if (r < 0)
		return r;
	memcpy(at.frame, frame, frame->size);
	ring_commit(&at, frame->size);
	return 0;
}

int ring_put_shared(struct process *p, const struct sigshim_frame *frame)
{
	const struct sigshim_child head = {
		.h = { .size = (uint32_t)sizeof(head) + frame->size, .type = SIGSHIM_FRAME_CHILD,
		       .fixed = sizeof(head) },
		.instance = p->instance,
	};
	struct ring_place at;
	int r = ring_take(p, head.h.size, &at);

	if (r < 0)
		return r;
	memcpy(at.frame, &head, sizeof(head));
	memcpy((char *)at.frame + sizeof(head), frame, frame->size);
	ring_commit(&at, head.h.size);
	/* The collector sets `closed` before it looks for the last time. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!at.ring->closed)
		return 0;
	return __atomic_load_n(&ring_states(at.ring)[at.pos & (at.ring->ncells - 1)], __ATOMIC_ACQUIRE) ==
		SIGSHIM_RING_COMMITTED(at.pos, at.ring->ncells) ? -ENOTCONN : 0;
}

/* An event, perhaps a child's. */
static bool is_event(const struct sigshim_frame *f)
{
	if (f->type == SIGSHIM_FRAME_CHILD)
		f = (const void *)((const struct sigshim_child *)(const void *)f + 1);
	return f->type == SIGSHIM_FRAME_EVENT;
}

uint64_t ring_unread(const struct process *p)
{
	struct sigshim_ring *ring = __atomic_load_n(&p->ring, __ATOMIC_ACQUIRE);
	uint64_t mask, n = 0, head, tail;

	if (!ring)
		return 0;
	mask = ring->ncells - 1;
	head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
	tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
	for (uint64_t pos = head; pos < tail && pos - head < ring->ncells; pos++)
		if (__atomic_load_n(&ring_states(ring)[pos & mask], __ATOMIC_ACQUIRE) ==
		    SIGSHIM_RING_COMMITTED(pos, mask + 1) && is_event(ring_cell(ring, pos)))
			n++;
	return n;
}
