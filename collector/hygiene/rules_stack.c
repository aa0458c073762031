/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules about alternate signal stacks. One function a rule, named in
 * rules.def; see judge.h for what they see.
 */
#include <inttypes.h>
#include <string.h>

#include "rules.h"

#define HEADROOM 4096

static bool sets_stack(const struct moment *m)
{
	return m->class == CALL_ALTSTACK && !m->ev->error && m->d->has_stack;
}

static bool installs_stack(const struct moment *m)
{
	return sets_stack(m) && !(m->d->stack.flags & SS_DISABLE);
}

void rule_alt_too_small(struct judge *j, const struct moment *m)
{
	uint64_t min = m->p->row.minsigstksz, size = m->d->stack.size;

	if (!installs_stack(m))
		return;
	if (!min)
		judge_doubt(j, m->p, "how large a stack this machine needs is not known (no AT_MINSIGSTKSZ)");
	else if (size < min)
		judge_report(j, m, HYGIENE_ERROR, 0, (struct judge_call[]){ judge_here("installed here", m), {} },
			     "an alternate stack of %" PRIu64 " bytes; here a signal frame alone may take %" PRIu64,
			     size, min);
	else if (size < min + HEADROOM)
		judge_report(j, m, HYGIENE_WARNING, 0, (struct judge_call[]){ judge_here("installed here", m), {} },
			     "an alternate stack of %" PRIu64 " bytes leaves a handler %" PRIu64
			     " on this machine, whose signal frames may take %" PRIu64, size, size - min, min);
}

void rule_alt_overlap(struct judge *j, const struct moment *m)
{
	uint64_t low = m->d->stack.sp, high = low + m->d->stack.size;

	if (!installs_stack(m))
		return;
	for (const struct thread *t = m->p->threads; t; t = t->next) {
		if (t == m->t || t->ended || (!t->main && !t->noted) || !t->alt.known || !t->alt.active ||
		    t->alt.sp >= high || t->alt.sp + t->alt.size <= low)
			continue;
		judge_report(j, m, HYGIENE_ERROR, 0, (struct judge_call[]){
				     judge_here("installed here", m),
				     { "the other thread installed its own here", t->alt.by }, {} },
			     "two living threads have the same memory for their alternate stacks");
		return;
	}
}

static void note_clobbered(struct judge *j, const struct moment *m)
{
	struct thread *t = m->t;
	struct place now, before;
	char module[256];

	if (t->clobbered.active && installs_stack(m) && m->d->stack.sp == t->clobbered.sp)
		t->clobbered.active = false;
	if (!t->alt.known || !t->alt.active || !t->alt.by.event || t->clobbered.active ||
	    (installs_stack(m) && m->d->stack.sp == t->alt.sp))
		return;
	before = judge_place(j, m->p, t->alt.by.stack);
	snprintf(module, sizeof(module), "%s", before.module ? before.module : "");
	now = judge_place(j, m->p, m->ev->stack);
	if (!*module || !now.module || strcmp(module, now.module) == 0)
		return;
	t->clobbered = t->alt;
	t->clobbered_by = mask_call(m->ev);
}

static void report_clobbered(struct judge *j, const struct moment *m, struct thread *t)
{
	struct moment at = *m;

	if (!t->clobbered.active)
		return;
	t->clobbered.active = false;
	at.t = t;
	if (m->p->lossy)
		judge_doubt(j, m->p, "a call that restored an alternate stack may be missing");
	else
		judge_report(j, &at, HYGIENE_WARNING, 0, (struct judge_call[]){
				     { "replaced here", t->clobbered_by }, { "installed here", t->clobbered.by }, {} },
			     "another module's alternate stack is replaced and never restored");
}

void rule_alt_clobber(struct judge *j, const struct moment *m)
{
	if (m->kind == AT_CALL && sets_stack(m))
		note_clobbered(j, m);
	else if (m->kind == AT_THREAD_END)
		report_clobbered(j, m, m->t);
	for (struct thread *t = m->p->threads; t && m->kind == AT_END; t = t->next)
		report_clobbered(j, m, t);
}

static const struct thread *with_stack(const struct process *p)
{
	const struct thread *t = p->threads;

	while (t && (t->ended || !t->alt.known || !t->alt.active))
		t = t->next;
	return t;
}

/* The calls by which cgo starts threads and installs its handlers. */
static bool is_go(struct judge *j, const struct moment *m)
{
	struct place p = judge_place(j, m->p, m->ev->stack);

	return p.function && (strncmp(p.function, "_cgo_", 5) == 0 || strncmp(p.function, "x_cgo_", 6) == 0);
}

static void report_off_stack(struct judge *j, const struct moment *m, unsigned int n)
{
	const struct action *a = &m->p->shared->action[n];
	const struct thread *t = with_stack(m->p);
	char name[SIGNAL_NAME_MAX];

	if (a->kind != ACTION_HANDLER || a->onstack || !a->by.event || (!m->p->go && !t))
		return;
	judge_report(j, m, m->p->go ? HYGIENE_ERROR : HYGIENE_NOTE, 1ull << n, (struct judge_call[]){
			     { "the handler was installed here", a->by },
			     { "the alternate stack was installed here", t ? t->alt.by : (struct mask_cause){} }, {} },
		     "the handler for %s has no SA_ONSTACK, %s", signal_name((int)n + 1, name),
		     m->p->go ? "in a process with Go, whose threads have small stacks" :
		     "though there is an alternate stack");
}

void rule_onstack_missing(struct judge *j, const struct moment *m)
{
	bool was_go = m->p->go;

	if (!was_go && (m->class == CALL_MASK || m->class == CALL_THREAD_CREATE) && is_go(j, m))
		m->p->go = true;
	if (m->p->go != was_go || installs_stack(m))
		for (unsigned int n = 0; n < NSIGNALS; n++)
			report_off_stack(j, m, n);
	else if (m->class == CALL_ACTION && !m->ev->error && m->d->raw[0] >= 1 && m->d->raw[0] <= NSIGNALS)
		report_off_stack(j, m, (unsigned int)m->d->raw[0] - 1);
}

static void report_without(struct judge *j, const struct moment *m, const struct thread *t)
{
	const struct action *a = &m->p->shared->action[SIGSEGV - 1];
	struct moment at = *m;

	if (a->kind != ACTION_HANDLER || !a->onstack || !a->by.event || t->alt_ever || (!t->main && !t->noted))
		return;
	at.t = (struct thread *)t;
	if (m->p->lossy || !t->whole)
		judge_doubt(j, m->p, "a call that installed an alternate stack may be missing");
	else if (t->alt.known)
		judge_report(j, &at, HYGIENE_WARNING, bit(SIGSEGV), (struct judge_call[]){
				     { "the handler was installed here", a->by },
				     { "the thread was created here", t->creation }, {} },
			     "a SIGSEGV handler with SA_ONSTACK, and %s has no alternate stack: it can't run "
			     "after a stack overflow",
			     t->main ? "the main thread" : "a thread");
}

void rule_onstack_no_alt(struct judge *j, const struct moment *m)
{
	if (m->kind == AT_THREAD_END)
		report_without(j, m, m->t);
	for (const struct thread *t = m->p->threads; t && m->kind == AT_END; t = t->next)
		if (!t->ended)
			report_without(j, m, t);
}
