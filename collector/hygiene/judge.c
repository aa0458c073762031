/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Collects findings and doubts: what is said twice is counted; see judge.h.
 */
#include "judge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "places.h"
#include "rules.h"

#define SEEN 4096	/* a power of two: keys of findings that were made, to know them quickly */

struct seen {
	uint64_t key;
	unsigned int finding;	/* 1 + index */
};

struct judge {
	struct store *store;
	unsigned int *scopes;	/* by what they are called: 1 + index in the report; 0: free */
	unsigned int nslots;	/* a power of two, twice as many as scopes at least */
	const struct hygiene_options *opt;
	struct places *places;
	struct hygiene_report *report;
	unsigned int rule;	/* that is being asked */
	struct seen seen[SEEN];
	int error;
};

struct judge *judge_new(struct store *s, const struct hygiene_options *opt)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->store = s;
	j->opt = opt;
	j->places = places_new(s);
	j->report = calloc(1, sizeof(*j->report));
	if (!j->places || !j->report) {
		places_free(j->places);
		free(j->report);
		free(j);
		return NULL;
	}
	j->report->rules = opt->rules;
	j->report->level = opt->level;
	return j;
}

void judge_moment(struct judge *j, const struct moment *m)
{
	for (j->rule = 0; j->rule < RULE_MAX; j->rule++)
		if (j->opt->rules >> j->rule & 1 && rule_hooks[j->rule].when >> m->kind & 1)
			rule_hooks[j->rule].judge(j, m);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static unsigned int collect_calls(const struct judge_call *calls, struct hygiene_call ret[HYGIENE_CALLS])
{
	unsigned int n = 0;

	for (; calls->role && n < HYGIENE_CALLS; calls++) {
		const struct mask_cause *c = &calls->cause;
		bool twice = false;

		for (unsigned int i = 0; i < n; i++)
			twice |= ret[i].event == c->event;
		if (c->event && !twice)
			ret[n++] = (struct hygiene_call){ calls->role, c->event, c->stack, c->process };
	}
	return n;
}

static const char *scope_of(const struct moment *m)
{
	return m->t && m->t->nscopes ? m->t->scope[m->t->nscopes - 1].name : "";
}

/* What makes findings the same in this log: rule, signals, stacks; without stacks, the program. */
static uint64_t quick_key(const struct judge *j, const struct moment *m, enum hygiene_severity severity,
			  uint64_t signals, const struct hygiene_call *call, unsigned int ncalls)
{
	uint64_t h = mix(mix(mix(1, j->rule), severity), signals);

	for (unsigned int i = 0; i < ncalls; i++)
		h = mix(h, (uint64_t)call[i].stack);
	h = places_text(h, program_name(m->p));
	h = places_text(h, scope_of(m));
	return h ? h : 1;
}

static struct finding *find_print(struct hygiene_report *r, uint64_t print)
{
	for (unsigned int i = 0; i < r->nfindings; i++)
		if (r->findings[i].print == print)
			return &r->findings[i];
	return NULL;
}

static struct finding *add(struct judge *j, const struct moment *m, enum hygiene_severity severity,
			   uint64_t signals, const struct hygiene_call *call, unsigned int ncalls, char *message)
{
	struct hygiene_report *r = j->report;
	struct finding f = {
		.rule = hygiene_rule(j->rule), .severity = severity, .message = message, .signals = signals,
		.process = m->p->row.id, .pid = m->p->row.pid, .tid = m->t ? m->t->m.tid : 0,
		.comm = strdup(program_name(m->p)), .exe = strdup(m->p->row.exe ? m->p->row.exe : ""),
		.ncalls = ncalls,
	}, *grown;

	memcpy(f.call, call, ncalls * sizeof(*call));
	f.print = places_text(mix(1, severity), f.rule->id);
	f.print = mix(places_text(f.print, f.comm), signals);
	snprintf(f.scope, sizeof(f.scope), "%s", scope_of(m));
	if (*f.scope)
		f.print = places_text(f.print, f.scope);
	for (unsigned int i = 0; i < ncalls; i++)
		f.print = places_print(j->places, f.print, &call[i]);
	grown = find_print(r, f.print);
	if (grown) {
		free(f.message);
		free(f.comm);
		free(f.exe);
		return grown;
	}
	if (!(r->nfindings & (r->nfindings - 1))) {
		grown = reallocarray(r->findings, r->nfindings ? 2 * r->nfindings : 1, sizeof(*grown));
		if (!grown || !f.comm || !f.exe || !message) {
			j->error = -ENOMEM;
			return NULL;
		}
		r->findings = grown;
	}
	r->findings[r->nfindings] = f;
	return &r->findings[r->nfindings++];
}

void judge_report(struct judge *j, const struct moment *m, enum hygiene_severity severity, uint64_t signals,
		  const struct judge_call *calls, const char *fmt, ...)
{
	struct hygiene_call call[HYGIENE_CALLS];
	unsigned int ncalls = collect_calls(calls, call);
	uint64_t key = quick_key(j, m, severity, signals, call, ncalls);
	struct seen *slot = &j->seen[key & (SEEN - 1)];
	struct finding *f;
	char *message;
	va_list ap;

	if (slot->key == key) {
		j->report->findings[slot->finding - 1].count++;
		return;
	}
	va_start(ap, fmt);
	if (vasprintf(&message, fmt, ap) < 0)
		message = NULL;
	va_end(ap);
	f = add(j, m, severity, signals, call, ncalls, message);
	if (!f)
		return;
	f->count++;
	*slot = (struct seen){ key, 1 + (unsigned int)(f - j->report->findings) };
}

/* The slot that has the scope, or gets it. */
static unsigned int *scope_slot(const struct judge *j, const char *name, const char *comm)
{
	uint64_t h = places_text(places_text(1, comm), name);

	for (h ^= h >> 32;; h++) {
		unsigned int *slot = &j->scopes[h & (j->nslots - 1)];
		const struct hygiene_scope *s = *slot ? &j->report->scopes[*slot - 1] : NULL;

		if (!s || (strcmp(s->name, name) == 0 && strcmp(s->comm, comm) == 0))
			return slot;
	}
}

static int make_slots(struct judge *j)
{
	const struct hygiene_report *r = j->report;
	unsigned int n = j->nslots ? 2 * j->nslots : 256, *old = j->scopes;

	if (2 * (r->nscopes + 1) <= j->nslots)
		return 0;
	j->scopes = calloc(n, sizeof(*j->scopes));
	if (!j->scopes) {
		j->scopes = old;
		return -ENOMEM;
	}
	j->nslots = n;
	for (unsigned int i = 0; i < r->nscopes; i++)
		*scope_slot(j, r->scopes[i].name, r->scopes[i].comm) = i + 1;
	free(old);
	return 0;
}

void judge_scope(struct judge *j, const struct process *p, const char *name)
{
	struct hygiene_report *r = j->report;
	struct hygiene_scope *grown;

	if (make_slots(j) < 0) {
		j->error = -ENOMEM;
		return;
	}
	if (*scope_slot(j, name, program_name(p)))
		return;
	if (!(r->nscopes & (r->nscopes - 1))) {
		grown = reallocarray(r->scopes, r->nscopes ? 2 * r->nscopes : 1, sizeof(*grown));
		if (!grown) {
			j->error = -ENOMEM;
			return;
		}
		r->scopes = grown;
	}
	grown = &r->scopes[r->nscopes];
	*grown = (struct hygiene_scope){ strdup(name), strdup(program_name(p)) };
	if (grown->name && grown->comm) {
		*scope_slot(j, name, program_name(p)) = ++r->nscopes;
		return;
	}
	free(grown->name);
	free(grown->comm);
	j->error = -ENOMEM;
}

/* --- doubts ---------------------------------------------------------------- */

static void add_doubt(struct judge *j, uint64_t rules, const char *comm, int pid, uint64_t count,
		      const char *reason)
{
	struct hygiene_report *r = j->report;
	struct doubt *d;

	for (d = r->doubts; d < r->doubts + r->ndoubts; d++)
		if (strcmp(d->reason, reason) == 0 && !d->comm == !comm && (!comm || strcmp(d->comm, comm) == 0)) {
			d->rules |= rules;
			d->count += count;
			return;
		}
	d = reallocarray(r->doubts, r->ndoubts + 1, sizeof(*d));
	if (!d) {
		j->error = -ENOMEM;
		return;
	}
	r->doubts = d;
	d[r->ndoubts++] = (struct doubt){
		.rules = rules, .reason = strdup(reason), .comm = comm ? strdup(comm) : NULL, .pid = pid,
		.count = count,
	};
}

void judge_doubt(struct judge *j, const struct process *p, const char *reason)
{
	add_doubt(j, 1ull << j->rule, program_name(p), p->row.pid, 1, reason);
}

void judge_doubt_all(struct judge *j, const char *comm, int pid, uint64_t count, const char *reason)
{
	add_doubt(j, j->opt->rules, comm, pid, count, reason);
}

/* --- places ------------------------------------------------------------------ */

struct place judge_place(struct judge *j, const struct process *p, int64_t stack)
{
	return places_caller(j->places, p, stack);
}

int judge_frames(struct judge *j, const struct process *p, int64_t stack, const struct log_frame **ret)
{
	enum sigshim_stack_end end;
	int n = stack ? store_stack_read(j->store, stack, p->row.id, ret, &end) : 0;

	return n > 0 && end == SIGSHIM_STACK_COMPLETE ? n : 0;
}

bool judge_on_stack(struct judge *j, const struct process *p, int64_t stack, const char *function)
{
	const struct log_frame *frames;
	int n = stack ? store_stack_read(j->store, stack, p->row.id, &frames, NULL) : 0;

	for (int i = 0; i < n; i++)
		if (frames[i].function && strcmp(frames[i].function, function) == 0)
			return true;
	return false;
}

struct judge_call judge_here(const char *role, const struct moment *m)
{
	return (struct judge_call){ role, mask_call(m->ev) };
}

/* --- the end ------------------------------------------------------------------- */

static int by_weight(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return x->print < y->print ? -1 : x->print > y->print;
}

int judge_finish(struct judge *j, uint64_t events, struct hygiene_report **ret)
{
	struct hygiene_report *r = j->report;
	int error = j->error;

	r->events = events;
	if (r->nfindings)
		qsort(r->findings, r->nfindings, sizeof(*r->findings), by_weight);
	for (unsigned int i = 0; i < r->ndoubts; i++)
		if (!r->doubts[i].reason)
			error = -ENOMEM;
	places_free(j->places);
	free(j->scopes);
	free(j);
	if (error < 0)
		hygiene_free(r);
	else
		*ret = r;
	return error;
}

void hygiene_free(struct hygiene_report *r)
{
	for (unsigned int i = 0; r && i < r->nfindings; i++) {
		free(r->findings[i].message);
		free(r->findings[i].comm);
		free(r->findings[i].exe);
	}
	for (unsigned int i = 0; r && i < r->ndoubts; i++) {
		free(r->doubts[i].reason);
		free(r->doubts[i].comm);
	}
	for (unsigned int i = 0; r && i < r->nscopes; i++) {
		free(r->scopes[i].name);
		free(r->scopes[i].comm);
	}
	if (r) {
		free(r->scopes);
		free(r->findings);
		free(r->doubts);
	}
	free(r);
}

bool hygiene_counts(const struct hygiene_report *r, const struct finding *f)
{
	return f->severity >= r->level && !f->suppressed && !f->known;
}
