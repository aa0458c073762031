/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pairs the kernel events that wrappers claim with shims' records, by session,
 * thread and number. A claim is believed when the record with that number
 * agrees. See state.h. main-only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define MAX_ORDINAL (1u << 22)
#define MAX_WAITING (1u << 19)	/* of one thread */

static struct peer_thread *thread_at(struct verify *v, struct peer *p, uint32_t ordinal)
{
	size_t old = p->nthreads;

	if (ordinal == 0 || ordinal > MAX_ORDINAL)
		return NULL;
	if (ordinal > old) {
		struct peer_thread *more = reallocarray(p->threads, 2 * (size_t)ordinal, sizeof(*more));

		if (!more)
			return NULL;
		p->threads = more;
		p->nthreads = 2 * (size_t)ordinal;
		memset(more + old, 0, (p->nthreads - old) * sizeof(*more));
	}
	return &p->threads[ordinal - 1];
}

int64_t pair_thread_row(const struct peer *p, uint32_t ordinal)
{
	return ordinal > 0 && ordinal <= p->nthreads ? p->threads[ordinal - 1].row : 0;
}

static void drop_done(struct peer_thread *t)
{
	while (t->n > 0 && t->pending[t->head].done) {
		t->head++;
		t->n--;
	}
	if (t->n == 0)
		t->head = 0;
}

/* Takes out what is done in between. */
static void compact(struct peer_thread *t)
{
	size_t n = 0;

	for (size_t i = t->head; i < t->head + t->n; i++)
		if (!t->pending[i].done)
			t->pending[n++] = t->pending[i];
	t->head = 0;
	t->n = n;
}

static bool make_room(struct peer_thread *t)
{
	struct pending *more;

	if (t->head + t->n < t->size)
		return true;
	compact(t);
	if (t->n <= t->size / 2 && t->size > 0)
		return true;
	more = reallocarray(t->pending, t->size ? 2 * t->size : 64, sizeof(*more));
	if (!more)
		return false;
	t->pending = more;
	t->size = t->size ? 2 * t->size : 64;
	return true;
}

static void give_up(struct verify *v, struct pending *k, const char *why)
{
	classify_lost(v, k->image, k->thread, &k->call, why);
	k->image->waiting--;
	k->done = true;
}

/* The older half: a ring holds fewer records than that. */
static void give_up_old(struct verify *v, struct peer_thread *t)
{
	compact(t);
	for (size_t i = 0; i < t->n && t->n - i > MAX_WAITING / 2; i++)
		give_up(v, &t->pending[i], "its record did not come");
	compact(t);
}

/* The session that the claim speaks of: the image's, or the one whose memory it runs on. */
static struct peer *claimed_peer(struct verify *v, struct image *from, const struct trace_claim *claim)
{
	struct peer *p;

	for (struct image *im = from; im; im = im->parent) {
		p = image_peer(v, im);
		if (p && p->instance == claim->instance)
			return p;
	}
	return from->parent ? peers_await(v, from, claim->instance) : NULL;
}

/* A place behind all with numbers up to this one: nearly always at the end. */
static struct pending *insert(struct peer_thread *t, uint64_t seq)
{
	size_t i = t->head + t->n++;

	for (; i > t->head && t->pending[i - 1].call.claim.call > seq; i--)
		t->pending[i] = t->pending[i - 1];
	return &t->pending[i];
}

/* The first with at least this number. */
static size_t find(const struct peer_thread *t, uint64_t seq)
{
	size_t low = t->head, high = t->head + t->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->pending[mid].call.claim.call < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void pair_claimed(struct verify *v, struct image *im, struct kthread *t, const struct trace_call *call)
{
	struct peer *p = claimed_peer(v, im, &call->claim);
	struct peer_thread *pt = p ? thread_at(v, p, call->claim.thread) : NULL;
	struct pending *k;

	if (!pt || p->settled) {
		classify_lost(v, im, t, call, p ? "its session had ended" : "no collector heard of its process");
		return;
	}
	drop_done(pt);
	if (pt->n >= MAX_WAITING)
		give_up_old(v, pt);
	if (!make_room(pt)) {
		classify_lost(v, im, t, call, "no memory");
		return;
	}
	k = insert(pt, call->claim.call);
	pt->last = pt->last > call->claim.call ? pt->last : call->claim.call;
	k->thread = t;
	k->image = im;
	im->waiting++;
	k->done = false;
	memcpy(&k->call, call, offsetof(struct trace_call, place));
	k->call.flags &= (u8)~TRACE_PLACE;
	k->signal.has_info = 0;
	if (t->signal.h.serial == call->h.serial)
		k->signal = t->signal;
}

/* Whether libc may have answered without the kernel. */
static bool may_stay_out(const struct event *ev)
{
	return ev->error != 0 || !ev->desc->sys || ev->desc->via == SIGSHIM_VIA_JUMP ||
		strcmp(ev->desc->name, "pthread_kill") == 0;
}

/* The kernel events of one record: those of its own system call, and what libc did beside. */
static struct pending *take_events(struct peer_thread *pt, const struct record *r)
{
	struct pending *last = NULL;

	for (size_t i = find(pt, r->ev.seq); i < pt->head + pt->n; i++) {
		struct pending *k = &pt->pending[i];

		if (k->call.claim.call != r->ev.seq)
			break;
		if (k->done)
			continue;
		k->done = true;
		k->image->waiting--;
		if (r->ev.desc->sys && spec_row(k->call.row) == r->ev.desc->sys) {
			last = k;
			k->thread->count[r->ev.desc->via == SIGSHIM_VIA_SYSCALL ? COUNT_SYSCALL : COUNT_WRAPPED]++;
		} else {
			k->thread->count[COUNT_LIBC]++;
		}
		k->thread->row = k->thread->row ? k->thread->row : r->thread;
	}
	return last;
}

void pair_record(struct verify *v, const struct record *r)
{
	struct peer_thread *pt = thread_at(v, r->peer, r->ev.thread);
	struct kthread *owner = NULL;
	struct pending *k;

	if (!pt)
		return;
	pt->row = r->thread;
	pt->last = pt->last > r->ev.seq ? pt->last : r->ev.seq;
	k = take_events(pt, r);
	if (k)
		owner = k->thread;
	else if (r->peer->image)
		owner = image_thread(r->peer->image, r->ev.flags & SIGSHIM_EVF_VFORK ? r->peer->image->tgid :
				     (uint32_t)r->ev.tid);
	if (owner)
		owner->count[COUNT_RECORDS]++;
	if (k) {
		owner->count[COUNT_MISMATCHED] += compare(v, r, k) > 0;
	} else if (!may_stay_out(&r->ev)) {
		compare_absent(v, r);
		if (owner)
			owner->count[COUNT_UNMATCHED]++;
	}
	drop_done(pt);
}

/* A signal may end a process in its last call, or before that is recorded: kill(getpid(), SIGKILL). */
static void end_pending(struct verify *v, const struct peer_thread *t, struct pending *k)
{
	if (!k->image->killed || k->call.claim.call != t->last) {
		give_up(v, k, "its record did not come");
		return;
	}
	classify_fatal(v, k->image, k->thread, &k->call);
	k->image->waiting--;
	k->done = true;
}

void pair_rest(struct verify *v, struct peer *p)
{
	for (size_t i = 0; i < p->nthreads; i++) {
		struct peer_thread *t = &p->threads[i];

		for (size_t j = t->head; j < t->head + t->n; j++)
			if (!t->pending[j].done)
				end_pending(v, t, &t->pending[j]);
		free(t->pending);
		*t = (struct peer_thread){ .row = t->row };
	}
	p->settled = true;
}
