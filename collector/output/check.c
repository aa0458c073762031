/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats of findings; see check.h and check_format.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "check_format.h"

const char *const check_formats[] = { "text", "json", "junit", "sarif", "tap", NULL };

static int (*const formats[])(const struct check_view *v, struct text *t) = {
	check_text, check_json, check_junit, check_sarif, check_tap
};

int check_show(const struct check_view *v, const char *format)
{
	struct text t = {};
	int i = 0, r;

	while (check_formats[i] && strcmp(check_formats[i], format) != 0)
		i++;
	if (!check_formats[i])
		return -EINVAL;
	r = formats[i](v, &t);
	if (r == 0)
		r = t.failed ? -ENOMEM : write_all(v->out, text_str(&t), t.len);
	text_free(&t);
	return r;
}

int check_frames(const struct check_view *v, const struct finding *f, unsigned int i,
		 const struct log_frame **ret, enum sigshim_stack_end *ret_end)
{
	if (i >= f->ncalls || !f->call[i].stack)
		return 0;
	return store_stack_read(v->store, f->call[i].stack, f->call[i].process, ret, ret_end);
}

void check_place(const struct check_view *v, const struct finding *f, unsigned int i, struct text *t)
{
	enum sigshim_stack_end end;
	const struct log_frame *frames;
	int n = check_frames(v, f, i, &frames, &end);

	if (n > 0 && frames[0].file) {
		add_printable(t, frames[0].file);
		text_addf(t, ":%d", frames[0].line);
		return;
	}
	if (n <= 0) {
		add_printable(t, f->comm);
		return;
	}
	frame_name(t, &frames[0]);
	if (frames[0].function && frames[0].module)
		text_addf(t, " (%s)", frames[0].module);
}

unsigned int check_culprit(const struct finding *f)
{
	for (unsigned int i = 0; i < f->ncalls; i++)
		if (strcmp(f->call[i].role, "blocked here") == 0 || strcmp(f->call[i].role, "ignored here") == 0)
			return i;
	return 0;
}

int check_call(const struct check_view *v, int64_t event,
	       int (*fn)(const struct log_event *ev, void *arg), void *arg)
{
	const struct bind_value id = { .number = event };
	const struct event_query q = { .where = "e.id = ?", .values = &id, .nvalues = 1 };

	return store_events(v->store, &q, fn, arg);
}

void check_doubt(const struct check_view *v, const struct doubt *d, struct text *t)
{
	const char *between = " ";

	if (d->comm) {
		add_printable(t, d->comm);
		text_addf(t, "[%d]: ", d->pid);
	}
	text_add(t, d->reason);
	if (d->count > 1)
		text_addf(t, ", %" PRIu64 " of them", d->count);
	text_add(t, "; no verdict from");
	if (d->rules == v->report->rules && (d->rules & (d->rules - 1))) {
		text_add(t, " any rule");
		return;
	}
	for (unsigned int i = 0; i < hygiene_nrules(); i++)
		if (d->rules >> i & 1) {
			text_addf(t, "%s%s", between, hygiene_rule(i)->id);
			between = ", ";
		}
}
