/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forked children that begin in their parent's ring. They have it mapped, so
 * their first record costs them no connection, and whatever ends them finds it
 * written. Only a child that the kernel shows to be its parent's in the same
 * pid namespace and with the same user does so, since it is known by the pid
 * that it tells; one that lives on gets a ring of its own. AS-safe, MT-safe.
 */
#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

#include "clock.h"
#include "ring.h"
#include "sys.h"

#include "banned.h"

#define CALLS 64		/* of a child, before it needs a ring of its own */
#define WAITS 1000		/* for another thread that says hello */
#define LIVES 50		/* likewise: such lives make a second */

/* What the last process of this image leaves to its children. */
static struct {
	struct sigshim_ring *ring;	/* NULL: nothing */
	uint64_t collector;
	int32_t pid;
	uint32_t uid;
	bool ticks;
} offer;

void share_offer(const struct process *p, bool allowed)
{
	offer.ring = NULL;
	if (!allowed)
		return;
	offer.pid = p->pid;
	offer.collector = p->collector;
	offer.ticks = p->ticks;
	offer.uid = (uint32_t)sys(SYS_geteuid);
	offer.ring = p->ring;
}

static bool is_offered(void)
{
	return offer.ring && !offer.ring->closed && !shim_writing &&
		sys(SYS_getppid) == offer.pid && (uint32_t)sys(SYS_geteuid) == offer.uid;
}

static int put_hello(struct process *p)
{
	struct sigshim_hello h = link_hello(p, p->began_ns, p->began_mask);

	h.ppid = p->ppid;
	sys(SYS_prctl, PR_GET_NAME, h.comm);
	return ring_put_shared(p, &h.h);
}

/* Once: another thread waits for it. Without signals: a handler could only wait for us. */
static int introduce(struct process *p)
{
	const struct timespec tick = { .tv_nsec = 50000 };
	uint64_t mask = sys_block();
	uint32_t was = 1;
	int err = -EAGAIN;

	for (unsigned int tries = 0; was == 1 && tries < WAITS; tries++) {
		was = 0;
		if (__atomic_compare_exchange_n(&p->introduced, &was, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
			err = put_hello(p);
			__atomic_store_n(&p->introduced, err ? 0 : 2, __ATOMIC_RELEASE);
		} else if (was == 1) {
			sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &tick, 0);
		}
	}
	sys_restore(mask);
	return was == 2 ? 0 : err;
}

bool share_begin(struct process *p, uint64_t now, uint64_t mask)
{
	if (!is_offered())
		return false;
	p->ring = offer.ring;
	p->collector = offer.collector;
	p->granted = p->ticks = offer.ticks;
	p->ppid = offer.pid;
	p->began_ns = now;
	p->began_at = moment_now(p).at;
	p->began_mask = mask;
	/* The collector knows our modules: they were our parent's. */
	p->inherited_epoch = shim_last_epoch();
	p->epoch = shim_new_epoch();
	p->reconnects = 1;
	offer.pid = p->pid;
	__atomic_store_n(&p->link, LINK_SHARED, __ATOMIC_RELEASE);
	return true;
}

void share_introduce(struct process *p)
{
	if (p->link == LINK_SHARED && __atomic_load_n(&p->introduced, __ATOMIC_ACQUIRE) != 2)
		introduce(p);
}

int share_put(struct process *p, const struct sigshim_frame *frame)
{
	int err = 0;

	if (unlikely(__atomic_load_n(&p->introduced, __ATOMIC_ACQUIRE) != 2))
		err = introduce(p);
	return err ? err : ring_put_shared(p, frame);
}

bool share_is_over(struct process *p, struct moment now)
{
	struct sigshim_ring *ring = __atomic_load_n(&p->ring, __ATOMIC_ACQUIRE);
	uint64_t second = now.ticks ? ring->stale_ticks : SIGSHIM_BEAT_STALE_NS;

	return __atomic_add_fetch(&p->shared, 1, __ATOMIC_RELAXED) > CALLS ||
		now.at - p->began_at >= second / LIVES || __atomic_load_n(&ring->closed, __ATOMIC_ACQUIRE);
}
