/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays a log's masks; see masks.h. A record says the mask before and after
 * it: what it changed is its doing, and what differs from the record before
 * came about in a way that was not recorded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mask_step.h"
#include "masks_internal.h"

struct replay {
	struct masks *m;
	struct mask_thread *last;	/* the one of the event before */
	struct mask_thread *creator;	/* the one of the thread_start before */
	unsigned int next_start;	/* processes before it have started, by id */
};

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

		if (t == except || !t->cause || t->cause[n].kind == MASK_NOBODY)
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
		p->start[n] = mask_inherited(parent ? cause_in(m, parent, NULL, n) : (struct mask_cause){});
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

/* Who created the thread, by its thread_start; NULL if that is not known. */
static struct mask_thread *creator_of(struct replay *r, const struct mask_thread *t, const struct log_event *ev)
{
	struct mask_thread *c = r->creator;
	int tid;

	if (ev->desc->id != SIGSHIM_EV_thread_start || sscanf(ev->raw, " [ %*u , %*u , %d", &tid) != 1)
		return NULL;
	if (c && c->process == t->process && c->tid == tid && !c->ended)
		return c;
	r->creator = NULL;
	for (unsigned int i = t->process->first; i && !r->creator; i = r->m->threads[i - 1].next) {
		c = &r->m->threads[i - 1];
		if (c->tid == tid && c->seen && c != t)
			r->creator = c;
	}
	return r->creator;
}

/*
 * What blocked signal bit n in a thread as it began: a call of its creator,
 * which may have unblocked it again by now, else the attributes it was given.
 */
static struct mask_cause cause_at_start(const struct masks *m, const struct mask_thread *t,
					const struct mask_thread *creator, unsigned int n)
{
	if (!creator || !creator->known)
		return cause_in(m, t->process, t, n);
	if (creator->cause && creator->cause[n].kind != MASK_NOBODY)
		return creator->cause[n];
	return t->process->attributes;
}

/* The mask with which a thread enters its first record is its creator's. */
static void begin_thread(struct masks *m, struct mask_thread *t, const struct mask_thread *creator,
			 const struct log_event *ev)
{
	unsigned int n;

	FOR_EACH_BIT(n, ev->mask_before) {
		struct mask_cause cause = cause_at_start(m, t, creator, n);

		/* What the process began with may be what its earlier, unrecorded calls left. */
		if (cause.kind == MASK_NOBODY || (!creator && cause.kind == MASK_START && ev->seq > 1))
			t->cause[n] = (struct mask_cause){ .kind = MASK_UNRECORDED, .before_seq = ev->seq };
		else
			t->cause[n] = mask_inherited(cause);
	}
	t->mask = ev->mask_before;
	t->known = true;
}

static int apply(struct replay *r, struct mask_thread *t, const struct log_event *ev)
{
	/* Most threads never block anything. */
	if (!t->cause && (ev->mask_before || ev->mask_after)) {
		t->cause = calloc(64, sizeof(*t->cause));
		if (!t->cause)
			return -ENOMEM;
	}
	if (ev->flags & SIGSHIM_EVF_BEFORE && !t->seen)
		begin_thread(r->m, t, creator_of(r, t, ev), ev);
	else if (ev->flags & SIGSHIM_EVF_BEFORE)
		mask_correct(t, ev->mask_before, ev->seq);
	mask_apply(t, ev);
	if (ev->desc->id == SIGSHIM_EV_pthread_attr_setsigmask_np && !ev->error)
		t->process->attributes = mask_call(ev);
	t->ended = ev->desc->id == SIGSHIM_EV_thread_end || t->ended;
	return 0;
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
		e = apply(r, t, ev);
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
