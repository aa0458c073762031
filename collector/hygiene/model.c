/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes and threads of the model: how they begin, what they inherit, how
 * they are forgotten; see model.h.
 */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct process **process_bucket(const struct model *m, int64_t id)
{
	return (struct process **)&m->process[(uint64_t)id % MODEL_BUCKETS];
}

static struct thread **thread_bucket(const struct model *m, int64_t id)
{
	return (struct thread **)&m->thread[(uint64_t)id % MODEL_BUCKETS];
}

struct process *model_process(const struct model *m, int64_t id)
{
	struct process *p = *process_bucket(m, id);

	while (p && p->row.id != id)
		p = p->hash;
	return p;
}

struct process *model_process_by_pid(struct model *m, int host_pid)
{
	struct process *p;

	if (m->target_pid == host_pid)
		return model_process(m, m->target);
	m->target_pid = host_pid;
	m->target = 0;
	for (unsigned int i = 0; i < MODEL_BUCKETS; i++)
		for (p = m->process[i]; p; p = p->hash)
			if (p->row.host_pid == host_pid && !p->ended && p->row.id > m->target)
				m->target = p->row.id;
	return model_process(m, m->target);
}

struct thread *model_thread(const struct model *m, int64_t id)
{
	struct thread *t = *thread_bucket(m, id);

	while (t && t->m.id != id)
		t = t->hash;
	return t;
}

/* --- what fork shares ---------------------------------------------------- */

static void shared_drop(struct shared *s)
{
	if (!s || --s->users)
		return;
	free(s->sigfd);
	free(s);
}

static struct shared *shared_copy(const struct shared *from)
{
	struct shared *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (from) {
		*s = *from;
		s->sigfd = calloc(from->nsigfd + 1, sizeof(*s->sigfd));
		if (s->sigfd && from->nsigfd)
			memcpy(s->sigfd, from->sigfd, from->nsigfd * sizeof(*s->sigfd));
		if (!s->sigfd) {
			free(s);
			return NULL;
		}
	}
	s->users = 1;
	return s;
}

int model_own(struct process *p)
{
	struct shared *s;

	if (p->shared->users == 1)
		return 0;
	s = shared_copy(p->shared);
	if (!s)
		return -ENOMEM;
	shared_drop(p->shared);
	p->shared = s;
	return 0;
}

/* A new image: handlers are gone, what was ignored stays so; the kernel's word goes first. */
static void begin_image(struct shared *s, const struct log_process *row)
{
	for (unsigned int n = 0; n < NSIGNALS; n++) {
		struct action *a = &s->action[n];
		bool ignored = row->ignored_known ? row->ignored_start >> n & 1 : a->kind == ACTION_IGNORE;

		if (!row->ignored_known && a->kind == ACTION_UNKNOWN)
			continue;
		*a = (struct action){ .kind = ignored ? ACTION_IGNORE : ACTION_DEFAULT };
	}
	s->nsigfd = 0;
	s->open = 0;
}

/* --- inheritance ----------------------------------------------------------- */

struct mask_cause model_cause(const struct process *p, const struct thread *t, unsigned int n)
{
	const struct mask_cause *had = NULL;

	if (t && t->m.cause && t->m.cause[n].kind != MASK_NOBODY)
		return t->m.cause[n];
	for (t = p->threads; t; t = t->next) {
		if (!t->m.cause || t->m.cause[n].kind == MASK_NOBODY)
			continue;
		if (t->m.mask >> n & 1)
			return t->m.cause[n];
		had = &t->m.cause[n];
	}
	if (had)
		return *had;
	return p->start ? p->start[n] : (struct mask_cause){};
}

struct birth model_take_birth(struct birth *list, uint64_t key)
{
	struct birth found = {};

	for (unsigned int i = 0; i < RECENT; i++) {
		if (list[i].key != key || !key)
			continue;
		found = list[i];
		list[i] = (struct birth){};
	}
	return found;
}

static bool is_copy(const struct log_process *row)
{
	return row->birth && (strcmp(row->birth, "fork") == 0 || strcmp(row->birth, "vfork") == 0);
}

static int inherit_causes(struct process *p, const struct process *parent, const struct thread *forker)
{
	unsigned int n;

	if (!p->row.mask_known || !p->row.mask_start)
		return 0;
	p->start = calloc(NSIGNALS, sizeof(*p->start));
	if (!p->start)
		return -ENOMEM;
	FOR_EACH_BIT(n, p->row.mask_start)
		p->start[n] = mask_inherited(parent ? model_cause(parent, forker, n) : (struct mask_cause){});
	return 0;
}

static const struct thread *thread_of_tid(const struct process *p, int tid)
{
	const struct thread *t = p->threads;

	while (t && (t->m.tid != tid || t->ended))
		t = t->next;
	return t;
}

static int inherit(struct process *p, struct process *parent)
{
	struct birth birth = {};
	bool copy = is_copy(&p->row);

	if (parent && copy)
		birth = model_take_birth(parent->child, (uint64_t)(uint32_t)p->row.pid);
	if (birth.shared) {
		p->shared = birth.shared;
	} else if (parent && copy) {
		p->shared = parent->shared;
		p->shared->users++;
	} else {
		p->shared = shared_copy(parent ? parent->shared : NULL);
		if (!p->shared)
			return -ENOMEM;
		begin_image(p->shared, &p->row);
	}
	p->forked = copy;
	p->image = copy && parent ? parent->image : p->row.id;
	p->image_known = copy && parent ? parent->image_known : !copy && p->row.mask_known;
	p->image_mask = copy && parent ? parent->image_mask : p->row.mask_start;
	p->go = copy && parent && parent->go;
	return inherit_causes(p, parent, birth.by.tid && parent ? thread_of_tid(parent, birth.by.tid) : NULL);
}

static char *copy_text(const char *s)
{
	return s ? strdup(s) : NULL;
}

int model_begin(struct model *m, const struct log_process *row, struct process **ret)
{
	struct process *p = calloc(1, sizeof(*p)), **bucket = process_bucket(m, row->id);
	int r;

	if (!p)
		return -ENOMEM;
	p->row = *row;
	p->row.comm = copy_text(row->comm);
	p->row.exe = copy_text(row->exe);
	p->row.birth = copy_text(row->birth);
	p->row.end = copy_text(row->end);
	p->running = 1;
	p->ever_blocked = row->mask_start;
	p->hash = *bucket;
	*bucket = p;
	m->nprocesses++;
	m->target_pid = 0;
	r = inherit(p, row->parent ? model_process(m, row->parent) : NULL);
	if (r == 0)
		*ret = p;
	return r;
}

static void forget_thread(struct model *m, struct thread *t)
{
	struct thread **at = thread_bucket(m, t->m.id);

	while (*at != t)
		at = &(*at)->hash;
	*at = t->hash;
	if (m->last == t)
		m->last = NULL;
	m->nthreads--;
	free(t->m.cause);
	free(t->redundant);
	free(t);
}

static void forget_children(struct process *p)
{
	for (unsigned int i = 0; i < RECENT; i++)
		shared_drop(p->child[i].shared);
}

void model_forget(struct model *m, struct process *p)
{
	struct process **at = process_bucket(m, p->row.id);
	struct thread *next;

	while (*at != p)
		at = &(*at)->hash;
	*at = p->hash;
	m->nprocesses--;
	m->target_pid = 0;
	for (struct thread *t = p->threads; t; t = next) {
		next = t->next;
		forget_thread(m, t);
	}
	forget_children(p);
	shared_drop(p->shared);
	free((char *)p->row.comm);
	free((char *)p->row.exe);
	free((char *)p->row.birth);
	free((char *)p->row.end);
	free(p->start);
	free(p);
}

void model_free(struct model *m)
{
	for (unsigned int i = 0; i < MODEL_BUCKETS; i++)
		while (m->process[i])
			model_forget(m, m->process[i]);
	details_free(m->details);
}

/* --- threads ------------------------------------------------------------- */

/* A thread that has ended is kept while it is the newest of its process: destructors run yet. */
static void forget_ended(struct model *m, struct process *p)
{
	struct thread **at = &p->threads;

	while (*at) {
		struct thread *t = *at;

		if (!t->ended || t->main) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		forget_thread(m, t);
	}
}

static void begin_causes(struct thread *t, const struct log_event *ev, int creator)
{
	const struct thread *by = creator ? thread_of_tid(t->process, creator) : NULL;
	unsigned int n;

	FOR_EACH_BIT(n, ev->mask_before) {
		struct mask_cause cause = model_cause(t->process, by, n);

		if (cause.kind == MASK_NOBODY || (!creator && cause.kind == MASK_START && ev->seq > 1))
			t->m.cause[n] = (struct mask_cause){ .kind = MASK_UNRECORDED, .before_seq = ev->seq };
		else
			t->m.cause[n] = mask_inherited(cause);
	}
}

static void begin_thread(struct model *m, struct thread *t, const struct log_event *ev)
{
	const struct detail *d = details_of(m->details, ev);
	bool noted = call_class(ev->desc) == CALL_THREAD_START;

	t->began_ns = ev->ts_ns;
	t->whole = ev->seq == 1;
	t->main = ev->tid == ev->pid;
	t->noted = noted;
	t->alt.known = t->main ? !t->process->forked && t->whole : noted;
	if (noted) {
		t->creation = model_take_birth(t->process->creation, d->raw[3]).by;
		t->process->running++;
	}
	t->m.known = ev->flags & SIGSHIM_EVF_BEFORE;
	t->m.mask = ev->mask_before;
	if (t->m.known) {
		begin_causes(t, ev, noted ? (int)d->raw[2] : 0);
	} else if (t->main && t->whole && t->process->row.mask_known) {
		t->m.known = true;	/* of its first call the hello told */
		t->m.mask = t->process->row.mask_start;
	}
}

struct thread *model_enter(struct model *m, struct process *p, const struct log_event *ev, bool *ret_new)
{
	struct thread *t = m->last && m->last->m.id == ev->thread ? m->last : model_thread(m, ev->thread);

	*ret_new = !t;
	if (!t) {
		struct thread **bucket = thread_bucket(m, ev->thread);

		if (call_class(ev->desc) == CALL_THREAD_START)
			forget_ended(m, p);
		t = calloc(1, sizeof(*t));
		if (t)
			t->m.cause = calloc(NSIGNALS, sizeof(*t->m.cause));
		if (!t || !t->m.cause) {
			free(t);
			return NULL;
		}
		t->m.id = ev->thread;
		t->m.tid = ev->tid;
		t->process = p;
		t->hash = *bucket;
		*bucket = t;
		t->next = p->threads;
		p->threads = t;
		m->nthreads++;
		begin_thread(m, t, ev);
	}
	m->last = t;
	return t;
}
