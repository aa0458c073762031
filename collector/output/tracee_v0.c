/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout of Tracee v0.24 (types/trace.Event): numbers unquoted, the event
 * id a string. What sigshim does not know is 0 or empty, as Tracee leaves it.
 * For output.c.
 */
#include <string.h>

#include "tracee.h"

static void put_known(struct json_object *o, const char *key, const char *value)
{
	if (value)
		json_put_string(o, key, value);
}

/* Tracee leaves out what is empty. */
static void put_container(const struct container_info *c, void *arg)
{
	struct json_object *container = json_object_new_object(), *kubernetes = json_object_new_object();

	json_put_string(arg, "containerId", c->id ? c->id : "");
	put_known(container, "id", c->id);
	put_known(container, "name", c->name);
	put_known(container, "image", c->image);
	put_known(kubernetes, "podName", c->pod);
	put_known(kubernetes, "podNamespace", c->namespace);
	put_known(kubernetes, "podUID", c->pod_uid);
	json_object_object_add(arg, "container", container);
	json_object_object_add(arg, "kubernetes", kubernetes);
}

static void thread_part(struct output *o, const struct log_event *ev, struct text *t)
{
	struct json_object *j = json_object_new_object(), *exe = json_object_new_object();
	bool host = ev->pid == ev->host_pid;

	json_put_int(j, "threadStartTime", 0);
	json_put_int(j, "processorId", 0);
	json_put_int(j, "processId", ev->pid);
	json_put_int(j, "cgroupId", 0);
	json_put_int(j, "threadId", ev->tid);
	json_put_int(j, "parentProcessId", ev->ppid);
	json_put_int(j, "hostProcessId", ev->host_pid);
	json_put_int(j, "hostThreadId", ev->host_tid ? ev->host_tid : host ? ev->tid : 0);
	json_put_int(j, "hostParentProcessId", host ? ev->ppid : 0);
	json_put_int(j, "userId", ev->uid);
	json_put_int(j, "mountNamespace", 0);
	json_put_int(j, "pidNamespace", 0);
	json_put_string(j, "processName", ev->comm ? ev->comm : "");
	json_put_string(exe, "path", ev->exe ? ev->exe : "");
	json_object_object_add(j, "executable", exe);
	json_put_string(j, "hostName", "");
	event_container(o, ev, put_container, j);
	json_write_inner(t, j);
}

static void call_part(struct output *o, const struct log_event *ev, struct text *t)
{
	struct json_object *j = json_object_new_object(), *policies = json_object_new_array();
	const struct syscall_desc *sys = ev->desc->sys;
	char id[16];

	snprintf(id, sizeof(id), "%d", sys->tracee_v0);
	json_put_string(j, "eventId", id);
	json_put_string(j, "eventName", sys->name);
	json_object_array_add(policies, json_object_new_string(""));
	json_object_object_add(j, "matchedPolicies", policies);
	json_put_int(j, "argsNum", sys->nargs);
	json_put_int(j, "returnValue", tracee_return(ev));
	json_put_string(j, "syscall", sys->name);
	json_write_inner(t, j);
}

static void stack_part(struct output *o, const struct log_event *ev, struct text *t)
{
	const struct log_frame *frames;
	int n = event_frames(o, ev, &frames, NULL);
	struct json_object *j = n ? json_object_new_array() : NULL;

	for (int i = 0; i < n; i++)
		if (!frames[i].inlined)
			json_object_array_add(j, json_object_new_uint64(frames[i].pc));
	json_write(t, j);
}

static void identity_part(struct output *o, const struct log_event *ev, struct text *t)
{
	struct json_object *j = json_object_new_object(), *flags = json_object_new_object();

	json_object_object_add(flags, "containerStarted", json_object_new_boolean(ev->container != NULL));
	json_object_object_add(flags, "isCompat", json_object_new_boolean(false));
	json_object_object_add(j, "contextFlags", flags);
	json_put_int(j, "threadEntityId", tracee_entity(ev, ev->process, ev->thread));
	json_put_int(j, "processEntityId", tracee_entity(ev, ev->process, 0));
	json_put_int(j, "parentEntityId", 0);
	json_write_inner(t, j);
}

static struct json_object *value_of(const char *type, uint64_t value)
{
	return strcmp(type, "int32") == 0 ? json_object_new_int((int32_t)value) :
		json_object_new_uint64(value);
}

static void args_part(struct output *o, const struct log_event *ev, struct text *t)
{
	struct json_object *j = json_object_new_array();
	const struct syscall_desc *sys = ev->desc->sys;
	uint64_t value[SIGSHIM_MAX_ARGS];
	unsigned int n = tracee_args(ev, value);

	for (unsigned int i = 0; i < n; i++) {
		const char *type = sys->args[i].type;
		struct json_object *arg = json_object_new_object();

		json_put_string(arg, "name", sys->args[i].name);
		json_put_string(arg, "type", strcmp(type, "pointer") == 0 ? "trace.Pointer" : type);
		json_object_object_add(arg, "value", value_of(type, value[i]));
		json_object_array_add(j, arg);
	}
	json_write(t, j);
}

/* The caches hold two fragments of a kind apart by their second key. */
static int tracee_event(struct output *o, const struct log_event *ev)
{
	struct text *t = &o->line;

	/* Tracee knows system calls alone. */
	if (!ev->desc->sys)
		return 0;
	text_add(t, "{\"timestamp\":");
	text_addi(t, event_time(ev));
	text_addc(t, ',');
	add_fragment(o, &o->threads, ev->thread, 0, thread_part, ev);
	text_addc(t, ',');
	add_fragment(o, &o->calls, ev->call, 0, call_part, ev);
	text_add(t, ",\"stackAddresses\":");
	add_fragment(o, &o->stacks, ev->stack, ev->process, stack_part, ev);
	text_addc(t, ',');
	add_fragment(o, &o->threads, ev->thread, 1, identity_part, ev);
	text_add(t, ",\"args\":");
	add_fragment(o, &o->others, ev->call, ev->process, args_part, ev);
	text_add(t, "}\n");
	return write_line(o);
}

const struct output_format format_tracee_v0 = { .name = "tracee-v0", .event = tracee_event };
