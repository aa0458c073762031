/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event's arguments as JSON; see args.h. Each kind of argument has its
 * form: sets and flags are arrays of names, pointers are "0x..." or null,
 * structures are objects with the names of their C fields.
 */
#include "args.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where the kernel has the fields, on every 64-bit architecture. */
#define STACK_SP 0
#define STACK_FLAGS 8
#define STACK_SIZE 16
#define ACTION_HANDLER 0	/* of a copy: see SIGSHIM_COPY_ACTION */
#define ACTION_MASK 8
#define ACTION_FLAGS 16
#define TIMESPEC_SEC 0
#define TIMESPEC_NSEC 8
#define SIGINFO_SIGNO 0
#define SIGINFO_ERRNO 4
#define SIGINFO_CODE 8
#define SIGINFO_PID 16
#define SIGINFO_UID 20
#define SIGINFO_VALUE 24

static uint64_t get64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static int32_t get32(const unsigned char *p)
{
	int32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static struct json_object *hex(uint64_t v)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "0x%" PRIx64, v);
	return json_object_new_string(buf);
}

/* json-c's null is NULL. */
static struct json_object *pointer(uint64_t v)
{
	return v ? hex(v) : NULL;
}

static struct json_object *signo(int32_t n)
{
	char buf[SIGNAL_NAME_MAX];

	if (n < 1 || n > 64)
		return json_object_new_int(n);
	return json_object_new_string(signal_name(n, buf));
}

/* A constant's name, or the number if it has none. */
static struct json_object *constant(const char *list, int32_t v)
{
	const char *name = flag_name(list, v);

	return name ? json_object_new_string(name) : json_object_new_int(v);
}

static struct json_object *flags(const char *list, uint32_t v)
{
	struct json_object *array = json_object_new_array();
	const char *name;
	int64_t bit;

	for (unsigned int i = 0; flag_at(list, i, &name, &bit); i++) {
		if ((v & bit) != bit)
			continue;
		json_object_array_add(array, json_object_new_string(name));
		v &= ~bit;
	}
	if (v)
		json_object_array_add(array, hex(v));
	return array;
}

static struct json_object *sigset(uint64_t set)
{
	struct json_object *array = json_object_new_array();

	for (int n = 1; n <= 64; n++)
		if (set >> (n - 1) & 1)
			json_object_array_add(array, signo(n));
	return array;
}

static struct json_object *sigval(uint64_t v)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "sival_int", json_object_new_int((int32_t)v));
	json_object_object_add(o, "sival_ptr", pointer(v));
	return o;
}

static struct json_object *stack(const unsigned char *p)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "ss_sp", pointer(get64(p + STACK_SP)));
	json_object_object_add(o, "ss_flags", flags("ss", get32(p + STACK_FLAGS)));
	json_object_object_add(o, "ss_size", json_object_new_uint64(get64(p + STACK_SIZE)));
	return o;
}

static struct json_object *siginfo(const unsigned char *p)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "si_signo", signo(get32(p + SIGINFO_SIGNO)));
	json_object_object_add(o, "si_errno", json_object_new_int(get32(p + SIGINFO_ERRNO)));
	json_object_object_add(o, "si_code", constant("si", get32(p + SIGINFO_CODE)));
	json_object_object_add(o, "si_pid", json_object_new_int(get32(p + SIGINFO_PID)));
	json_object_object_add(o, "si_uid", json_object_new_int64((uint32_t)get32(p + SIGINFO_UID)));
	json_object_object_add(o, "si_value", sigval(get64(p + SIGINFO_VALUE)));
	return o;
}

/* signal(7): SIG_HOLD is sigset's. */
static struct json_object *handler(uint64_t v)
{
	static const char *const names[] = { "SIG_DFL", "SIG_IGN", "SIG_HOLD" };

	return v < 3 ? json_object_new_string(names[v]) : hex(v);
}

static struct json_object *action(const unsigned char *p)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "sa_handler", handler(get64(p + ACTION_HANDLER)));
	json_object_object_add(o, "sa_mask", sigset(get64(p + ACTION_MASK)));
	json_object_object_add(o, "sa_flags", flags("sa", get32(p + ACTION_FLAGS)));
	return o;
}

static struct json_object *timespec(const unsigned char *p)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "tv_sec", json_object_new_int64((int64_t)get64(p + TIMESPEC_SEC)));
	json_object_object_add(o, "tv_nsec", json_object_new_int64((int64_t)get64(p + TIMESPEC_NSEC)));
	return o;
}

/* A name that a program gave: whatever is no plain character may be hostile. */
static struct json_object *text(const unsigned char *p)
{
	char buf[SIGSHIM_COPY_TEXT + 1];
	int n = 0;

	for (; n < SIGSHIM_COPY_TEXT && p[n]; n++)
		buf[n] = p[n] >= ' ' && p[n] <= '~' ? (char)p[n] : '?';
	buf[n] = '\0';
	return json_object_new_string(buf);
}

/* What a pointer argument points to, if the shim could copy it. */
static struct json_object *pointee(enum sigshim_kind kind, uint64_t v, const unsigned char *copy)
{
	if (!copy || !v)
		return pointer(v);
	switch (kind) {
	case SIGSHIM_KIND_STACK_IN:
	case SIGSHIM_KIND_STACK_OUT:
		return stack(copy);
	case SIGSHIM_KIND_SIGINFO_IN:
	case SIGSHIM_KIND_SIGINFO_OUT:
		return siginfo(copy);
	case SIGSHIM_KIND_SIGNO_OUT:
		return signo(get32(copy));
	case SIGSHIM_KIND_PID_OUT:
		return json_object_new_int(get32(copy));
	case SIGSHIM_KIND_ACTION_IN:
	case SIGSHIM_KIND_ACTION_OUT:
	case SIGSHIM_KIND_KACTION_IN:
	case SIGSHIM_KIND_KACTION_OUT:
		return action(copy);
	case SIGSHIM_KIND_TIMESPEC_IN:
		return timespec(copy);
	case SIGSHIM_KIND_TEXT:
		return text(copy);
	default:
		return sigset(get64(copy));
	}
}

static struct json_object *value(enum sigshim_kind kind, uint64_t v, const unsigned char *copy)
{
	switch (kind) {
	case SIGSHIM_KIND_INT:
	case SIGSHIM_KIND_FD:
	case SIGSHIM_KIND_PID:
		return json_object_new_int((int32_t)v);
	case SIGSHIM_KIND_SIGNO:
		return signo((int32_t)v);
	case SIGSHIM_KIND_HOW:
		return constant("how", (int32_t)v);
	case SIGSHIM_KIND_SFD_FLAGS:
		return flags("sfd", (uint32_t)v);
	case SIGSHIM_KIND_SIZE:
		return json_object_new_uint64(v);
	case SIGSHIM_KIND_SIGVAL:
		return sigval(v);
	case SIGSHIM_KIND_MASK32:
		return sigset((uint32_t)v);
	case SIGSHIM_KIND_HANDLER:
		return handler(v);
	default:
		return pointee(kind, v, copy);
	}
}

struct json_object *args_json(const struct event *ev)
{
	struct json_object *o = json_object_new_object();
	const struct arg_desc *arg = ev->desc->args;

	for (unsigned int i = 0; o && i < ev->desc->nargs; i++)
		json_object_object_add(o, arg[i].name,
				       value(arg[i].kind, ev->arg[i],
					     ev->copied & 1u << i ? ev->copy[i] : NULL));
	return o;
}

struct json_object *args_raw(const struct event *ev)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; array && i < ev->desc->nargs; i++)
		json_object_array_add(array, json_object_new_uint64(ev->arg[i]));
	return array;
}
