/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time cut into windows of some thousands of events, and where in event_log
 * their rows are; see internal.h. A store belongs to one thread.
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST 32		/* blocks that begin in a window; the first windows are smaller */
#define SEGMENTS 128	/* beyond, one segment holds all */

struct windows {
	bool reverse;
	struct event_block *blocks;	/* by min_ts */
	size_t n, room;
	int64_t *reach;			/* highest max_ts of the blocks up to each */
	size_t begin, end;		/* blocks whose windows were not given out */
	size_t step;
	struct segment segments[SEGMENTS];
};

static int keep_block(sqlite3_stmt *row, void *arg)
{
	struct windows *w = arg;
	struct event_block *grown;

	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 256;
		grown = reallocarray(w->blocks, w->room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		w->blocks = grown;
	}
	w->blocks[w->n++] = (struct event_block){
		.first = sqlite3_column_int64(row, 0), .last = sqlite3_column_int64(row, 1),
		.min_ts = sqlite3_column_int64(row, 2), .max_ts = sqlite3_column_int64(row, 3),
	};
	return 0;
}

static int read_blocks(struct store *s, struct windows *w)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_ready(s, &stmt, "SELECT first, last, min_ts, max_ts FROM event_blocks ORDER BY min_ts, first");

	if (r == 0)
		r = db_rows(s, stmt, keep_block, w);
	if (r < 0)
		return r;
	w->reach = calloc(w->n ? w->n : 1, sizeof(*w->reach));
	if (!w->reach)
		return -ENOMEM;
	for (size_t i = 0; i < w->n; i++)
		w->reach[i] = i && w->reach[i - 1] > w->blocks[i].max_ts ? w->reach[i - 1] : w->blocks[i].max_ts;
	w->end = w->n;
	return 0;
}

/* A time that the query names, NULL: `otherwise`. */
static int bound(struct store *s, const char *sql, int64_t otherwise, int64_t *ret)
{
	char *statement;
	int r = 0;

	*ret = otherwise;
	if (!sql)
		return 0;
	if (asprintf(&statement, "SELECT ifnull(%s, %" PRId64 ")", sql, otherwise) < 0)
		return -ENOMEM;
	r = db_number(s, statement, ret);
	free(statement);
	return r;
}

/* Leaves out what the query says cannot match. */
static int narrow(struct store *s, const struct event_query *q, struct windows *w)
{
	int64_t from, to;
	int r = bound(s, q->from, INT64_MIN, &from);

	if (r == 0)
		r = bound(s, q->to, INT64_MAX, &to);
	if (r < 0)
		return r;
	while (w->begin < w->end && w->reach[w->begin] < from)
		w->begin++;
	while (w->begin < w->end && w->blocks[w->end - 1].min_ts > to)
		w->end--;
	return 0;
}

int windows_open(struct store *s, const struct event_query *q, struct windows **ret)
{
	struct windows *w = calloc(1, sizeof(*w));
	int r = w ? read_blocks(s, w) : -ENOMEM;

	if (r == 0)
		r = narrow(s, q, w);
	if (r < 0) {
		windows_close(w);
		return r;
	}
	w->reverse = q->reverse;
	w->step = 1;
	*ret = w;
	return 0;
}

void windows_close(struct windows *w)
{
	if (!w)
		return;
	free(w->blocks);
	free(w->reach);
	free(w);
}

static int by_first(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Joins what overlaps or touches; returns how many are left. */
static unsigned int join(struct segment *s, unsigned int n)
{
	unsigned int out = 0;

	qsort(s, n, sizeof(*s), by_first);
	for (unsigned int i = 1; i < n; i++) {
		if (s[i].first > s[out].last + 1)
			s[++out] = s[i];
		else if (s[i].last > s[out].last)
			s[out].last = s[i].last;
	}
	return n ? out + 1 : 0;
}

static void widen(struct segment *s, const struct event_block *b)
{
	s->first = b->first < s->first ? b->first : s->first;
	s->last = b->last > s->last ? b->last : s->last;
}

/* Blocks begin to end - 1 begin in the window; earlier ones may reach into it. */
static unsigned int find_segments(struct windows *w, size_t begin, size_t end, int64_t from)
{
	unsigned int n = 0;

	for (size_t i = end; i-- > 0 && (i >= begin || w->reach[i] >= from);) {
		const struct event_block *b = &w->blocks[i];

		if (b->max_ts < from)
			continue;
		if (n == SEGMENTS)
			n = join(w->segments, n);
		if (n == SEGMENTS)
			widen(&w->segments[n - 1], b);
		else
			w->segments[n++] = (struct segment){ b->first, b->last };
	}
	return join(w->segments, n);
}

int windows_next(struct windows *w, int64_t *ret_from, int64_t *ret_to, const struct segment **ret_segments,
		 unsigned int *ret_n)
{
	size_t begin = w->begin, end = w->end, n = w->step;

	if (begin == end)
		return 0;
	n = n < end - begin ? n : end - begin;
	if (w->reverse)
		w->end = begin = end - n;
	else
		w->begin = end = begin + n;
	w->step = w->step < MOST ? 2 * w->step : MOST;
	/* Windows end where the next begins: blocks that begin at the same time belong together. */
	*ret_from = begin ? w->blocks[begin].min_ts : INT64_MIN;
	*ret_to = end < w->n ? w->blocks[end].min_ts : INT64_MAX;
	*ret_n = find_segments(w, begin, end, *ret_from);
	*ret_segments = w->segments;
	return 1;
}
