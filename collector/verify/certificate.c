/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates: of each thread, each program image, and the run. See state.h.
 * main-only.
 */
#include "state.h"

static void add(uint64_t to[static COUNT_END], const uint64_t from[static COUNT_END])
{
	for (int i = 0; i < COUNT_END; i++)
		to[i] += from[i];
}

static bool overflowed(const struct verify *v)
{
	return v->lost[TRACE_LOST_CALLS] || v->lost[TRACE_LOST_LIVES] || v->lost[TRACE_LOST_TASKS];
}

/* What went wrong first, in the order of what it means. */
static void judge(const struct verify *v, struct certificate *c, const char *why)
{
	const uint64_t *n = c->count;

	c->complete = "no";
	if (overflowed(v)) {
		c->complete = "unknown";
		c->why = v->overflow;
	} else if (n[COUNT_LOST]) {
		c->why = why ? why : "records are missing";
	} else if (n[COUNT_UNSHIMMED] && !v->alone) {
		c->why = "calls were made without the shim";
	} else if (n[COUNT_UNMATCHED]) {
		c->why = "records have no kernel event";
	} else if (n[COUNT_MISMATCHED]) {
		c->why = "records differ from what the kernel did";
	} else if (v->alone) {
		c->complete = "unknown";
		c->why = "no shim was asked for: there are no records to compare";
	} else {
		c->complete = "yes";
		c->why = NULL;
	}
}

void certificate_image(struct verify *v, const struct image *im)
{
	struct certificate all = { .run = v->run, .tid = (int)im->tgid };
	const char *why = NULL;

	all.process = im->peer ? im->peer->process : im->row;
	for (struct kthread *t = im->threads; t; t = t->next) {
		struct certificate c = {
			.run = v->run, .process = all.process, .thread = t->row, .tid = (int)t->tid,
		};

		for (int i = COUNT_WRAPPED; i <= COUNT_LOST; i++)
			t->count[COUNT_KERNEL] += t->count[i];
		add(c.count, t->count);
		add(all.count, t->count);
		judge(v, &c, t->why);
		why = why ? why : t->why;
		sink_certificate(v->sink, &c);
	}
	if (!im->threads)
		return;
	judge(v, &all, why);
	sink_certificate(v->sink, &all);
	add(v->total.count, all.count);
	if (!v->total.why)
		v->total.why = why;
}

void certificate_run(struct verify *v)
{
	const char *why = v->total.why;

	v->total.run = v->run;
	v->total.why = NULL;
	judge(v, &v->total, why);
	sink_certificate(v->sink, &v->total);
}
