/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocked signals as text; see blocked.h.
 */
#include "blocked.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "blocked_json.h"
#include "call_text.h"
#include "format.h"
#include "stack_text.h"

const char *const blocked_formats[] = { "table", "jsonl", NULL };

struct call {
	const struct blocked_view *v;
	const struct mask_thread *t;
	struct text *text;
};

int blocked_call(const struct blocked_view *v, int64_t event,
		 int (*fn)(const struct log_event *ev, void *arg), void *arg)
{
	const struct bind_value id = { .number = event };
	const struct event_query q = { .where = "e.id = ?", .values = &id, .nvalues = 1 };

	return store_events(v->opt.store, &q, fn, arg);
}

static int add_call(const struct log_event *ev, void *arg)
{
	enum sigshim_stack_end end = SIGSHIM_STACK_COMPLETE;
	const struct log_frame *frames;
	struct call *c = arg;
	struct clock clock = {};
	int n = 0;

	if (ev->thread != c->t->id) {
		text_add(c->text, "inherited; ");
		add_printable(c->text, ev->comm ? ev->comm : "?");
		text_addf(c->text, "[%d] thread %d ", ev->pid, ev->tid);
	}
	text_addf(c->text, "blocked by %s(", ev->desc->name);
	call_args(c->text, ev);
	text_add(c->text, ") ");
	call_result(c->text, ev);
	text_add(c->text, " at ");
	clock_local(&clock, c->text, event_time(ev));
	text_addf(c->text, ", record %" PRIu64 "\n", ev->seq);
	if (ev->stack)
		n = store_stack_read(c->v->opt.store, ev->stack, ev->process, &frames, &end);
	if (n > 0)
		stack_text(c->text, "      ", frames, n, end);
	return n < 0 ? n : 0;
}

static int add_cause(const struct blocked_view *v, const struct mask_thread *t,
		     const struct mask_cause *cause, struct text *text)
{
	struct call c = { v, t, text };

	text_add(text, "    ");
	switch (cause->kind) {
	case MASK_CALL:
	case MASK_INHERITED:
		return blocked_call(v, cause->event, add_call, &c);
	case MASK_UNRECORDED:
		text_add(text, "blocked in a way that was not recorded, ");
		if (cause->after_seq)
			text_addf(text, "between records %" PRIu64 " and %" PRIu64 "\n", cause->after_seq,
				  cause->before_seq);
		else
			text_addf(text, "before record %" PRIu64 "\n", cause->before_seq);
		break;
	case MASK_START:
	case MASK_NOBODY:
		text_add(text, "blocked since its start, by what started it\n");
		break;
	}
	return 0;
}

/* A line of signals for each cause, and the cause under it. */
static int add_signals(const struct blocked_view *v, const struct mask_thread *t, struct text *text)
{
	uint64_t left = t->mask & v->want, same;
	int r = 0;

	while (left && r == 0) {
		const struct mask_cause *cause = &t->cause[__builtin_ctzll(left)];

		same = 0;
		for (unsigned int n = 0; n < 64; n++)
			if (left >> n & 1 && mask_same_cause(&t->cause[n], cause))
				same |= 1ull << n;
		text_add(text, v->opt.color ? "  \033[1m" : "  ");
		add_mask_short(text, same);
		text_add(text, v->opt.color ? "\033[0m\n" : "\n");
		r = add_cause(v, t, cause, text);
		left &= ~same;
	}
	return r;
}

static void add_comparison(const struct blocked_view *v, const struct mask_thread *t,
			   const struct live_thread *live, struct text *text)
{
	uint64_t now = live->mask & v->want, then = t && t->known ? t->mask & v->want : 0;

	if (t && t->known && now == then) {
		text_add(text, "  /proc agrees with the log\n");
		return;
	}
	text_add(text, "  /proc differs:");
	if (now & ~then) {
		text_add(text, " blocked now, not in the log: ");
		add_mask_short(text, now & ~then);
	}
	if (then & ~now) {
		text_addf(text, "%s blocked in the log, not now: ", now & ~then ? ";" : "");
		add_mask_short(text, then & ~now);
	}
	text_add(text, now == then ? " the log does not know this mask, which is empty now\n" : "\n");
}

static void add_head(const struct mask_thread *t, const struct live_thread *live, uint64_t want,
		     struct text *text)
{
	if (!t) {
		text_addf(text, "thread %d: not in the log\n", live->tid);
		return;
	}
	add_printable(text, t->process->comm ? t->process->comm : "?");
	text_addf(text, "[%d] thread %d", t->process->pid, t->tid);
	if (t->process->ended_ns && t->process->end)
		text_addf(text, " (ended: %s)", t->process->end);
	else if (t->ended)
		text_add(text, " (ended)");
	text_add(text, !t->known ? ": its mask is not known, no record tells it\n" :
		 t->mask & want ? "\n" : want == UINT64_MAX ? ": blocks nothing\n" : ": does not block it\n");
	if (t->uncertain) {
		text_addf(text, "  unknown since record %" PRIu64 ", after which records are missing (",
			  t->last_seq);
		add_printable(text, t->gap);
		text_add(text, "); this is what it was then\n");
	}
}

static int show_text(const struct blocked_view *v, const struct mask_thread *t,
		     const struct live_thread *live)
{
	struct text text = {};
	int r = 0;

	add_head(t, live, v->want, &text);
	if (t && t->known)
		r = add_signals(v, t, &text);
	if (live)
		add_comparison(v, t, live, &text);
	if (r == 0)
		r = text.failed ? -ENOMEM : write_all(v->opt.out, text_str(&text), text.len);
	text_free(&text);
	return r;
}

int blocked_show(const struct blocked_view *v, const struct mask_thread *t, const struct live_thread *live)
{
	return v->jsonl ? blocked_json(v, t, live) : show_text(v, t, live);
}
