/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the processes and threads that a replay needs; see masks.h.
 */
#include "masks.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "masks_internal.h"

struct loading {
	struct masks *m;
	const struct masks_query *q;
};

/* Room for one more; arrays grow by doubling at powers of two. */
static void *grow(void *array, unsigned int n, size_t size)
{
	return n & (n - 1) ? array : reallocarray(array, n ? 2 * n : 1, size);
}

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

static int load_process(const struct log_process *p, void *arg)
{
	struct loading *l = arg;
	struct masks *m = l->m;
	struct mask_process *grown;
	bool ended;

	if (p->run != l->q->run || p->started_ns > l->q->at_ns)
		return 0;
	grown = grow(m->processes, m->nprocesses, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	ended = p->ended_ns && p->ended_ns <= l->q->at_ns;
	m->processes = grown;
	m->processes[m->nprocesses++] = (struct mask_process){
		.id = p->id, .run = p->run, .parent = p->parent, .pid = p->pid, .host_pid = p->host_pid,
		.comm = copy(p->comm), .exe = copy(p->exe), .end = ended ? copy(p->end) : NULL,
		.mask_known = p->mask_known, .mask_start = p->mask_known ? p->mask_start : 0,
		.started_ns = p->started_ns, .ended_ns = ended ? p->ended_ns : 0,
	};
	return 0;
}

static int add_thread(struct masks *m, struct mask_thread t)
{
	struct mask_thread *grown = grow(m->threads, m->nthreads, sizeof(*grown));

	if (grown)
		m->threads = grown;
	if (!grown) {
		free(t.cause);
		return -ENOMEM;
	}
	t.next = t.process->first;
	m->threads[m->nthreads++] = t;
	t.process->first = m->nthreads;
	return 0;
}

static int load_thread(const struct log_thread *t, void *arg)
{
	struct loading *l = arg;
	struct mask_process *p = masks_process(l->m, t->process);

	return !p ? 0 : add_thread(l->m, (struct mask_thread){
		.id = t->id, .process = p, .tid = t->tid, .host_tid = t->host_tid
	});
}

static int by_id(const void *key, const void *row)
{
	int64_t id = *(const int64_t *)key, other = *(const int64_t *)row;

	return id < other ? -1 : id > other;
}

/* Both begin with their id, and the log gives them in its order. */
_Static_assert(offsetof(struct mask_process, id) == 0 && offsetof(struct mask_thread, id) == 0, "by_id");

struct mask_process *masks_process(const struct masks *m, int64_t id)
{
	return m->nprocesses ? bsearch(&id, m->processes, m->nprocesses, sizeof(*m->processes), by_id) : NULL;
}

struct mask_thread *masks_thread(const struct masks *m, int64_t id)
{
	return m->nthreads ? bsearch(&id, m->threads, m->nthreads, sizeof(*m->threads), by_id) : NULL;
}

/* An exec's new image has the same host pid as its parent row. */
static void mark_replaced(struct masks *m)
{
	for (unsigned int i = 0; i < m->nprocesses; i++) {
		struct mask_process *p = &m->processes[i], *parent = masks_process(m, p->parent);

		if (parent && parent->host_pid == p->host_pid)
			parent->replaced = true;
	}
}

/* A process without records has the mask that it started with. */
static int stand_in(struct masks *m, struct mask_process *p)
{
	struct mask_thread t = {
		.process = p, .tid = p->pid, .host_tid = p->host_pid, .known = p->mask_known,
		.mask = p->mask_start, .last_ns = p->started_ns,
	};

	for (unsigned int i = p->first; i; i = m->threads[i - 1].next)
		if (m->threads[i - 1].seen)
			return 0;
	if (p->start) {
		t.cause = calloc(64, sizeof(*t.cause));
		if (!t.cause)
			return -ENOMEM;
		memcpy(t.cause, p->start, 64 * sizeof(*p->start));
	}
	return add_thread(m, t);
}

int masks_read(struct store *s, const struct masks_query *q, struct masks **ret)
{
	struct masks *m = calloc(1, sizeof(*m));
	struct loading l = { m, q };
	int r;

	if (!m)
		return -ENOMEM;
	r = store_processes(s, load_process, &l);
	if (r == 0)
		r = store_threads(s, load_thread, &l);
	if (r == 0) {
		mark_replaced(m);
		r = masks_replay(s, q, m);
	}
	for (unsigned int i = 0; i < m->nprocesses && r == 0; i++)
		r = stand_in(m, &m->processes[i]);
	if (r == 0)
		r = masks_doubt(s, q, m);
	if (r == 0)
		*ret = m;
	else
		masks_free(m);
	return r;
}

void masks_free(struct masks *m)
{
	if (!m)
		return;
	for (unsigned int i = 0; i < m->nprocesses; i++) {
		free(m->processes[i].comm);
		free(m->processes[i].exe);
		free(m->processes[i].end);
		free(m->processes[i].start);
	}
	for (unsigned int i = 0; i < m->nthreads; i++)
		free(m->threads[i].cause);
	for (unsigned int i = 0; i < m->ngaps; i++)
		free(m->gaps[i]);
	free(m->processes);
	free(m->threads);
	free(m->gaps);
	free(m);
}

bool mask_same_cause(const struct mask_cause *a, const struct mask_cause *b)
{
	return a->kind == b->kind && a->event == b->event && a->process == b->process &&
		a->after_seq == b->after_seq && a->before_seq == b->before_seq;
}
