/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One way out for every frame: into the ring or onto the socket. When there is
 * no room it is dropped and counted, or waited for with
 * SIGSHIM_OVERFLOW=block. AS-safe, MT-safe.
 */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "ring.h"
#include "sys.h"

#include "banned.h"

#define IDLE_CALLS 16	/* between two looks at the clock, without a collector */
#define ANSWERS 12	/* of a collector that is there, but slow, that a blocking process waits for */
#define TRIES 5000	/* waits for another thread that is connecting */
#define WAIT_NS 200000		/* for room, at first */
#define WAIT_DOUBLINGS 7	/* of it, at most: to 26 ms */

static int put(struct process *p, const struct sigshim_frame *frame)
{
	switch (__atomic_load_n(&p->link, __ATOMIC_ACQUIRE)) {
	case LINK_RING:
		return ring_put(p, frame);
	case LINK_SHARED:
		return share_put(p, frame);
	case LINK_SOCKET:
		return link_put(p, frame);
	default:
		return -ENOTCONN;
	}
}

/*
 * Waits a little for room, the longer the more often it was in vain: a thousand
 * threads that look all the time would leave the collector no time to make any.
 * Ring: the collector polls; socket: the kernel tells.
 */
static void wait_for_room(struct process *p, unsigned int waited)
{
	const struct timespec tick = {
		.tv_nsec = WAIT_NS << (waited < WAIT_DOUBLINGS ? waited : WAIT_DOUBLINGS),
	};
	struct pollfd pfd = { .fd = p->fd, .events = POLLOUT };
	const struct timespec moment = { .tv_nsec = 100000000 };

	if (p->link == LINK_SOCKET)
		sys(SYS_ppoll, &pfd, 1, &moment, 0, 0);
	else
		sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &tick, 0);
}

/* While another thread goes over to another ring, records wait for that. */
static int put_somewhere(struct process *p, const struct sigshim_frame *frame)
{
	int err = put(p, frame);

	for (unsigned int tries = 0; err == -EAGAIN && tries < 16 && !shim_sandboxed && p->renewing &&
	     ring_is_retired(p); tries++) {
		wait_for_room(p, tries);
		err = put(p, frame);
	}
	return err;
}

/* In the ring of the process that forked this one, while that is read. */
static void look_shared(struct process *p, uint64_t now, uint64_t mask)
{
	bool read = ring_is_read(p, (struct moment){ now, false });
	bool gone = p->ring->closed || (!read && !link_alive(p));
	bool block = shim_config.overflow == SIGSHIM_OVERFLOW_BLOCK;
	unsigned int tries = 0;
	int err;

	p->retry_ns = now + SIGSHIM_BEAT_STALE_NS;
	/* Its collector is slow: nobody waits for that who need not. */
	if (!read && !gone && !block)
		return;
	/* Other threads go on with what they have until there is better. */
	do
		err = link_move(p, now, mask);
	while (err == -EAGAIN && gone && block && ++tries < ANSWERS);
	if (err < 0 && gone)
		link_drop(p, p->retry_ns);
}

static void look_at_ring(struct process *p, uint64_t now, uint64_t mask)
{
	p->retry_ns = now + SIGSHIM_BEAT_STALE_NS;
	p->orphan = !p->ring->closed && !link_alive(p);
	if (p->ring->closed)
		link_drop(p, now);
	else if (p->orphan)
		link_renew(p, now, mask);
}

/*
 * With signals blocked: a handler that jumped out of it would leave it half
 * done. A guest leaves it to its parent: to the collector the connection would
 * be the guest's, and in the parent there would be no descriptor.
 */
static void look_again(struct process *p, uint32_t link, uint64_t now)
{
	uint64_t mask = sys_block();

	if (process_is_guest(p))
		goto out;
	if (link == LINK_SHARED)
		look_shared(p, now, mask);
	else if (link == LINK_RING)
		look_at_ring(p, now, mask);
	if (__atomic_load_n(&p->link, __ATOMIC_ACQUIRE) == LINK_NONE && now >= p->retry_ns)
		link_open(p, now, mask);
out:
	sys_restore(mask);
}

bool transport_is_due(struct process *p)
{
	return __atomic_fetch_add(&p->idle, 1, __ATOMIC_RELAXED) % IDLE_CALLS == 0 && now_ns() >= p->retry_ns;
}

static __attribute__((noinline)) void check_again(struct process *p, uint32_t link)
{
	uint64_t now = now_ns();

	/* No state: a forked child that has come back into a call of its parent's. */
	if (now >= p->retry_ns && p->state && !shim_sandboxed)
		look_again(p, link, now);
}

void transport_check(struct process *p, struct moment now)
{
	uint32_t link = __atomic_load_n(&p->link, __ATOMIC_ACQUIRE);

	if (likely(link == LINK_RING && ring_is_read(p, now)))
		return;
	if (link != LINK_SOCKET && (link != LINK_SHARED || share_is_over(p, now)))
		check_again(p, link);
}

void transport_settle(struct process *p)
{
	if (p->link == LINK_SHARED && !shim_sandboxed)
		look_again(p, LINK_SHARED, now_ns());
}

/* Nobody reads the ring that it went to; perhaps another thread is getting one of our own already. */
static int put_elsewhere(struct process *p, const struct sigshim_frame *frame)
{
	int err = -ENOTCONN;

	for (unsigned int tries = 0; err == -ENOTCONN && tries < TRIES; tries++) {
		if (p->link == LINK_NONE || process_is_guest(p))
			break;
		if (p->moving || p->link == LINK_BUSY)
			wait_for_room(p, 0);
		else if (p->link == LINK_SHARED)
			look_again(p, LINK_SHARED, now_ns());
		err = put(p, frame);
	}
	return err;
}

bool transport_send(struct process *p, const struct sigshim_frame *frame)
{
	bool shared = __atomic_load_n(&p->link, __ATOMIC_ACQUIRE) == LINK_SHARED;
	int err = put_somewhere(p, frame);
	unsigned int waited = 0;

	if (unlikely(err == -ENOTCONN && shared && !shim_sandboxed))
		err = put_elsewhere(p, frame);
	while (err == -EAGAIN && shim_config.overflow == SIGSHIM_OVERFLOW_BLOCK && !shim_sandboxed && !p->orphan) {
		wait_for_room(p, waited);
		/* Nobody to make room: waiting would be for ever. */
		if (++waited % 4 == 0 && !link_alive(p)) {
			p->orphan = p->link == LINK_RING && !p->ring->closed;
			err = p->orphan ? -EAGAIN : -ENOTCONN;
			break;
		}
		err = put(p, frame);
	}
	if (err == 0)
		return true;
	if (frame->type == SIGSHIM_FRAME_EVENT)
		process_lost();
	if (err != -EAGAIN && !process_is_guest(p))
		link_drop(p, now_ns());
	return false;
}

void transport_finish(struct process *p, const struct sigshim_frame *frame)
{
	int err = put(p, frame);

	for (unsigned int tries = 0; tries < 5 && err == -EAGAIN; tries++) {
		wait_for_room(p, tries);
		err = put(p, frame);
	}
	if (err == -ENOTCONN)
		transport_settle(p);
}
