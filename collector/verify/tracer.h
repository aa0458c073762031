/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program in the kernel, loaded and attached, and what it sends. The only
 * part of the collector that sees libbpf; for the files of verify/. main-only.
 *
 * Functions return 0 or positive, or -errno.
 */
#ifndef SIGSHIM_TRACER_H
#define SIGSHIM_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
#include "trace.h"

struct tracer;

struct tracer_options {
	enum trace_scope scope;
	const char *cgroup;	/* its folder, for TRACE_CGROUP */
};

/* Each gets a record that is valid during the call. */
struct tracer_sink {
	void (*call)(void *arg, const struct trace_call *call);
	void (*signal)(void *arg, const struct trace_signal *signal);
	void (*life)(void *arg, const struct trace_life *life);
	void (*stack)(void *arg, const struct trace_stack *stack);
	void *arg;
};

/*
 * -ENOSYS: this program was built without it. -EPERM: not allowed. On failure
 * *ret_why, a constant, says what did not work.
 */
int tracer_open(const struct tracer_options *opt, const struct tracer_sink *sink, struct tracer **ret,
		const char **ret_why);
/* Detaches and unloads. NULL is a no-op. */
void tracer_close(struct tracer *t);

/* Watches a process, and what it forks from now on. */
int tracer_watch(struct tracer *t, uint32_t tgid, const struct trace_process *p);
void tracer_unwatch(struct tracer *t, uint32_t tgid);
/* From now on its claimed calls come with stacks, while there is room. NULL is a no-op. */
void tracer_suspect(struct tracer *t, uint32_t tgid);
/* Takes what has come: first all calls, then the stacks that go with them. */
int tracer_take(struct tracer *t);
/* Readable when there is much to take. */
int tracer_fd(const struct tracer *t);
/* What did not fit, in all, by kind. */
void tracer_lost(const struct tracer *t, uint64_t ret[TRACE_LOST_KINDS]);

#endif
