/* SPDX-License-Identifier: BSD-2-Clause */
/* LTTng-UST's description of the two tracepoints; included by its own rules. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER sigbench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "lttng_events.h"

#if !defined(BENCH_LTTNG_EVENTS_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define BENCH_LTTNG_EVENTS_H

#include <lttng/tracepoint.h>
#include <stdint.h>

#define BENCH_FIELDS \
	lttng_ust_field_integer(int, call, kind) \
	lttng_ust_field_integer(int, how, how) \
	lttng_ust_field_integer_hex(uint64_t, set, set) \
	lttng_ust_field_integer(long, ret, ret) \
	lttng_ust_field_integer(int, error, error) \
	lttng_ust_field_integer_hex(uint64_t, mask_before, before) \
	lttng_ust_field_integer_hex(uint64_t, mask_after, after)

LTTNG_UST_TRACEPOINT_EVENT(sigbench, call,
	LTTNG_UST_TP_ARGS(int, kind, int, how, uint64_t, set, long, ret, int, error,
		uint64_t, before, uint64_t, after),
	LTTNG_UST_TP_FIELDS(BENCH_FIELDS)
)

LTTNG_UST_TRACEPOINT_EVENT(sigbench, call_stack,
	LTTNG_UST_TP_ARGS(int, kind, int, how, uint64_t, set, long, ret, int, error,
		uint64_t, before, uint64_t, after, const unsigned long *, pc, unsigned int, npcs),
	LTTNG_UST_TP_FIELDS(BENCH_FIELDS
		lttng_ust_field_sequence_hex(unsigned long, stack, pc, unsigned int, npcs))
)

#endif

#include <lttng/tracepoint-event.h>
