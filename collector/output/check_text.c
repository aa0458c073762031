/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings as a compiler would print them; see check_format.h.
 */
#include <inttypes.h>
#include <string.h>

#include "call_text.h"
#include "check_format.h"
#include "stack_text.h"

static const char *const colors[] = {
	[HYGIENE_NOTE] = "\033[1;36m", [HYGIENE_WARNING] = "\033[1;35m", [HYGIENE_ERROR] = "\033[1;31m",
};

struct line {
	const struct check_view *v;
	const struct hygiene_call *call;
	struct text *text;
};

static int add_call(const struct log_event *ev, void *arg)
{
	enum sigshim_stack_end end = SIGSHIM_STACK_COMPLETE;
	const struct log_frame *frames;
	struct line *l = arg;
	int n = 0;

	text_addf(l->text, "  %s: ", l->call->role);
	text_addf(l->text, "%s(", ev->desc->name);
	call_args(l->text, ev);
	text_add(l->text, ") ");
	call_result(l->text, ev);
	text_add(l->text, ", ");
	add_printable(l->text, ev->comm ? ev->comm : "?");
	text_addf(l->text, "[%d] thread %d, record %" PRIu64 "\n", ev->pid, ev->tid, ev->seq);
	if (ev->stack)
		n = store_stack_read(l->v->store, ev->stack, ev->process, &frames, &end);
	if (n > 0)
		stack_text(l->text, "    ", frames, n, end);
	return n < 0 ? n : 0;
}

static void add_head(const struct check_view *v, const struct finding *f, struct text *t, bool color)
{
	const char *name = hygiene_severity_name(f->severity);

	text_add(t, color ? "\033[1m" : "");
	check_place(v, f, 0, t);
	text_addf(t, ": %s%s: %s", color ? colors[f->severity] : "", name, color ? "\033[0m\033[1m" : "");
	add_printable(t, f->message);
	text_addf(t, "%s [%s]\n", color ? "\033[0m" : "", f->rule->id);
}

int check_finding(const struct check_view *v, const struct finding *f, struct text *t, bool color)
{
	struct line l = { .v = v, .text = t };
	int r = 0;

	add_head(v, f, t, color);
	text_add(t, "  in ");
	add_printable(t, f->comm);
	text_addf(t, "[%d]", f->pid);
	if (f->tid)
		text_addf(t, " thread %d", f->tid);
	if (*f->scope) {
		text_add(t, ", scope ");
		add_printable(t, f->scope);
	}
	if (f->count > 1)
		text_addf(t, ", the first of %" PRIu64, f->count);
	text_addc(t, '\n');
	for (unsigned int i = 0; i < f->ncalls && r == 0; i++) {
		l.call = &f->call[i];
		r = check_call(v, f->call[i].event, add_call, &l);
	}
	if (!f->ncalls)
		text_add(t, "  no recorded call tells from where\n");
	text_add(t, "  look at: ");
	check_place(v, f, check_culprit(f), t);
	text_addf(t, "\n  fix: %s\n", f->rule->fix);
	return r;
}

static void add_sum(const struct hygiene_report *r, struct text *t)
{
	unsigned int n[HYGIENE_ERROR + 1] = {};

	for (unsigned int i = 0; i < r->nfindings; i++)
		n[r->findings[i].severity] += hygiene_counts(r, &r->findings[i]);
	if (!r->shown && !r->ndoubts)
		text_addf(t, "sigshim: clean: %" PRIu64 " events", r->events);
	else
		text_addf(t, "sigshim: %u error%s, %u warning%s, %u note%s%s", n[HYGIENE_ERROR],
			  n[HYGIENE_ERROR] == 1 ? "" : "s", n[HYGIENE_WARNING], n[HYGIENE_WARNING] == 1 ? "" : "s",
			  n[HYGIENE_NOTE], n[HYGIENE_NOTE] == 1 ? "" : "s", r->ndoubts ? ", inconclusive" : "");
	if (r->below)
		text_addf(t, "; %u below --severity=%s", r->below, hygiene_severity_name(r->level));
	if (r->suppressed)
		text_addf(t, "; %u suppressed", r->suppressed);
	if (r->known)
		text_addf(t, "; %u in the baseline", r->known);
	text_addc(t, '\n');
}

int check_text(const struct check_view *v, struct text *t)
{
	const struct hygiene_report *report = v->report;
	int r = 0;

	for (unsigned int i = 0; i < report->nfindings && r == 0; i++) {
		if (!hygiene_counts(report, &report->findings[i]))
			continue;
		r = check_finding(v, &report->findings[i], t, v->color);
		text_addc(t, '\n');
	}
	for (unsigned int i = 0; i < report->ndoubts; i++) {
		text_add(t, v->color ? "\033[1minconclusive:\033[0m " : "inconclusive: ");
		check_doubt(v, &report->doubts[i], t);
		text_addc(t, '\n');
	}
	add_sum(report, t);
	return r;
}
