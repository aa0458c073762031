/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The measured call for LTTng-UST: a tracepoint behind it with what sigshim
 * records too, and another with the stack as payload.
 */
#ifndef BENCH_LTTNG_CALL_H
#define BENCH_LTTNG_CALL_H

#include <errno.h>

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lttng_events.h"

#define BENCH_FRAMES 64

/* An alternate stack's pointer or a signalfd stands where there is no set. */
static inline uint64_t second_argument(const struct job *job)
{
	switch (job->call) {
	case CALL_SIGALTSTACK:
		return (uintptr_t)job->alternate.ss_sp;
	case CALL_SIGQUEUE:
		return (uintptr_t)job->value.sival_ptr;
	default:
		return job->set.__val[0];
	}
}

static inline __attribute__((always_inline)) void tracepoint_after(const struct job *job, int how, long ret)
{
	uint64_t set = job->set.__val[0], before = job->old.__val[0];
	uint64_t after = how == SIG_BLOCK ? before | set : before & ~set;

	if (job->call == CALL_GETPPID)
		return;
	if (lttng_ust_tracepoint_enabled(sigbench, call))
		lttng_ust_do_tracepoint(sigbench, call, job->call, how, second_argument(job), ret,
					ret < 0 ? errno : 0, before, after);
	if (lttng_ust_tracepoint_enabled(sigbench, call_stack)) {
		void *pc[BENCH_FRAMES];
		int n = unw_backtrace(pc, BENCH_FRAMES);

		lttng_ust_do_tracepoint(sigbench, call_stack, job->call, how, second_argument(job), ret,
					ret < 0 ? errno : 0, before, after, (const unsigned long *)pc,
					n > 0 ? (unsigned int)n : 0);
	}
}

#endif
