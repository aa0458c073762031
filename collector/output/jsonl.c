/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format jsonl: a JSON object a line, the keys always all there and in
 * the same order. For output.c.
 */
#include "json.h"

static void put_container(const struct container_info *c, void *arg)
{
	struct text pod = {};

	json_put_string(arg, "container", c->id);
	json_put_string(arg, "container_name", c->name);
	json_put_string(arg, "image", c->image);
	json_put_string(arg, "pod", container_pod(c, &pod));
	text_free(&pod);
}

static void thread_part(struct output *o, const struct log_event *ev, struct text *t)
{
	struct json_object *j = json_object_new_object();

	json_put_int(j, "pid", ev->pid);
	json_put_int(j, "tid", ev->tid);
	json_put_int(j, "host_pid", ev->host_pid);
	if (ev->host_tid)
		json_put_int(j, "host_tid", ev->host_tid);
	else
		json_object_object_add(j, "host_tid", NULL);
	json_put_string(j, "comm", ev->comm);
	json_put_string(j, "exe", ev->exe);
	event_container(o, ev, put_container, j);
	json_write_inner(t, j);
}

static void call_part(struct output *o, const struct log_event *ev, struct text *t)
{
	struct json_object *j = json_object_new_object();
	char error[16];

	json_put_string(j, "event", ev->desc->name);
	json_put_args(j, ev);
	if (event_has_result(ev->desc, ev->error))
		json_put_int(j, "ret", ev->ret);
	else
		json_object_object_add(j, "ret", NULL);
	json_put_string(j, "errno", error_text(ev->error, error));
	json_put_mask(j, "mask_before", ev->mask_before, ev->flags & SIGSHIM_EVF_BEFORE);
	json_put_mask(j, "mask_requested", ev->mask_requested, ev->flags & SIGSHIM_EVF_REQUESTED);
	json_put_mask(j, "mask_after", ev->mask_after, ev->flags & SIGSHIM_EVF_AFTER);
	json_put_string(j, "origin", ev->origin);
	json_write_inner(t, j);
}

static void stack_part(struct output *o, const struct log_event *ev, struct text *t)
{
	struct json_object *j = json_object_new_object();
	const struct log_frame *frames;
	int n = event_frames(o, ev, &frames, NULL);

	json_put_stack(j, frames, n);
	json_write_inner(t, j);
}

static int jsonl_event(struct output *o, const struct log_event *ev)
{
	struct text *t = &o->line;

	text_add(t, "{\"run\":");
	text_addi(t, ev->run);
	text_add(t, ",\"time\":\"");
	clock_utc(&o->clock, t, event_time(ev));
	text_add(t, "\",\"ts_ns\":");
	text_addu(t, ev->ts_ns);
	text_add(t, ",\"duration_ns\":");
	text_addu(t, ev->duration_ns);
	text_add(t, ",\"seq\":");
	text_addu(t, ev->seq);
	text_addc(t, ',');
	add_fragment(o, &o->threads, ev->thread, 0, thread_part, ev);
	text_addc(t, ',');
	add_fragment(o, &o->calls, ev->call, 0, call_part, ev);
	text_addc(t, ',');
	add_fragment(o, &o->stacks, ev->stack, ev->process, stack_part, ev);
	text_add(t, "}\n");
	return write_line(o);
}

const struct output_format format_jsonl = { .name = "jsonl", .event = jsonl_event };
