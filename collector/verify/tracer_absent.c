/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of tracer.c where libbpf, clang or bpftool were missing when
 * this program was built. main-only.
 */
#include "tracer.h"

#include <errno.h>

int tracer_open(const struct tracer_options *opt, const struct tracer_sink *sink, struct tracer **ret,
		const char **ret_why)
{
	*ret_why = "this sigshim was built without the verifier: clang, bpftool or libbpf-dev was missing";
	return -ENOSYS;
}

void tracer_close(struct tracer *t)
{
}

int tracer_watch(struct tracer *t, uint32_t tgid, const struct trace_process *p)
{
	return -ENOSYS;
}

void tracer_unwatch(struct tracer *t, uint32_t tgid)
{
}

void tracer_suspect(struct tracer *t, uint32_t tgid)
{
}

int tracer_take(struct tracer *t)
{
	return -ENOSYS;
}

int tracer_fd(const struct tracer *t)
{
	return -1;
}

void tracer_lost(const struct tracer *t, uint64_t ret[TRACE_LOST_KINDS])
{
}
