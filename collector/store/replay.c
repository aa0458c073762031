/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads all events of a log, or of a run, in time order, as fast as one pass
 * can: only event_log itself is read row by row. Calls and threads recur, so a
 * bounded number of each is kept; see store.h. A store belongs to one thread.
 */
#include "query.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS 8192	/* slots; powers of two */
#define THREADS 4096
#define AHEAD 256	/* calls that are read at once when a new one is met: more new ones follow */

#define CALL_SQL "SELECT id, event, ret, error, ifnull(stack, 0), flags, " \
	"mask_before IS NOT NULL, mask_before, mask_requested IS NOT NULL, mask_requested, " \
	"mask_after IS NOT NULL, mask_after, args, raw FROM calls WHERE id BETWEEN ? AND ? ORDER BY id"
#define THREAD_SQL "SELECT t.process, t.tid, ifnull(t.host_tid, 0), p.run, p.pid, p.host_pid, p.ppid, p.uid, " \
	"r.started_ns, r.mono_ns FROM threads t JOIN processes p ON p.id = t.process " \
	"JOIN runs r ON r.id = p.run WHERE t.id = ?"

struct kept_call {
	struct log_event ev;	/* what a call gives an event; `call` 0: free */
	char *text;		/* its strings */
	size_t room;
};

struct replay {
	struct store *store;
	int64_t run;
	sqlite3_stmt *call, *thread;
	int64_t newest;			/* call that was met */
	struct kept_call calls[CALLS];
	struct log_event threads[THREADS];	/* what a thread gives it; `thread` 0: free */
	int (*fn)(const struct log_event *ev, void *arg);
	void *arg;
};

static uint64_t take_mask(sqlite3_stmt *stmt, int column, unsigned int flag, unsigned int *flags)
{
	*flags |= sqlite3_column_int(stmt, column) ? flag : 0;
	return (uint64_t)sqlite3_column_int64(stmt, column + 1);
}

/* Both strings in one piece of memory, which the slot's next call gets too. */
static int take_texts(struct kept_call *c, sqlite3_stmt *stmt)
{
	const char *args = (const char *)sqlite3_column_text(stmt, 12);
	const char *raw = (const char *)sqlite3_column_text(stmt, 13);
	size_t nargs = args ? (size_t)sqlite3_column_bytes(stmt, 12) + 1 : 0;
	size_t nraw = raw ? (size_t)sqlite3_column_bytes(stmt, 13) + 1 : 0;
	char *grown;

	if (nargs + nraw > c->room) {
		grown = realloc(c->text, nargs + nraw);
		if (!grown)
			return -ENOMEM;
		c->text = grown;
		c->room = nargs + nraw;
	}
	c->ev.args = args ? memcpy(c->text, args, nargs) : NULL;
	c->ev.raw = raw ? memcpy(c->text + nargs, raw, nraw) : NULL;
	return 0;
}

static int take_call(struct replay *p, sqlite3_stmt *stmt)
{
	int64_t id = sqlite3_column_int64(stmt, 0);
	struct kept_call *slot = &p->calls[(uint64_t)id & (CALLS - 1)];
	struct log_event *c = &slot->ev;

	*c = (struct log_event){
		.call = id, .desc = event_by_id(sqlite3_column_int(stmt, 1)),
		.ret = sqlite3_column_int64(stmt, 2), .error = sqlite3_column_int(stmt, 3),
		.stack = sqlite3_column_int64(stmt, 4),
		.flags = sqlite3_column_int(stmt, 5) & 1 ? SIGSHIM_EVF_VFORK : 0,
		.origin = origin_name(sqlite3_column_int(stmt, 5) >> 4),
	};
	if (!c->desc)
		return db_refuse(p->store, -EPROTO, "event number %d is of a newer sigshim",
				 sqlite3_column_int(stmt, 1));
	c->origin = c->origin ? c->origin : c->desc->origin;
	c->mask_before = take_mask(stmt, 6, SIGSHIM_EVF_BEFORE, &c->flags);
	c->mask_requested = take_mask(stmt, 8, SIGSHIM_EVF_REQUESTED, &c->flags);
	c->mask_after = take_mask(stmt, 10, SIGSHIM_EVF_AFTER, &c->flags);
	return take_texts(slot, stmt);
}

static int find_call(struct replay *p, int64_t id, const struct log_event **ret)
{
	const struct kept_call *c = &p->calls[(uint64_t)id & (CALLS - 1)];
	int r = 0;

	*ret = &c->ev;
	if (c->ev.call == id)
		return 0;
	if (!p->call)
		r = db_ready(p->store, &p->call, CALL_SQL);
	if (r == 0) {
		sqlite3_reset(p->call);
		r = db_bind(p->store, p->call, ROW(NUM(id), NUM(id > p->newest ? id + AHEAD - 1 : id)));
	}
	p->newest = id > p->newest ? id + AHEAD - 1 : p->newest;
	while (r == 0 && (r = db_step(p->store, p->call)) == 1)
		r = take_call(p, p->call);
	return r == 0 && c->ev.call != id ? -EPROTO : r;
}

static int find_thread(struct replay *p, int64_t id, const struct log_event **ret)
{
	struct log_event *t = &p->threads[(uint64_t)id & (THREADS - 1)];
	sqlite3_stmt *stmt;
	int r;

	*ret = t;
	if (t->thread == id)
		return 0;
	t->thread = 0;
	r = p->thread ? 0 : db_ready(p->store, &p->thread, THREAD_SQL);
	if (r == 0) {
		sqlite3_reset(p->thread);
		r = db_bind(p->store, p->thread, ROW(NUM(id)));
	}
	if (r == 0)
		r = db_step(p->store, p->thread);
	if (r != 1)
		return r < 0 ? r : -EPROTO;
	stmt = p->thread;
	*t = (struct log_event){
		.thread = id, .process = sqlite3_column_int64(stmt, 0), .tid = sqlite3_column_int(stmt, 1),
		.host_tid = sqlite3_column_int(stmt, 2), .run = sqlite3_column_int64(stmt, 3),
		.pid = sqlite3_column_int(stmt, 4), .host_pid = sqlite3_column_int(stmt, 5),
		.ppid = sqlite3_column_int(stmt, 6), .uid = sqlite3_column_int(stmt, 7),
		.run_started_ns = sqlite3_column_int64(stmt, 8), .run_mono_ns = sqlite3_column_int64(stmt, 9),
	};
	return 0;
}

static int give(struct replay *p, sqlite3_stmt *stmt)
{
	const struct log_event *call, *thread;
	struct log_event ev;
	int r = find_thread(p, sqlite3_column_int64(stmt, 1), &thread);

	if (r < 0 || (p->run && thread->run != p->run))
		return r;
	r = find_call(p, sqlite3_column_int64(stmt, 2), &call);
	if (r < 0)
		return r;
	ev = *call;
	ev.thread = thread->thread;
	ev.process = thread->process;
	ev.run = thread->run;
	ev.run_started_ns = thread->run_started_ns;
	ev.run_mono_ns = thread->run_mono_ns;
	ev.pid = thread->pid;
	ev.tid = thread->tid;
	ev.host_pid = thread->host_pid;
	ev.host_tid = thread->host_tid;
	ev.ppid = thread->ppid;
	ev.uid = thread->uid;
	ev.id = sqlite3_column_int64(stmt, 0);
	ev.seq = (uint64_t)sqlite3_column_int64(stmt, 3);
	ev.ts_ns = (uint64_t)sqlite3_column_int64(stmt, 4);
	ev.duration_ns = (uint64_t)sqlite3_column_int64(stmt, 5);
	return p->fn(&ev, p->arg);
}

static int replay_window(struct replay *p, int64_t from, int64_t to, const struct segment *segments,
			 unsigned int n)
{
	char *values = segments_text(segments, n), *sql = NULL;
	sqlite3_stmt *stmt = NULL;
	int r = -ENOMEM;

	if (values && asprintf(&sql, "SELECT e.id, e.thread, e.call, e.seq, e.ts_ns, e.duration_ns "
			       "FROM (%s) b CROSS JOIN event_log e NOT INDEXED "
			       "WHERE e.id BETWEEN b.column1 AND b.column2 AND e.ts_ns >= %" PRId64
			       " AND e.ts_ns %s %" PRId64 " ORDER BY e.ts_ns, e.id", values, from,
			       to == INT64_MAX ? "<=" : "<", to) >= 0)
		r = db_ready(p->store, &stmt, sql);
	while (r == 0 && (r = db_step(p->store, stmt)) == 1)
		r = give(p, stmt);
	sqlite3_finalize(stmt);
	free(values);
	free(sql);
	return r;
}

int store_replay(struct store *s, int64_t run, int (*fn)(const struct log_event *ev, void *arg), void *arg)
{
	struct replay *p = calloc(1, sizeof(*p));
	const struct segment *segments;
	struct windows *w = NULL;
	int64_t from, to;
	unsigned int n;
	int r = p ? windows_open(s, &(const struct event_query){ 0 }, &w) : -ENOMEM;

	if (p)
		*p = (struct replay){ .store = s, .run = run, .fn = fn, .arg = arg };
	while (r == 0 && windows_next(w, &from, &to, &segments, &n))
		if (n && from != to)
			r = replay_window(p, from, to, segments, n);
	windows_close(w);
	for (unsigned int i = 0; p && i < CALLS; i++)
		free(p->calls[i].text);
	if (p) {
		sqlite3_finalize(p->call);
		sqlite3_finalize(p->thread);
	}
	free(p);
	return r;
}
