/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls behind events; see tracee.h. Pure.
 */
#include "tracee.h"

#include <string.h>

#define KERNEL_SIGSET_SIZE 8

static bool find_arg(const struct event_desc *d, const char *name, unsigned int *ret)
{
	for (unsigned int i = 0; i < d->nargs; i++) {
		if (strcmp(d->args[i].name, name) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* An argument that the caller of the wrapper did not give under that name. */
static uint64_t made_by_libc(const struct log_event *ev, struct json_object *raw, const char *name)
{
	unsigned int i;

	if (strcmp(name, "sigsetsize") == 0 || strcmp(name, "sizemask") == 0)
		return KERNEL_SIGSET_SIZE;
	if (strcmp(name, "tgid") == 0)
		return find_arg(ev->desc, "pid", &i) ? json_raw(raw, i) : (uint64_t)ev->pid;
	return 0;
}

unsigned int tracee_args(const struct log_event *ev, uint64_t ret[static SIGSHIM_MAX_ARGS])
{
	const struct syscall_desc *sys = ev->desc->sys;
	struct json_object *raw = json_tokener_parse(ev->raw);
	unsigned int k;

	for (unsigned int i = 0; i < sys->nargs; i++)
		ret[i] = find_arg(ev->desc, sys->args[i].name, &k) ? json_raw(raw, k) :
			made_by_libc(ev, raw, sys->args[i].name);
	json_object_put(raw);
	return sys->nargs;
}

int64_t tracee_return(const struct log_event *ev)
{
	return ev->error ? -(int64_t)ev->error : ev->ret;
}

/* FNV-1a */
uint32_t tracee_entity(const struct log_event *ev, int64_t process, int64_t thread)
{
	const int64_t words[] = { ev->run_started_ns, process, thread };
	const unsigned char *p = (const unsigned char *)words;
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < sizeof(words); i++)
		h = (h ^ p[i]) * 16777619u;
	return h ? h : 1;
}
