/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: writing and reading it. Only this folder sees SQLite. ingest and
 * verify write; analysis and output read. A store belongs to one thread.
 *
 * Functions return 0 or positive, or -errno; ret_ outputs are untouched on
 * failure. store_error() tells the last failure in words.
 */
#ifndef SIGSHIM_STORE_H
#define SIGSHIM_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"

struct store;

enum store_mode {
	STORE_CREATE,	/* read and write, made if missing, appended to if not */
	STORE_UPDATE,	/* read and write, must exist */
	STORE_READ,	/* read only, must exist */
};

/*
 * -ENOENT: no such log. -EINVAL: a file, but not a sigshim log. -EPROTO: a
 * log of a newer version. -EACCES, -EBUSY, -EIO, -ENOSPC as usual. On failure
 * *ret_error, if given, receives a sentence (free it).
 */
int store_open(const char *path, enum store_mode mode, struct store **ret, char **ret_error);
/* Commits and closes. NULL is a no-op. */
int store_close(struct store *s);
const char *store_error(const struct store *s);
const char *store_path(const struct store *s);
/* The log's version; logs of version 1 don't tell how processes began. */
int store_version(const struct store *s);

/* --- writing ---------------------------------------------------------- */

/*
 * Writers work inside one open transaction; store_commit ends it and the next
 * write begins another. Readers, this store too, see what is committed. A
 * failure (disk full) may undo the transaction at once; then every write
 * returns that error until store_rollback, which gives up what is not
 * committed. Rows get the ids that callers choose.
 */
int store_commit(struct store *s);
void store_rollback(struct store *s);

/* The highest ids in the log. */
struct log_ids {
	int64_t process, thread, module, stack, call;
};
int store_last_ids(struct store *s, struct log_ids *ret);

/*
 * A run's journal; see journal/. begin notes it, with the id above which its
 * rows lie: the highest one, or where another run writes at the same time one
 * so high that they never meet.
 */
int store_journal_begin(struct store *s, int64_t run, int64_t *ret_base);
/* 1 and how far the log has it, 0 when the log knows no such journal. */
int store_journal(struct store *s, int64_t run, uint64_t *ret_indexed);
int store_journal_indexed(struct store *s, int64_t run, uint64_t position);
int store_journal_end(struct store *s, int64_t run);

/* command: shown in the log, NULL for a daemon. */
int store_run_begin(struct store *s, const char *command, int64_t *ret_run);
int store_run_end(struct store *s, int64_t run);

struct process_info {
	int64_t run, parent;		/* parent 0: unknown */
	int pid, host_pid, ppid, uid, gid;
	const char *comm, *exe, *cmdline, *container;	/* may be NULL */
	const char *transport, *stack_mode, *overflow;
	int depth;
	const char *birth;		/* "fork", "exec" or "start"; may be NULL */
	bool ignored_known;
	uint64_t ignored_start;
	uint64_t minsigstksz, mask_start, pending_start, started_ns, instance;	/* instance 0: unknown */
};
int store_process(struct store *s, int64_t id, const struct process_info *info);
/* end: "exit", "killed", "exec", "open", "never". */
int store_process_end(struct store *s, int64_t process, uint64_t ended_ns, const char *end,
		      uint64_t lost);
/*
 * A vfork child, until its exec or end: a row of its own with its parent's
 * image and mappings. host_pid 0: unknown.
 */
struct vfork_info {
	int64_t parent;
	int pid, host_pid;
	uint64_t mask_start, started_ns;
};
int store_vfork_child(struct store *s, int64_t id, const struct vfork_info *child);

struct thread_info {
	int64_t process;
	uint32_t ordinal;
	int tid, host_tid;		/* host_tid 0: unknown */
};
int store_thread(struct store *s, int64_t id, const struct thread_info *t);

/* build_id in hex, "" when unknown. */
int store_module(struct store *s, int64_t id, const char *path, const char *build_id);
struct mapping_info {
	int64_t process, module;
	uint64_t start, end, bias, from_ns;
	bool shim;		/* libsigshim.so itself */
};
int store_mapping(struct store *s, const struct mapping_info *m);

struct stack_frame {
	int64_t module;		/* 0: outside every module */
	uint64_t offset;	/* ELF virtual address, or the absolute one */
};
int store_stack(struct store *s, int64_t id, const struct stack_frame *frames, unsigned int n,
		enum sigshim_stack_end end);

/* By what number a process speaks of a stack, until it ends. */
int store_shim_stack(struct store *s, int64_t process, uint32_t number, int64_t stack);

/* What recurs of an event; of `ev` its thread, number and times don't matter. stack 0: none. */
int store_call(struct store *s, int64_t id, const struct event *ev, int64_t stack);

struct occurrence {
	int64_t thread, call;
	uint64_t seq, ts_ns, duration_ns;
};
int store_event(struct store *s, const struct occurrence *e);

struct gap_info {
	int64_t run, process, thread;	/* 0: none */
	uint64_t ts_ns, first_seq, last_seq;	/* 0: unknown */
	int64_t count;			/* -1: nobody can tell */
	const char *reason;
};
int store_gap(struct store *s, const struct gap_info *gap);
/* Adds `count` to what was refused for that reason. */
int store_refusal(struct store *s, int64_t run, const char *reason, uint64_t count);

/* --- what a log knows already, for those who write on ------------------- */

/* fn returns 0 to go on. Strings and frames are valid until it returns. */
int store_modules(struct store *s, int (*fn)(int64_t id, const char *path, const char *build_id, void *arg),
		  void *arg);
/* The newest `max` stacks. */
int store_stacks(struct store *s, int max,
		 int (*fn)(int64_t id, enum sigshim_stack_end end, const struct stack_frame *frames,
			   unsigned int n, void *arg), void *arg);

/*
 * Processes whose collector was killed, and what it knew of each. fn returns 0
 * to go on.
 */
int store_unended(struct store *s, int max,
		  int (*fn)(int64_t process, uint64_t instance, int host_pid, void *arg), void *arg);
struct known_thread {
	uint32_t ordinal;
	uint64_t last_seq;	/* the highest number that was recorded or missed */
};
int store_known_threads(struct store *s, int64_t process,
			int (*fn)(const struct known_thread *t, void *arg), void *arg);
/* Numbers below the last that nothing is known of, as far as they are recent. */
int store_known_breaks(struct store *s, int64_t process,
		       int (*fn)(uint32_t ordinal, uint64_t first, uint64_t last, void *arg), void *arg);
int store_known_mappings(struct store *s, int64_t process,
			 int (*fn)(const struct mapping_info *m, void *arg), void *arg);
int store_known_stacks(struct store *s, int64_t process,
		       int (*fn)(uint32_t number, int64_t stack, void *arg), void *arg);
/* Lost calls that are in the log's gaps, but for those that no collector was there for. */
int store_known_lost(struct store *s, uint64_t instance, uint64_t *ret);

/* --- naming frames ---------------------------------------------------- */

struct frame_todo {
	int64_t frame, module;
	uint64_t offset;
	bool exact;
	const char *path, *build_id;	/* valid until the next store_frames_todo */
};
/* Up to `max` frames that have no name yet, with an id above `after`. Returns how many. */
int store_frames_todo(struct store *s, int64_t after, struct frame_todo *ret, unsigned int max);
/* Frames still to be named; for progress. */
int64_t store_frames_todo_count(struct store *s);

struct symbol_info {
	const char *function;	/* NULL: unknown */
	uint64_t function_offset;
	const char *file;	/* NULL: unknown */
	int line;
	bool inlined;
};
/*
 * Names a frame: n levels, innermost first; n 0: nothing is known. `signal`:
 * it is the kernel's signal trampoline, so that the frame above it was
 * interrupted, not calling: such frames are exchanged for exact ones, which
 * appear in the next store_frames_todo.
 */
int store_frame_named(struct store *s, int64_t frame, const struct symbol_info *symbols,
		      unsigned int n, bool signal);

/* --- reading ---------------------------------------------------------- */

struct log_event {
	int64_t id, run, process, thread, call, stack;	/* stack 0: none */
	int64_t run_started_ns, run_mono_ns;	/* realtime = started + ts - mono */
	uint64_t ts_ns, duration_ns, seq;
	int pid, tid, host_pid, host_tid, ppid, uid;	/* host_tid 0: unknown */
	const char *comm, *exe, *container;	/* valid until the next row; may be NULL */
	const struct event_desc *desc;
	int64_t ret;
	int error;			/* 0: success */
	uint64_t mask_before, mask_requested, mask_after;
	unsigned int flags;		/* SIGSHIM_EVF_BEFORE, _REQUESTED, _AFTER, _VFORK */
	const char *origin;
	const char *args, *raw;		/* JSON; valid until the next row */
};

/*
 * Events in time order (or reversed), chosen by an SQL condition over the
 * aliases e (event_log), c (calls), t (threads), p (processes), r (runs), with
 * `?` bound in order. Callers build the condition from constants; every value
 * is bound. fn returns 0 to go on, or a value that store_events returns.
 */
struct bind_value {
	bool is_text;
	int64_t number;
	const char *text;
};
struct event_query {
	const char *where;		/* "" for all */
	const struct bind_value *values;
	unsigned int nvalues;
	const char *from, *to;		/* SQL of the least and the greatest ts_ns that can match; NULL: any */
	int64_t limit;			/* 0: none */
	bool reverse;
	int64_t after_id;		/* only ids above; 0: all */
	/* Called every few milliseconds while SQLite works; non-zero stops with -EINTR. */
	int (*progress)(void *arg);
	void *progress_arg;
};
int store_events(struct store *s, const struct event_query *q,
		 int (*fn)(const struct log_event *ev, void *arg), void *arg);

/*
 * All events in time order, or those of a run (0: of all), without what the
 * events of a process share (comm, exe, container are NULL): two to three times
 * as fast as store_events. fn as there.
 */
int store_replay(struct store *s, int64_t run, int (*fn)(const struct log_event *ev, void *arg), void *arg);

/*
 * Counts events that q chooses, grouped by the SQL expression `key` over the
 * same aliases, largest first. fn gets the key as text (NULL for null). Limit
 * and direction of q do not matter here.
 */
int store_count_by(struct store *s, const struct event_query *q, const char *key,
		   int (*fn)(const char *key, int64_t count, void *arg), void *arg);

struct log_frame {
	uint64_t pc;			/* absolute in that process; 0 if unknown */
	const char *module;		/* NULL: none. Pointers valid until the next store_stack_read */
	uint64_t offset;
	const char *build_id;		/* NULL or hex */
	const char *function;		/* NULL: unknown */
	uint64_t function_offset;
	const char *file;		/* NULL: unknown */
	int line;
	bool inlined;
	bool signal;
};
/*
 * The frames of a stack as `process` had them mapped, innermost first, inlined
 * functions expanded. Returns how many; *ret_frames is the store's, valid until
 * the next call. *ret_end, if given, tells why the stack ends there.
 */
int store_stack_read(struct store *s, int64_t stack, int64_t process,
		     const struct log_frame **ret_frames, enum sigshim_stack_end *ret_end);

/*
 * Runs a read-only statement for people; other statements give -EPERM. fn gets
 * each row as text (NULL for null); it is called once with row 0 for the names.
 */
int store_sql(struct store *s, const char *sql,
	      int (*fn)(int row, int n, const char *const *cells, void *arg), void *arg);
/* Has fn called every now and then while a statement runs; NULL for no more. */
void store_progress(struct store *s, int (*fn)(void *arg), void *arg);

/* A reader that goes through the log once: little of it is kept in memory. */
int store_one_pass(struct store *s);

/* --- reading more ----------------------------------------------------- */

struct log_run {
	int64_t id, started_ns, mono_ns;
	int64_t ended_ns;		/* 0: it did not end, or runs still */
	bool clean;
	const char *command, *host;	/* may be NULL; strings here are valid until the next row */
};
struct log_process {
	int64_t id, run, parent;	/* parent 0: unknown */
	int pid, host_pid, ppid, uid;
	const char *comm, *exe;		/* may be NULL */
	const char *birth;		/* as in the schema; may be NULL */
	bool mask_known, ignored_known;
	uint64_t mask_start, ignored_start, pending_start, minsigstksz;
	uint64_t started_ns, ended_ns;	/* ended_ns 0: unknown or running */
	const char *end;		/* as in store_process_end; may be NULL */
};
struct log_thread {
	int64_t id, process;
	int tid, host_tid;		/* host_tid 0: unknown */
};

/* Rows in order of their ids; fn returns 0 to go on. */
int store_runs(struct store *s, int (*fn)(const struct log_run *run, void *arg), void *arg);
int store_processes(struct store *s, int (*fn)(const struct log_process *p, void *arg), void *arg);
/* Up to `max` of them, those with an id above `after`. */
int store_processes_after(struct store *s, int64_t after, unsigned int max,
			  int (*fn)(const struct log_process *p, void *arg), void *arg);
int store_threads(struct store *s, int (*fn)(const struct log_thread *t, void *arg), void *arg);
int store_gaps(struct store *s, int (*fn)(const struct gap_info *gap, void *arg), void *arg);

/* Whether another process has this log open: then it may write to it. Call it before store_open. */
bool store_in_use(const char *path);

#endif
