/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format csv (RFC 4180): the columns of jsonl but for the stack. For
 * output.c and rows.c.
 */
#include "csv.h"

#include <string.h>

static void quote_cell(struct text *t, const char *cell)
{
	if (!cell[strcspn(cell, ",\"\r\n")]) {
		text_add(t, cell);
		return;
	}
	text_addc(t, '"');
	for (; *cell; cell++) {
		if (*cell == '"')
			text_addc(t, '"');
		text_addc(t, *cell);
	}
	text_addc(t, '"');
}

void csv_cell(struct text *t, const char *cell)
{
	struct text clean = {};

	add_utf8(&clean, cell ? cell : "");
	quote_cell(t, text_str(&clean));
	text_free(&clean);
}

static void add_container(const struct container_info *c, void *arg)
{
	const char *cells[] = { c->id, c->name, c->image };
	struct text *t = arg, pod = {};

	for (int i = 0; i < 3; i++) {
		text_addc(t, ',');
		csv_cell(t, cells[i]);
	}
	text_addc(t, ',');
	csv_cell(t, container_pod(c, &pod));
	text_free(&pod);
}

static void thread_part(struct output *o, const struct log_event *ev, struct text *t)
{
	text_addf(t, ",%d,%d,%d,", ev->pid, ev->tid, ev->host_pid);
	if (ev->host_tid)
		text_addi(t, ev->host_tid);
	text_addc(t, ',');
	csv_cell(t, ev->comm);
	text_addc(t, ',');
	csv_cell(t, ev->exe);
	event_container(o, ev, add_container, t);
}

static void call_part(struct output *o, const struct log_event *ev, struct text *t)
{
	char buf[16];
	const char *error = error_text(ev->error, buf);
	const uint64_t masks[] = { ev->mask_before, ev->mask_requested, ev->mask_after };
	const unsigned int known[] = { SIGSHIM_EVF_BEFORE, SIGSHIM_EVF_REQUESTED, SIGSHIM_EVF_AFTER };

	text_addf(t, ",%s,", ev->desc->name);
	csv_cell(t, ev->args);
	text_addc(t, ',');
	if (event_has_result(ev->desc, ev->error))
		text_addi(t, ev->ret);
	text_addf(t, ",%s", error ? error : "");
	for (int i = 0; i < 3; i++) {
		text_addc(t, ',');
		if (ev->flags & known[i])
			add_mask(t, masks[i]);
	}
	text_addf(t, ",%s,", ev->origin);
}

static void stack_part(struct output *o, const struct log_event *ev, struct text *t)
{
	const struct log_frame *frames;
	struct text name = {};

	if (event_frames(o, ev, &frames, NULL) > 0)
		frame_name(&name, &frames[0]);
	csv_cell(t, text_str(&name));
	text_free(&name);
}

static int csv_begin(struct output *o)
{
	text_add(&o->line, "run,time,ts_ns,duration_ns,seq,pid,tid,host_pid,host_tid,comm,exe,container,"
		 "container_name,image,pod,event,args,ret,errno,mask_before,mask_requested,mask_after,origin,"
		 "caller\r\n");
	return write_line(o);
}

static int csv_event(struct output *o, const struct log_event *ev)
{
	struct text *t = &o->line;

	text_addi(t, ev->run);
	text_addc(t, ',');
	clock_utc(&o->clock, t, event_time(ev));
	text_addc(t, ',');
	text_addu(t, ev->ts_ns);
	text_addc(t, ',');
	text_addu(t, ev->duration_ns);
	text_addc(t, ',');
	text_addu(t, ev->seq);
	add_fragment(o, &o->threads, ev->thread, 0, thread_part, ev);
	add_fragment(o, &o->calls, ev->call, 0, call_part, ev);
	add_fragment(o, &o->stacks, ev->stack, ev->process, stack_part, ev);
	text_add(t, "\r\n");
	return write_line(o);
}

const struct output_format format_csv = { .name = "csv", .begin = csv_begin, .event = csv_event };
