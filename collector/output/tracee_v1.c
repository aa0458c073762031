/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout of Tracee's v1beta1: protobuf's JSON, so 64-bit values are
 * quoted in `data`, and what is unknown is left out. For output.c.
 */
#include <inttypes.h>
#include <string.h>

#include "tracee.h"

static void put_quoted(struct json_object *o, const char *key, uint64_t value, bool is_signed)
{
	char buf[24];

	if (is_signed)
		snprintf(buf, sizeof(buf), "%" PRId64, (int64_t)value);
	else
		snprintf(buf, sizeof(buf), "%" PRIu64, value);
	json_object_object_add(o, key, json_object_new_string(buf));
}

static void head_part(struct output *o, const struct log_event *ev, struct text *t)
{
	struct json_object *j = json_object_new_object(), *policies = json_object_new_object();

	json_put_int(j, "id", ev->desc->sys->tracee_v1);
	json_put_string(j, "name", ev->desc->sys->name);
	json_object_object_add(policies, "matched", json_object_new_array());
	json_object_object_add(j, "policies", policies);
	json_write_inner(t, j);
}

/* Ends inside the object `thread`. */
static void process_part(struct output *o, const struct log_event *ev, struct text *t)
{
	struct json_object *j = json_object_new_object(), *exe = json_object_new_object();
	struct json_object *user = json_object_new_object(), *thread = json_object_new_object();
	int host_tid = ev->host_tid ? ev->host_tid : ev->pid == ev->host_pid ? ev->tid : 0;

	json_put_string(exe, "path", ev->exe ? ev->exe : "");
	json_object_object_add(j, "executable", exe);
	json_put_int(j, "unique_id", tracee_entity(ev, ev->process, 0));
	json_put_int(j, "host_pid", ev->host_pid);
	json_put_int(j, "pid", ev->pid);
	json_put_int(user, "id", ev->uid);
	json_object_object_add(j, "real_user", user);
	json_write_inner(t, j);
	json_put_string(thread, "name", ev->comm ? ev->comm : "");
	json_put_int(thread, "unique_id", tracee_entity(ev, ev->process, ev->thread));
	if (host_tid)
		json_put_int(thread, "host_tid", host_tid);
	json_put_int(thread, "tid", ev->tid);
	text_add(t, ",\"thread\":{");
	json_write_inner(t, thread);
}

static void stack_part(struct output *o, const struct log_event *ev, struct text *t)
{
	const struct log_frame *frames;
	int n = event_frames(o, ev, &frames, NULL);
	struct json_object *j = json_object_new_array();

	for (int i = 0; i < n; i++) {
		struct json_object *address = json_object_new_object();

		json_object_object_add(address, "address", json_object_new_uint64(frames[i].pc));
		json_put_string(address, "symbol", frames[i].function ? frames[i].function : "");
		json_object_array_add(j, address);
	}
	json_write(t, j);
}

static void data_part(struct output *o, const struct log_event *ev, struct text *t)
{
	struct json_object *j = json_object_new_array(), *arg;
	const struct syscall_desc *sys = ev->desc->sys;
	uint64_t value[SIGSHIM_MAX_ARGS];
	unsigned int n = tracee_args(ev, value);

	for (unsigned int i = 0; i < n; i++) {
		const char *type = sys->args[i].type;

		arg = json_object_new_object();
		json_put_string(arg, "name", sys->args[i].name);
		if (strcmp(type, "int32") == 0)
			json_put_int(arg, "int32", (int32_t)value[i]);
		else if (strcmp(type, "uint32") == 0)
			json_put_int(arg, "u_int32", (uint32_t)value[i]);
		else
			put_quoted(arg, strcmp(type, "pointer") == 0 ? "pointer" : "u_int64", value[i], false);
		json_object_array_add(j, arg);
	}
	arg = json_object_new_object();
	json_put_string(arg, "name", "returnValue");
	put_quoted(arg, "int64", tracee_return(ev), true);
	json_object_array_add(j, arg);
	json_write(t, j);
}

static void put_known(struct json_object *o, const char *key, const char *value)
{
	if (value)
		json_put_string(o, key, value);
}

/* An object with what is known of these two. */
static struct json_object *object_of(const char *key, const char *value, const char *key2, const char *value2)
{
	struct json_object *o = json_object_new_object();

	put_known(o, key, value);
	put_known(o, key2, value2);
	return o;
}

static struct json_object *pod_object(const struct container_info *c)
{
	struct json_object *o = object_of("name", c->pod, "uid", c->pod_uid);
	struct json_object *labels = c->labels ? json_tokener_parse(c->labels) : NULL;

	if (json_object_is_type(labels, json_type_object))
		json_object_object_add(o, "labels", labels);
	else
		json_object_put(labels);
	return o;
}

static void add_container(const struct container_info *c, void *arg)
{
	struct json_object *container, *k8s;

	if (!c->id)
		return;
	container = object_of("id", c->id, "name", c->name);
	if (c->image)
		json_object_object_add(container, "image", object_of("name", c->image, "", NULL));
	json_object_object_add(container, "started", json_object_new_boolean(true));
	text_add(arg, ",\"container\":");
	json_write(arg, container);
	if (!c->pod)
		return;
	k8s = json_object_new_object();
	json_object_object_add(k8s, "pod", pod_object(c));
	json_object_object_add(k8s, "namespace", object_of("name", c->namespace, "", NULL));
	text_add(arg, ",\"k8s\":");
	json_write(arg, k8s);
}

/* Inside `workload`. */
static void container_part(struct output *o, const struct log_event *ev, struct text *t)
{
	event_container(o, ev, add_container, t);
}

static int tracee_event(struct output *o, const struct log_event *ev)
{
	struct text *t = &o->line;

	/* Tracee knows system calls alone. */
	if (!ev->desc->sys)
		return 0;
	text_add(t, "{\"timestamp\":\"");
	clock_utc(&o->clock, t, event_time(ev));
	text_add(t, "\",");
	add_fragment(o, &o->calls, ev->call, 0, head_part, ev);
	text_add(t, ",\"workload\":{\"process\":{");
	add_fragment(o, &o->threads, ev->thread, 0, process_part, ev);
	text_addf(t, ",\"syscall\":\"%s\",\"user_stack_trace\":{\"addresses\":", ev->desc->sys->name);
	add_fragment(o, &o->stacks, ev->stack, ev->process, stack_part, ev);
	text_add(t, "}}}");
	add_fragment(o, &o->threads, ev->thread, 1, container_part, ev);
	text_add(t, "},\"data\":");
	add_fragment(o, &o->others, ev->call, ev->process, data_part, ev);
	text_add(t, "}\n");
	return write_line(o);
}

const struct output_format format_tracee_v1 = { .name = "tracee-v1", .event = tracee_event };
