/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings as one JSON object; see check_format.h.
 */
#include "check_format.h"

static int add_call(const struct log_event *ev, void *arg)
{
	struct json_object *o = arg;

	json_put_string(o, "event", ev->desc->name);
	json_put_args(o, ev);
	json_put_int(o, "pid", ev->pid);
	json_put_int(o, "tid", ev->tid);
	json_put_int(o, "seq", (int64_t)ev->seq);
	return 0;
}

static struct json_object *call_object(const struct check_view *v, const struct finding *f, unsigned int i)
{
	struct json_object *o = json_object_new_object();
	const struct log_frame *frames = NULL;
	enum sigshim_stack_end end;
	int n;

	json_put_string(o, "role", f->call[i].role);
	json_put_int(o, "id", f->call[i].event);
	check_call(v, f->call[i].event, add_call, o);
	n = check_frames(v, f, i, &frames, &end);
	json_put_stack(o, frames, n > 0 ? n : 0);
	return o;
}

static struct json_object *finding_object(const struct check_view *v, const struct finding *f)
{
	struct json_object *o = json_object_new_object(), *calls = json_object_new_array();
	struct text place = {};

	json_put_string(o, "rule", f->rule->id);
	json_put_string(o, "severity", hygiene_severity_name(f->severity));
	json_put_string(o, "message", f->message);
	json_put_mask(o, "signals", f->signals, true);
	check_place(v, f, check_culprit(f), &place);
	json_put_string(o, "look_at", text_str(&place));
	json_put_string(o, "fix", f->rule->fix);
	json_put_string(o, "comm", f->comm);
	json_put_string(o, "exe", f->exe);
	json_put_int(o, "pid", f->pid);
	json_put_int(o, "tid", f->tid);
	json_put_int(o, "count", (int64_t)f->count);
	if (*f->scope)
		json_put_string(o, "scope", f->scope);
	json_put_address(o, "fingerprint", f->print);
	for (unsigned int i = 0; i < f->ncalls; i++)
		json_object_array_add(calls, call_object(v, f, i));
	json_object_object_add(o, "calls", calls);
	text_free(&place);
	return o;
}

static struct json_object *rules_array(uint64_t rules)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < hygiene_nrules(); i++)
		if (rules >> i & 1)
			json_object_array_add(array, json_object_new_string(hygiene_rule(i)->id));
	return array;
}

static struct json_object *doubt_object(const struct doubt *d)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "rules", rules_array(d->rules));
	json_put_string(o, "reason", d->reason);
	json_put_string(o, "comm", d->comm);
	if (d->comm)
		json_put_int(o, "pid", d->pid);
	json_put_int(o, "count", (int64_t)d->count);
	return o;
}

int check_json(const struct check_view *v, struct text *t)
{
	const struct hygiene_report *r = v->report;
	struct json_object *o = json_object_new_object();
	struct json_object *findings = json_object_new_array(), *doubts = json_object_new_array();

	for (unsigned int i = 0; i < r->nfindings; i++)
		if (hygiene_counts(r, &r->findings[i]))
			json_object_array_add(findings, finding_object(v, &r->findings[i]));
	for (unsigned int i = 0; i < r->ndoubts; i++)
		json_object_array_add(doubts, doubt_object(&r->doubts[i]));
	json_put_string(o, "verdict", r->shown ? "findings" : r->ndoubts ? "inconclusive" : "clean");
	json_put_int(o, "events", (int64_t)r->events);
	json_put_int(o, "below_severity", r->below);
	json_put_int(o, "suppressed", r->suppressed);
	json_put_int(o, "in_baseline", r->known);
	json_object_object_add(o, "rules", rules_array(r->rules));
	json_object_object_add(o, "findings", findings);
	json_object_object_add(o, "inconclusive", doubts);
	json_write(t, o);
	text_addc(t, '\n');
	return 0;
}
