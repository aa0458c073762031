/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows with the next free id, for tests of what is in a log.
 */
#ifndef SIGSHIM_STORE_PUT_H
#define SIGSHIM_STORE_PUT_H

#include <errno.h>

#include "store/store.h"
#include "unit.h"

static inline struct log_ids put_ids(struct store *s)
{
	struct log_ids ids = { 0 };

	ck_assert_int_eq(store_last_ids(s, &ids), 0);
	return ids;
}

static inline int64_t put_process(struct store *s, const struct process_info *info)
{
	int64_t id = put_ids(s).process + 1;

	ck_assert_int_eq(store_process(s, id, info), 0);
	return id;
}

static inline int64_t put_thread(struct store *s, int64_t process, uint32_t ordinal, int tid, int host_tid)
{
	int64_t id = put_ids(s).thread + 1;

	ck_assert_int_eq(store_thread(s, id, &(struct thread_info){ process, ordinal, tid, host_tid }), 0);
	return id;
}

static inline int64_t put_module(struct store *s, const char *path, const char *build_id)
{
	int64_t id = put_ids(s).module + 1;

	ck_assert_int_eq(store_module(s, id, path, build_id), 0);
	return id;
}

static inline void put_mapping(struct store *s, int64_t process, int64_t module, uint64_t start, uint64_t end,
			       uint64_t bias)
{
	const struct mapping_info m = { process, module, start, end, bias, 0, false };

	ck_assert_int_eq(store_mapping(s, &m), 0);
}

static inline int64_t put_stack(struct store *s, const struct stack_frame *frames, unsigned int n,
				enum sigshim_stack_end end)
{
	int64_t id = put_ids(s).stack + 1;

	ck_assert_int_eq(store_stack(s, id, frames, n, end), 0);
	return id;
}

/* An event with a call of its own. */
static inline int put_event(struct store *s, int64_t thread, const struct event *ev, int64_t stack)
{
	int64_t call = put_ids(s).call + 1;
	int r = store_call(s, call, ev, stack);

	if (r == 0)
		r = store_event(s, &(struct occurrence){ thread, call, ev->seq, ev->start_ns, ev->duration_ns });
	return r;
}

#endif
