/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays a log through the model and asks the rules at every moment that
 * they want; see hygiene.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "verified.h"

#define AHEAD 64		/* rows of processes that are read at a time */
#define ROUND 1024		/* records between looks for processes that have ended */
#define KEPT 256		/* ended processes whose children may yet be heard of */

struct lossy {
	int64_t process;
	int64_t count;		/* -1: nobody can tell */
	char reason[64];
	bool other;		/* than unfinished calls */
};

struct check {
	struct store *store;
	const struct hygiene_options *opt;
	struct model model;
	struct judge *judge;
	struct verified *verified;
	struct log_process ahead[AHEAD];
	unsigned int nahead, next;	/* next: in ahead */
	int64_t read_to;		/* id of the last row that was begun */
	bool all_read;
	struct lossy *lossy;		/* by process */
	unsigned int nlossy;
	unsigned int nended;		/* in the model */
	uint64_t events;
};

/* --- gaps ------------------------------------------------------------------ */

static struct lossy *lossy_of(const struct check *c, int64_t process)
{
	for (unsigned int i = 0; i < c->nlossy; i++)
		if (c->lossy[i].process == process)
			return &c->lossy[i];
	return NULL;
}

static int take_gap(const struct gap_info *gap, void *arg)
{
	struct check *c = arg;
	struct lossy *l;

	if ((c->opt->run && gap->run != c->opt->run) || gap->count == 0)
		return 0;
	l = lossy_of(c, gap->process);
	if (!l) {
		if (!(c->nlossy & (c->nlossy - 1))) {
			l = reallocarray(c->lossy, c->nlossy ? 2 * c->nlossy : 1, sizeof(*l));
			if (!l)
				return -ENOMEM;
			c->lossy = l;
		}
		l = &c->lossy[c->nlossy++];
		*l = (struct lossy){ .process = gap->process };
		snprintf(l->reason, sizeof(l->reason), "%s", gap->reason ? gap->reason : "lost");
	}
	l->other |= !gap->reason || strcmp(gap->reason, "missing") != 0;
	l->count = gap->count < 0 || l->count < 0 ? -1 : l->count + gap->count;
	return 0;
}

static void tell_loss(struct check *c, const struct lossy *l, const char *comm, int pid)
{
	char reason[128];

	snprintf(reason, sizeof(reason), "%srecords are missing (%s)", l->count < 0 ? "an unknown number of " : "",
		 l->reason);
	judge_doubt_all(c->judge, comm, pid, l->count < 0 ? 1 : (uint64_t)l->count, reason);
}

/* --- processes ------------------------------------------------------------- */

static bool has_end(const struct process *p, const char *end)
{
	return p->row.end && strcmp(p->row.end, end) == 0;
}

/* What executed the image: an exec of its parent, or the call that spawned it. */
static void hand_over(struct check *c, struct process *parent, struct process *image)
{
	bool exec = image->row.birth && strcmp(image->row.birth, "exec") == 0;
	struct moment m = {
		.kind = AT_HANDOVER, .p = parent, .mask = image->row.mask_start, .image = image,
	};

	if (!image->row.mask_known)
		return;
	for (struct thread *t = parent->threads; t && exec; t = t->next) {
		if (t->exec.kind == MASK_NOBODY)
			continue;
		m.t = t;
		m.how = t->exec;
		t->exec.kind = MASK_NOBODY;
	}
	if (!exec) {
		m.how = model_take_birth(parent->child, (uint64_t)(uint32_t)image->row.pid).by;
		for (struct thread *t = parent->threads; t && m.how.event; t = t->next)
			m.t = t->m.tid == m.how.tid ? t : m.t;
	}
	judge_moment(c->judge, &m);
}

/*
 * An image may say hello before the collector has read the end of the one that
 * executed it, and is then said to have started. NULL: it was no exec.
 */
static struct process *executed_by(const struct check *c, const struct log_process *row)
{
	struct process *p;

	if (!row->birth || strcmp(row->birth, "start") != 0)
		return NULL;
	for (int64_t id = row->id - 1; id > 0 && id >= row->id - AHEAD; id--) {
		p = model_process(&c->model, id);
		if (p && p->row.run == row->run && p->row.host_pid == row->host_pid)
			return has_end(p, "exec") && !p->ended ? p : NULL;
	}
	return NULL;
}

static int begin(struct check *c, const struct log_process *said)
{
	struct process *p, *parent = executed_by(c, said);
	const struct lossy *l = lossy_of(c, said->id);
	struct log_process own = *said, *row = &own;
	int r;

	if ((c->opt->run && row->run != c->opt->run) || model_process(&c->model, row->id))
		return 0;
	if (parent) {
		row->parent = parent->row.id;
		row->birth = "exec";
	} else if (row->parent) {
		parent = model_process(&c->model, row->parent);
	}
	r = model_begin(&c->model, row, &p);
	if (r < 0)
		return r;
	if (l)
		tell_loss(c, l, program_name(p), p->row.pid);
	p->lossy = l;
	p->left = l && !l->other;
	if (p->forked)
		return 0;
	if (parent)
		hand_over(c, parent, p);
	judge_moment(c->judge, &(struct moment){ .kind = AT_IMAGE, .p = p, .parent = parent });
	return 0;
}

static void end(struct check *c, struct process *p)
{
	struct moment m = { .kind = AT_HANDOVER, .p = p };

	if (p->ended)
		return;
	p->ended = true;
	c->nended++;
	for (struct thread *t = p->threads; t && !has_end(p, "exec"); t = t->next) {
		if (t->exec.kind == MASK_NOBODY)
			continue;
		m.t = t;
		m.how = t->exec;
		m.mask = t->exec_mask;
		judge_moment(c->judge, &m);
	}
	judge_moment(c->judge, &(struct moment){ .kind = AT_END, .p = p });
}

/* Children that were forked and have not spoken yet may still come. */
static bool awaits_children(const struct process *p)
{
	for (unsigned int i = 0; i < RECENT; i++)
		if (p->child[i].key)
			return true;
	return has_end(p, "vfork");
}

static void forget_ended(struct check *c, uint64_t now)
{
	for (unsigned int i = 0; i < MODEL_BUCKETS; i++) {
		struct process *p = c->model.process[i], *next;

		for (; p; p = next) {
			next = p->hash;
			/* Rows that are read ahead may not be begun a second time. */
			if (!p->row.ended_ns || p->row.ended_ns >= now ||
			    (p->row.id > c->read_to && !c->all_read))
				continue;
			if (has_end(p, "vfork") && now - p->row.ended_ns < 1000000000 && c->nended < KEPT)
				continue;
			end(c, p);
			if (!awaits_children(p) || c->nended > KEPT) {
				c->nended--;
				model_forget(&c->model, p);
			}
		}
	}
}

static void drop_row(struct log_process *row)
{
	free((char *)row->comm);
	free((char *)row->exe);
	free((char *)row->birth);
	free((char *)row->end);
}

static int keep_row(const struct log_process *row, void *arg)
{
	struct check *c = arg;
	struct log_process *to = &c->ahead[c->nahead++];

	*to = *row;
	to->comm = row->comm ? strdup(row->comm) : NULL;
	to->exe = row->exe ? strdup(row->exe) : NULL;
	to->birth = row->birth ? strdup(row->birth) : NULL;
	to->end = row->end ? strdup(row->end) : NULL;
	return 0;
}

/* The next row that was not begun yet; NULL at the end. */
static struct log_process *next_row(struct check *c, int *ret_error)
{
	if (c->next < c->nahead)
		return &c->ahead[c->next];
	c->next = c->nahead = 0;
	if (c->all_read)
		return NULL;
	*ret_error = store_processes_after(c->store, c->read_to, AHEAD, keep_row, c);
	c->all_read = !c->nahead;
	return c->nahead ? c->ahead : NULL;
}

static int begin_until(struct check *c, uint64_t ns)
{
	struct log_process *row;
	int r = 0;

	while (r == 0 && (row = next_row(c, &r)) && row->started_ns <= ns) {
		r = begin(c, row);
		c->read_to = row->id;
		drop_row(row);
		c->next++;
	}
	return r;
}

static int begin_one(const struct log_process *row, void *arg)
{
	return begin(arg, row);
}

/* --- records ---------------------------------------------------------------- */

static void judge_record(struct check *c, struct thread *t, const struct log_event *ev, bool new)
{
	struct moment m = { .kind = AT_CALL, .p = t->process, .t = t, .ev = ev, .class = call_class(ev->desc) };

	m.d = details_of(c->model.details, ev);
	m.race = verified_race(c->verified, ev->thread, ev->seq);
	if (new) {
		m.kind = AT_THREAD;
		if (!t->main)
			judge_moment(c->judge, &m);
		m.kind = AT_CALL;
	}
	model_before(t, ev, m.d->raw[2] != 0, &m.unrecorded);
	if (m.class == CALL_THREAD_END) {
		m.kind = AT_THREAD_END;
		judge_moment(c->judge, &m);
	} else if (m.class != CALL_THREAD_START) {
		judge_moment(c->judge, &m);
	}
}

static int take_event(const struct log_event *ev, void *arg)
{
	struct check *c = arg;
	struct process *p;
	struct thread *t;
	struct moment m;
	bool new;
	int r = begin_until(c, ev->ts_ns);

	p = model_process(&c->model, ev->process);
	if (r == 0 && !p) {
		r = store_processes_after(c->store, ev->process - 1, 1, begin_one, c);
		p = model_process(&c->model, ev->process);
	}
	if (r < 0 || !p)
		return r;
	t = model_enter(&c->model, p, ev, &new);
	if (!t)
		return -ENOMEM;
	judge_record(c, t, ev, new);
	m = (struct moment){
		.kind = AFTER_CALL, .p = p, .t = t, .ev = ev, .d = details_of(c->model.details, ev),
		.class = call_class(ev->desc),
	};
	if (m.class == CALL_SCOPE_BEGIN)
		judge_scope(c->judge, p, m.d->name);
	r = model_after(&c->model, t, ev, m.d);
	judge_moment(c->judge, &m);
	if (++c->events % ROUND == 0)
		forget_ended(c, ev->ts_ns);
	return r;
}

/* --- the whole --------------------------------------------------------------- */

static int take_run(const struct log_run *run, void *arg)
{
	struct check *c = arg;

	if ((!c->opt->run || run->id == c->opt->run) && !run->clean)
		judge_doubt_all(c->judge, NULL, 0, 1,
				"the recording did not end in order: what followed is not in the log");
	return 0;
}

static int replay(struct check *c)
{
	const struct lossy *whole;
	int r = store_one_pass(c->store);

	if (r == 0)
		r = store_runs(c->store, take_run, c);
	if (r == 0)
		r = store_gaps(c->store, take_gap, c);
	whole = r == 0 ? lossy_of(c, 0) : NULL;
	if (whole)
		tell_loss(c, whole, NULL, 0);
	store_progress(c->store, c->opt->progress, c->opt->progress_arg);
	if (r == 0)
		r = store_replay(c->store, c->opt->run, take_event, c);
	store_progress(c->store, NULL, NULL);
	if (r == 0)
		r = begin_until(c, UINT64_MAX);
	for (unsigned int i = 0; i < MODEL_BUCKETS && r == 0; i++)
		for (struct process *p = c->model.process[i]; p; p = p->hash)
			end(c, p);
	return r;
}

int hygiene_check(struct store *s, const struct hygiene_options *opt, struct hygiene_report **ret)
{
	struct check *c = calloc(1, sizeof(*c));
	struct hygiene_report *report = NULL;
	int r = -ENOMEM, finished = -ENOMEM;

	if (!c)
		return r;
	c->store = s;
	c->opt = opt;
	c->model = (struct model){ .store = s, .details = details_new() };
	c->judge = judge_new(s, opt);
	if (c->judge && c->model.details) {
		if (opt->partial)
			judge_doubt_all(c->judge, NULL, 0, 1, "not all events were recorded (SIGSHIM_EVENTS)");
		r = verified_read(s, opt->run, &c->verified);
		if (r == 0 && opt->require_complete)
			r = verified_demand(s, opt->run, c->judge);
		if (r == 0)
			r = replay(c);
	}
	if (c->judge)
		finished = judge_finish(c->judge, c->events, &report);
	for (; c->next < c->nahead; c->next++)
		drop_row(&c->ahead[c->next]);
	model_free(&c->model);
	verified_free(c->verified);
	free(c->lossy);
	free(c);
	if (r == 0 && finished == 0)
		*ret = report;
	else
		hygiene_free(report);
	return r < 0 ? r : finished;
}
