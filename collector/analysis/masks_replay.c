/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays a log's masks; see masks.h. A record says the mask before and after
 * it: what it changed is its doing, and what differs from the record before
 * came about in a way that was not recorded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "masks_internal.h"

struct replay {
	struct masks *m;
	struct mask_thread *last;	/* the one of the event before */
	unsigned int next_start;	/* processes before it have started, by id */
};

#define FOR_EACH_BIT(n, set) \
	for (uint64_t set_ = (set); set_ && (n = __builtin_ctzll(set_), true); set_ &= set_ - 1)

/* A cause as a child of any kind takes it over. */
static struct mask_cause inherited(struct mask_cause cause)
{
	if (cause.kind == MASK_CALL)
		cause.kind = MASK_INHERITED;
	else if (cause.kind != MASK_INHERITED)
		cause = (struct mask_cause){ .kind = MASK_START };
	return cause;
}

/*
 * What blocked signal bit n in a process: the cause in a thread that has it
 * blocked now, else in one that had, else at the process's start.
 */
static struct mask_cause cause_in(const struct masks *m, const struct mask_process *p,
				  const struct mask_thread *except, unsigned int n)
{
	const struct mask_cause *had = NULL;

	for (unsigned int i = p->first; i; i = m->threads[i - 1].next) {
		const struct mask_thread *t = &m->threads[i - 1];

		if (t == except || t->cause[n].kind == MASK_NOBODY)
			continue;
		if (t->mask >> n & 1)
			return t->cause[n];
		had = &t->cause[n];
	}
	if (had)
		return *had;
	if (p->start && p->start[n].kind != MASK_NOBODY)
		return p->start[n];
	return (struct mask_cause){};
}

/* What the process blocks as it starts, its parent did. */
static int start_process(struct masks *m, struct mask_process *p)
{
	struct mask_process *parent = masks_process(m, p->parent);
	unsigned int n;

	if (p->started)
		return 0;
	p->started = true;
	if (!p->mask_start)
		return 0;
	p->start = calloc(64, sizeof(*p->start));
	if (!p->start)
		return -ENOMEM;
	if (parent && !parent->started && start_process(m, parent) < 0)
		return -ENOMEM;
	FOR_EACH_BIT(n, p->mask_start)
		p->start[n] = inherited(parent ? cause_in(m, parent, NULL, n) : (struct mask_cause){});
	return 0;
}

static int start_processes(struct replay *r, uint64_t until_ns)
{
	int e = 0;

	for (; r->next_start < r->m->nprocesses && e == 0; r->next_start++) {
		if (r->m->processes[r->next_start].started_ns > until_ns)
			break;
		e = start_process(r->m, &r->m->processes[r->next_start]);
	}
	return e;
}

/* The mask with which a thread enters its first record is its creator's. */
static void begin_thread(struct masks *m, struct mask_thread *t, uint64_t mask, uint64_t seq)
{
	unsigned int n;

	FOR_EACH_BIT(n, mask) {
		struct mask_cause cause = cause_in(m, t->process, t, n);

		/* What the process began with may be what its earlier, unrecorded calls left. */
		if (cause.kind == MASK_NOBODY || (cause.kind == MASK_START && seq > 1))
			t->cause[n] = (struct mask_cause){ .kind = MASK_UNRECORDED, .before_seq = seq };
		else
			t->cause[n] = inherited(cause);
	}
	t->mask = mask;
	t->known = true;
}

/* Takes over a mask that differs from the one known: what is new nobody recorded. */
static void correct(struct mask_thread *t, uint64_t mask, uint64_t seq)
{
	unsigned int n;

	FOR_EACH_BIT(n, mask & ~t->mask)
		t->cause[n] = (struct mask_cause){
			.kind = MASK_UNRECORDED, .after_seq = t->last_seq, .before_seq = seq
		};
	t->mask = mask;
}

static void apply(struct masks *m, struct mask_thread *t, const struct log_event *ev)
{
	unsigned int n;

	if (ev->flags & SIGSHIM_EVF_BEFORE) {
		if (!t->seen)
			begin_thread(m, t, ev->mask_before, ev->seq);
		else
			correct(t, ev->mask_before, ev->seq);
	}
	if (ev->flags & SIGSHIM_EVF_AFTER) {
		FOR_EACH_BIT(n, ev->mask_after & ~t->mask)
			t->cause[n] = (struct mask_cause){
				.kind = MASK_CALL, .event = ev->id, .process = ev->process, .tid = ev->tid
			};
		t->mask = ev->mask_after;
		t->known = true;
	}
	t->seen = true;
	t->last_seq = ev->seq;
	t->last_ns = ev->ts_ns;
}

static int replay_event(const struct log_event *ev, void *arg)
{
	struct replay *r = arg;
	struct mask_thread *t = r->last && r->last->id == ev->thread ? r->last : masks_thread(r->m, ev->thread);
	int e;

	if (!t)
		return 0;
	r->last = t;
	e = start_processes(r, ev->ts_ns);
	if (e == 0)
		e = start_process(r->m, t->process);
	if (e == 0)
		apply(r->m, t, ev);
	return e;
}

int masks_replay(struct store *s, const struct masks_query *q, struct masks *m)
{
	const struct bind_value values[] = {
		{ .number = q->run },
		{ .number = q->at_ns > INT64_MAX ? INT64_MAX : (int64_t)q->at_ns },
	};
	const struct event_query eq = {
		.where = "e.thread IN (SELECT t2.id FROM threads t2 JOIN processes p2 ON p2.id = t2.process "
			"WHERE p2.run = ?) AND e.ts_ns <= ?",
		.values = values, .nvalues = 2,
		.progress = q->progress, .progress_arg = q->progress_arg,
	};
	struct replay r = { .m = m };
	int e = store_events(s, &eq, replay_event, &r);

	return e == 0 ? start_processes(&r, q->at_ns) : e;
}
