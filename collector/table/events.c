/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * events.def and syscalls.def as constant arrays, and how to find a row in
 * them. Any part of the collector may call it. MT-safe.
 */
#include "table.h"

#include <pthread.h>
#include <string.h>

#include <sigshim/syscalls.h>

#define COUNT(type, ...) (sizeof((type[]){ __VA_ARGS__ }) / sizeof(type))

enum syscall_row {
#define SIGSHIM_SYSARG(name, type)
#define SIGSHIM_SYSCALL(name, compat, tracee_v0, tracee_v1, args) ROW_##name,
#include <sigshim/syscalls.def>
	SYSCALL_ROWS,
	ROW_none = SYSCALL_ROWS
};

static const struct syscall_desc syscalls[SYSCALL_ROWS] = {
#define SIGSHIM_SYSARG(name, type) { #name, #type },
#define SIGSHIM_SYSCALL(name_, compat, v0, v1, args_) \
	[ROW_##name_] = { \
		.name = #name_, .nr = SIGSHIM_NR_##name_, .nr_compat = compat, \
		.tracee_v0 = v0, .tracee_v1 = v1, \
		.nargs = COUNT(struct syscall_arg, args_), .args = { args_ }, \
	},
#include <sigshim/syscalls.def>
};

/* The tags as the table spells them. */
enum {
	K = SIGSHIM_TAG_K,
	U = SIGSHIM_TAG_U,
	TOCTOU = SIGSHIM_TAG_TOCTOU,
	OPT = SIGSHIM_TAG_OPT,
	ADDED = SIGSHIM_TAG_ADDED,
};

static const struct event_desc events[SIGSHIM_EV_MAX + 1] = {
#define SIGSHIM_DOC(purpose_, example_, issues_, related_) \
	.purpose = purpose_, .example = example_, .issues = issues_, .related = related_
#define SIGSHIM_ARG(name, ctype, kind, tags, doc) \
	{ #name, ctype, SIGSHIM_KIND_##kind, tags, doc },
#define SIGSHIM_EVENT(id_, ident_, name_, via_, sys_, err_, effect_, RET, PARAMS, RAW, ARGS, DOC) \
	[id_] = { \
		.id = id_, .ident = #ident_, .name = name_, \
		.origin = SIGSHIM_VIA_##via_ == SIGSHIM_VIA_SYSCALL ? "syscall" : "wrapped", \
		.prototype = #PARAMS, .ret_type = #RET, .via = SIGSHIM_VIA_##via_, \
		.err = SIGSHIM_ERR_##err_, .effect = SIGSHIM_EFFECT_##effect_, \
		.sys = ROW_##sys_ == ROW_none ? NULL : &syscalls[ROW_##sys_], \
		.nargs = COUNT(struct arg_desc, ARGS), .args = { ARGS }, DOC, \
	},
#include <sigshim/events.def>
};

const struct event_desc *event_by_id(int id)
{
	return id > 0 && id <= SIGSHIM_EV_MAX && events[id].id ? &events[id] : NULL;
}

const struct event_desc *event_by_name(const char *name, int from)
{
	for (int id = from > 1 ? from : 1; id <= SIGSHIM_EV_MAX; id++)
		if (events[id].id && strcmp(events[id].name, name) == 0)
			return &events[id];
	return NULL;
}

const struct syscall_desc *syscall_by_name(const char *name)
{
	for (unsigned int i = 0; i < SYSCALL_ROWS; i++)
		if (strcmp(syscalls[i].name, name) == 0)
			return &syscalls[i];
	return NULL;
}

static const char *names[SIGSHIM_EV_MAX + 1];

static void fill_names(void)
{
	unsigned int n = 0;

	for (int id = 1; id <= SIGSHIM_EV_MAX; id++)
		if (events[id].id && event_by_name(events[id].name, 1)->id == id)
			names[n++] = events[id].name;
}

const char *const *event_names(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fill_names);
	return names;
}
