/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small log for the unit tests of queries: calls are added one by one, with
 * masks that follow from each other. Included once by a test program.
 */
#ifndef SIGSHIM_SMALL_LOG_H
#define SIGSHIM_SMALL_LOG_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_put.h"

#define BIT(signo) (1ull << ((signo) - 1))

struct small_log {
	char path[64];
	struct store *store;
	int64_t run, module;
};

static inline struct small_log small_log_begin(void)
{
	struct small_log log = { .path = "/tmp/sigshim-check-XXXXXX" };
	int fd = mkstemp(log.path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(log.path);
	ck_assert_int_eq(store_open(log.path, STORE_CREATE, &log.store, NULL), 0);
	ck_assert_int_eq(store_run_begin(log.store, "a test", &log.run), 0);
	log.module = put_module(log.store, "/opt/app/bin/app", "abcd");
	return log;
}

static inline int64_t small_log_process(struct small_log *log, const char *comm, int pid, int host_pid,
					int64_t parent, uint64_t mask, uint64_t started_ns)
{
	const struct process_info info = {
		.run = log->run, .parent = parent, .pid = pid, .host_pid = host_pid, .ppid = 1, .uid = 1000,
		.comm = comm, .exe = "/opt/app/bin/app", .transport = "ring", .stack_mode = "unwind",
		.overflow = "drop", .depth = 64, .mask_start = mask, .started_ns = started_ns,
	};
	int64_t process;

	process = put_process(log->store, &info);
	put_mapping(log->store, process, log->module, 0x400000, 0x500000, 0x400000);
	return process;
}

static inline int64_t small_log_thread(struct small_log *log, int64_t process, int ordinal, int tid,
				       int host_tid)
{
	return put_thread(log->store, process, (uint32_t)ordinal, tid, host_tid);
}

/* A stack of one frame, at that offset of the module, called `function` unless NULL. */
static inline int64_t small_log_stack(struct small_log *log, uint64_t offset, const char *function)
{
	const struct stack_frame frame = { log->module, offset };
	const struct symbol_info symbol = {
		.function = function, .function_offset = 4, .file = "app.c", .line = 7
	};
	struct frame_todo todo[64];
	int64_t stack;
	int n;

	stack = put_stack(log->store, &frame, 1, SIGSHIM_STACK_COMPLETE);
	n = function ? store_frames_todo(log->store, 0, todo, 64) : 0;
	for (int i = 0; i < n; i++)
		if (todo[i].offset == offset)
			ck_assert_int_eq(store_frame_named(log->store, todo[i].frame, &symbol, 1, false), 0);
	return stack;
}

/* A mask call `name` that left `after` behind, which had `before`. */
static inline void small_log_mask(struct small_log *log, int64_t thread, const char *name, uint64_t seq,
				  uint64_t ts_ns, uint64_t before, uint64_t after, int64_t stack)
{
	struct event ev = {
		.desc = event_by_name(name, 1), .thread = 1, .seq = seq, .start_ns = ts_ns, .duration_ns = 300,
		.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_REQUESTED | SIGSHIM_EVF_AFTER,
		.mask_before = before, .mask_requested = after, .mask_after = after, .copied = 2,
		.arg = { SIG_SETMASK, 0x7ffc00001000, 0, 8 },
	};

	ev.copy[1] = (const unsigned char *)&after;
	ck_assert_int_eq(put_event(log->store, thread, &ev, stack), 0);
}

/* A thread_start with that mask, by the thread with tid `creator`. */
static inline void small_log_start(struct small_log *log, int64_t thread, uint64_t ts_ns, int creator, uint64_t mask)
{
	struct event ev = {
		.desc = event_by_id(SIGSHIM_EV_thread_start), .thread = 1, .seq = 1, .start_ns = ts_ns,
		.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER, .mask_before = mask, .mask_after = mask,
		.arg = { 0x401000, 0, (uint64_t)creator, ts_ns },
	};

	ck_assert_int_eq(put_event(log->store, thread, &ev, 0), 0);
}

/* Another event that leaves the mask as it is. */
static inline void small_log_other(struct small_log *log, int64_t thread, int id, uint64_t seq, uint64_t ts_ns,
				   uint64_t mask)
{
	struct event ev = {
		.desc = event_by_id(id), .thread = 1, .seq = seq, .start_ns = ts_ns,
		.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER, .mask_before = mask, .mask_after = mask,
	};

	ck_assert_int_eq(put_event(log->store, thread, &ev, 0), 0);
}

/* Ends the writing, opens the log for reading. */
static inline void small_log_read(struct small_log *log)
{
	ck_assert_int_eq(store_run_end(log->store, log->run), 0);
	ck_assert_int_eq(store_close(log->store), 0);
	ck_assert_int_eq(store_open(log->path, STORE_READ, &log->store, NULL), 0);
}

static inline void small_log_end(struct small_log *log)
{
	char path[80];

	store_close(log->store);
	unlink(log->path);
	snprintf(path, sizeof(path), "%s-wal", log->path);
	unlink(path);
	snprintf(path, sizeof(path), "%s-shm", log->path);
	unlink(path);
}

#endif
