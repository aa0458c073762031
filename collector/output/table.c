/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format table: a row an event, for people, with the call as strace
 * writes it. For output.c.
 */
#include <errno.h>

#include "call_text.h"
#include "columns.h"
#include "stack_text.h"

static const struct column table_columns[] = {
	{ "TIME", false, false, NULL },
	{ "PID", true, false, NULL },
	{ "TID", true, false, NULL },
	{ "COMM", false, false, NULL },
	{ "EVENT", false, false, "\033[1m" },
	{ "ARGS", false, true, NULL },
	{ "RESULT", false, false, NULL },
	{ "MASK", false, true, "\033[33m" },
	{ "CALLER", false, true, "\033[32m" },
};

static void thread_cells(struct output *o, const struct log_event *ev, struct text *t)
{
	text_addi(t, ev->pid);
	text_addc(t, '\0');
	text_addi(t, ev->tid);
	text_addc(t, '\0');
	add_printable(t, ev->comm ? ev->comm : "");
	text_addc(t, '\0');
}

/* "+SIGTERM -SIGINT"; most signals at once as "+~[SIGKILL SIGSTOP]". */
static void add_signed(struct text *t, char sign, uint64_t set)
{
	char buf[SIGNAL_NAME_MAX];

	if (__builtin_popcountll(set) > 32) {
		text_addc(t, sign);
		add_mask_short(t, set);
		return;
	}
	for (int n = 1; set; n++, set >>= 1)
		if (set & 1)
			text_addf(t, "%c%s%s", sign, signal_name(n, buf), set >> 1 ? " " : "");
}

static void add_change(struct text *t, const struct log_event *ev)
{
	const unsigned int both = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER;
	uint64_t changed = (ev->flags & both) == both ? ev->mask_before ^ ev->mask_after : 0;
	uint64_t more = changed & ev->mask_after, less = changed & ev->mask_before;

	/* No call, which could have changed it: what it is at that moment. */
	if (ev->desc->via == SIGSHIM_VIA_NOTE && ev->flags & SIGSHIM_EVF_AFTER)
		add_signed(t, '=', ev->mask_after);
	add_signed(t, '+', more);
	text_add(t, more && less ? " " : "");
	add_signed(t, '-', less);
}

static void call_cells(struct output *o, const struct log_event *ev, struct text *t)
{
	text_add(t, ev->desc->name);
	text_addc(t, '\0');
	call_args(t, ev);
	text_addc(t, '\0');
	call_result(t, ev);
	text_addc(t, '\0');
	add_change(t, ev);
	text_addc(t, '\0');
}

static void caller_cell(struct output *o, const struct log_event *ev, struct text *t)
{
	const struct log_frame *frames;
	struct text name = {};

	if (event_frames(o, ev, &frames, NULL) > 0)
		frame_name(&name, &frames[0]);
	add_printable(t, text_str(&name));
	text_addc(t, '\0');
	text_free(&name);
}

static void stack_lines(struct output *o, const struct log_event *ev, struct text *t)
{
	enum sigshim_stack_end end = SIGSHIM_STACK_COMPLETE;
	const struct log_frame *frames;
	int n = event_frames(o, ev, &frames, &end);

	stack_text(t, "  ", frames, n, end);
}

static int table_begin(struct output *o)
{
	struct columns *c;
	int r = columns_new(&o->opt, table_columns, sizeof(table_columns) / sizeof(table_columns[0]), &c);

	if (r == 0)
		o->state = c;
	return r;
}

static int table_event(struct output *o, const struct log_event *ev)
{
	const char *below = NULL;
	int r;

	text_clear(&o->line);
	clock_local(&o->clock, &o->line, event_time(ev));
	text_addc(&o->line, '\0');
	add_fragment(o, &o->threads, ev->thread, 0, thread_cells, ev);
	add_fragment(o, &o->calls, ev->call, 0, call_cells, ev);
	add_fragment(o, &o->stacks, ev->stack, ev->process, caller_cell, ev);
	if (o->opt.stack)
		below = fragment(o, &o->others, ev->stack, ev->process, stack_lines, ev)->s;
	r = o->error ? o->error : o->line.failed ? -ENOMEM : columns_add(o->state, o->line.s, below);
	text_clear(&o->line);
	return r;
}

static int table_flush(struct output *o)
{
	return columns_flush(o->state);
}

static void table_end(struct output *o)
{
	columns_free(o->state);
}

const struct output_format format_table = {
	.name = "table", .begin = table_begin, .event = table_event, .flush = table_flush, .end = table_end
};
