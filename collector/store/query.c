/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A caller's condition as an SQL statement; see query.h.
 */
#include "query.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* SQLite's instructions between two looks: about 10 ms. */
#define PROGRESS_STEPS 200000

char *query_condition(const struct event_query *q)
{
	const char *where = q->where && *q->where ? q->where : "1";
	char *text = NULL;
	int n;

	if (q->after_id)
		n = asprintf(&text, "(%s) AND e.id > %" PRId64, where, q->after_id);
	else
		n = asprintf(&text, "(%s)", where);
	return n < 0 ? NULL : text;
}

int query_prepare(struct store *s, const struct event_query *q, sqlite3_stmt **ret,
		  const char *fmt, ...)
{
	sqlite3_stmt *stmt = NULL;
	char *sql = NULL;
	va_list ap;
	int n, r;

	va_start(ap, fmt);
	n = vasprintf(&sql, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	r = db_ready(s, &stmt, sql);
	free(sql);
	if (r == 0)
		r = db_bind(s, stmt, q->values, q->nvalues);
	if (r == 0)
		*ret = stmt;
	else
		sqlite3_finalize(stmt);
	return r;
}

static int report(void *arg)
{
	const struct event_query *q = arg;

	return q->progress(q->progress_arg);
}

void query_begin(struct store *s, const struct event_query *q)
{
	if (q->progress)
		store_progress(s, report, (void *)q);
}

void query_end(struct store *s)
{
	store_progress(s, NULL, NULL);
}

void store_progress(struct store *s, int (*fn)(void *arg), void *arg)
{
	sqlite3_progress_handler(s->db, fn ? PROGRESS_STEPS : 0, fn, arg);
}
