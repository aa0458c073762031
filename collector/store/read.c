/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads events in time order; see store.h. A store belongs to one thread.
 *
 * Two ways lead there. Where the condition chooses few events, SQLite finds
 * them by whatever index it likes, and only their numbers are sorted. Where it
 * chooses many, going through time window by window meets the next one soon,
 * and the first row is there at once.
 */
#include "query.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FEW 50000

#define COLUMNS "SELECT e.id, p.run, p.id, t.id, c.id, ifnull(c.stack, 0), r.started_ns, " \
	"r.mono_ns, e.ts_ns, e.duration_ns, e.seq, p.pid, t.tid, p.host_pid, " \
	"ifnull(t.host_tid, 0), p.ppid, p.uid, " \
	"p.comm, p.exe, c.event, c.ret, c.error, c.mask_before, c.mask_requested, c.mask_after, " \
	"c.flags, c.args, c.raw, p.container "

static uint64_t column_mask(sqlite3_stmt *stmt, int column, unsigned int flag, unsigned int *flags)
{
	if (sqlite3_column_type(stmt, column) != SQLITE_NULL)
		*flags |= flag;
	return sqlite3_column_int64(stmt, column);
}

static const char *column_text(sqlite3_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

/* The order is that of COLUMNS. */
static void read_row(sqlite3_stmt *stmt, struct log_event *ev)
{
	int64_t numbers[17];

	for (int i = 0; i < 17; i++)
		numbers[i] = sqlite3_column_int64(stmt, i);
	*ev = (struct log_event){
		.id = numbers[0], .run = numbers[1], .process = numbers[2], .thread = numbers[3],
		.call = numbers[4], .stack = numbers[5], .run_started_ns = numbers[6],
		.run_mono_ns = numbers[7], .ts_ns = numbers[8], .duration_ns = numbers[9],
		.seq = numbers[10], .pid = numbers[11], .tid = numbers[12], .host_pid = numbers[13],
		.host_tid = numbers[14], .ppid = numbers[15], .uid = numbers[16],
		.comm = column_text(stmt, 17), .exe = column_text(stmt, 18),
		.desc = event_by_id(sqlite3_column_int(stmt, 19)),
		.ret = sqlite3_column_int64(stmt, 20), .error = sqlite3_column_int(stmt, 21),
		.flags = sqlite3_column_int(stmt, 25) & 1 ? SIGSHIM_EVF_VFORK : 0,
		.origin = origin_name(sqlite3_column_int(stmt, 25) >> 4),
		.args = column_text(stmt, 26), .raw = column_text(stmt, 27),
		.container = column_text(stmt, 28),
	};
	if (ev->desc && !ev->origin)
		ev->origin = ev->desc->origin;
	ev->mask_before = column_mask(stmt, 22, SIGSHIM_EVF_BEFORE, &ev->flags);
	ev->mask_requested = column_mask(stmt, 23, SIGSHIM_EVF_REQUESTED, &ev->flags);
	ev->mask_after = column_mask(stmt, 24, SIGSHIM_EVF_AFTER, &ev->flags);
}

/* Hands the rows of a statement to fn, until there are none or it returns non-zero. */
static int give_rows(struct store *s, sqlite3_stmt *stmt,
		     int (*fn)(const struct log_event *ev, void *arg), void *arg)
{
	struct log_event ev;
	int r;

	while ((r = db_step(s, stmt)) == 1) {
		read_row(stmt, &ev);
		if (!ev.desc)
			return db_refuse(s, -EPROTO, "event number %d is of a newer sigshim",
					 sqlite3_column_int(stmt, 19));
		r = fn(&ev, arg);
		if (r != 0)
			break;
	}
	return r;
}

char *segments_text(const struct segment *segments, unsigned int n)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (unsigned int i = 0; f && i < n; i++)
		fprintf(f, "%s(%" PRId64 ",%" PRId64 ")", i ? "," : "VALUES ", segments[i].first,
			segments[i].last);
	if (!f || fclose(f) != 0)
		return NULL;
	return text;
}

struct walk {
	const struct event_query *q;
	const char *condition;
	int (*fn)(const struct log_event *ev, void *arg);
	void *arg;
	int64_t left;		/* rows until the limit, -1: no limit */
};

static int count_row(const struct log_event *ev, void *arg)
{
	struct walk *walk = arg;

	walk->left -= walk->left > 0;
	return walk->fn(ev, walk->arg);
}

static int walk_window(struct store *s, struct walk *walk, int64_t from, int64_t to,
		       const struct segment *segments, unsigned int n)
{
	const char *down = walk->q->reverse ? " DESC" : "";
	char *values = segments_text(segments, n);
	sqlite3_stmt *stmt;
	int r = -ENOMEM;

	if (values)
		r = query_prepare(s, walk->q, &stmt, COLUMNS "FROM (%s) b CROSS JOIN event_log e NOT INDEXED"
				  CROSS_ALL " WHERE e.id BETWEEN b.column1 AND b.column2 AND "
				  "e.ts_ns >= %" PRId64 " AND e.ts_ns %s %" PRId64 " AND %s "
				  "ORDER BY e.ts_ns%s, e.id%s LIMIT %" PRId64, values, from,
				  to == INT64_MAX ? "<=" : "<", to, walk->condition, down, down, walk->left);
	free(values);
	if (r < 0)
		return r;
	r = give_rows(s, stmt, count_row, walk);
	sqlite3_finalize(stmt);
	return r;
}

static int walk(struct store *s, const struct event_query *q, const char *condition,
		int (*fn)(const struct log_event *ev, void *arg), void *arg)
{
	struct walk state = { q, condition, fn, arg, q->limit ? q->limit : -1 };
	const struct segment *segments;
	struct windows *w;
	int64_t from, to;
	unsigned int n;
	int r = windows_open(s, q, &w);

	if (r < 0)
		return r;
	while (r == 0 && state.left && windows_next(w, &from, &to, &segments, &n))
		if (n && from != to)
			r = walk_window(s, &state, from, to, segments, n);
	windows_close(w);
	return r;
}

struct key {
	int64_t ts_ns, id;
};

static int by_time(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/*
 * The chosen events' keys, in order; more than FEW: gives up. Events after an
 * id are at the table's end, and only the table itself leads there.
 */
static int find_few(struct store *s, const struct event_query *q, const char *condition,
		    struct key *keys)
{
	const char *from = q->after_id ? "event_log e NOT INDEXED" CROSS_ALL :
		"event_log e" JOIN_ALL;
	sqlite3_stmt *stmt;
	int n = 0, r = query_prepare(s, q, &stmt, "SELECT e.ts_ns, e.id FROM %s WHERE %s",
				     from, condition);

	if (r < 0)
		return r;
	while ((r = db_step(s, stmt)) == 1 && n < FEW)
		keys[n++] = (struct key){
			sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1)
		};
	sqlite3_finalize(stmt);
	if (r != 0)
		return r < 0 ? r : FEW + 1;
	qsort(keys, n, sizeof(*keys), by_time);
	return n;
}

static int give_few(struct store *s, const struct event_query *q, const struct key *keys, int n,
		    int (*fn)(const struct log_event *ev, void *arg), void *arg)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_ready(s, &stmt, COLUMNS "FROM event_log e" CROSS_ALL " WHERE e.id = ?");

	if (q->limit && q->limit < n) {
		keys += q->reverse ? n - q->limit : 0;
		n = q->limit;
	}
	for (int i = 0; i < n && r == 0; i++) {
		sqlite3_reset(stmt);
		r = db_bind(s, stmt, ROW(NUM(keys[q->reverse ? n - 1 - i : i].id)));
		if (r == 0)
			r = give_rows(s, stmt, fn, arg);
	}
	sqlite3_finalize(stmt);
	return r;
}

static int choose_way(struct store *s, const struct event_query *q, const char *condition,
		      int (*fn)(const struct log_event *ev, void *arg), void *arg)
{
	struct key *keys;
	int n, r;

	if (!q->after_id && (!q->where || !*q->where))
		return walk(s, q, condition, fn, arg);
	keys = calloc(FEW, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	n = find_few(s, q, condition, keys);
	if (n <= FEW)
		r = n < 0 ? n : give_few(s, q, keys, n, fn, arg);
	else
		r = walk(s, q, condition, fn, arg);
	free(keys);
	return r;
}

int store_events(struct store *s, const struct event_query *q,
		 int (*fn)(const struct log_event *ev, void *arg), void *arg)
{
	char *condition = query_condition(q);
	int r;

	if (!condition)
		return -ENOMEM;
	query_begin(s, q);
	r = choose_way(s, q, condition, fn, arg);
	query_end(s);
	free(condition);
	return r;
}
