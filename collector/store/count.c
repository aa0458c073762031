/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts events by a key; see store.h. A store belongs to one thread.
 *
 * Events are first counted by what they refer to, their call and thread, and
 * only those few counts are joined with the rest and grouped by the key. Which
 * way will do depends on the columns that the key and the condition name:
 * SQLite refuses to prepare those that lack one of them.
 */
#include "query.h"

#include <errno.h>
#include <stdlib.h>

#include "tally.h"

#define GROUPED " GROUP BY 1 ORDER BY 2 DESC, 1"

/* Where an index counts all events, and the condition then chooses among the counts. */
static const char *const by_index[] = {
	"(SELECT call, count(*) AS n FROM event_log GROUP BY call) e JOIN calls c ON c.id = e.call",
	"(SELECT thread, count(*) AS n FROM event_log GROUP BY thread) e "
		"JOIN threads t ON t.id = e.thread "
		"JOIN processes p ON p.id = t.process JOIN runs r ON r.id = p.run",
};

static int pick(struct store *s, const struct event_query *q, const char *condition,
		struct tally *t)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(s, q, &stmt, "SELECT e.call, e.thread FROM event_log e" JOIN_ALL
			      " WHERE %s", condition);

	while (r == 0 && (r = db_step(s, stmt)) == 1)
		r = tally_add(t, sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1));
	sqlite3_finalize(stmt);
	return r;
}

static int write_picked(struct store *s, const struct tally *t)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_ready(s, &stmt, "INSERT INTO temp.picked VALUES (?, ?, ?)");

	for (size_t i = 0; i < t->room && r == 0; i++) {
		const struct pair *p = &t->slots[i];

		if (!p->count)
			continue;
		sqlite3_reset(stmt);
		r = db_bind(s, stmt, ROW(NUM(p->call), NUM(p->thread), NUM(p->count)));
		if (r == 0)
			r = db_step(s, stmt);
	}
	sqlite3_finalize(stmt);
	return r;
}

/* Fills temp.picked with the counts of the chosen events. */
static int fill_picked(struct store *s, const struct event_query *q, const char *condition)
{
	struct tally t = {};
	int r = pick(s, q, condition, &t);

	if (r == 0)
		r = db_exec(s, "SAVEPOINT picked");
	if (r == 0) {
		r = write_picked(s, &t);
		db_exec(s, "RELEASE picked");
	}
	tally_free(&t);
	return r;
}

static int prepare(struct store *s, const struct event_query *q, const char *key,
		   const char *condition, sqlite3_stmt **ret)
{
	static const struct event_query no_values;
	int r;

	for (unsigned int i = 0; i < sizeof(by_index) / sizeof(by_index[0]); i++)
		if (query_prepare(s, q, ret, "SELECT %s, sum(e.n) FROM %s WHERE %s" GROUPED,
				  key, by_index[i], condition) == 0)
			return 0;
	r = db_exec(s, "CREATE TEMP TABLE IF NOT EXISTS picked (call, thread, n);"
		    "DELETE FROM temp.picked");
	if (r < 0)
		return r;
	if (query_prepare(s, &no_values, ret, "SELECT %s, sum(e.n) FROM temp.picked e" CROSS_ALL
			  GROUPED, key) == 0)
		return fill_picked(s, q, condition);
	return query_prepare(s, q, ret, "SELECT %s, count(*) FROM event_log e" JOIN_ALL
			     " WHERE %s" GROUPED, key, condition);
}

int store_count_by(struct store *s, const struct event_query *q, const char *key,
		   int (*fn)(const char *key, int64_t count, void *arg), void *arg)
{
	char *condition = query_condition(q);
	sqlite3_stmt *stmt = NULL;
	int r;

	if (!condition)
		return -ENOMEM;
	query_begin(s, q);
	r = prepare(s, q, key, condition, &stmt);
	while (r == 0 && (r = db_step(s, stmt)) == 1)
		r = fn((const char *)sqlite3_column_text(stmt, 0), sqlite3_column_int64(stmt, 1),
		       arg);
	sqlite3_finalize(stmt);
	query_end(s);
	free(condition);
	return r;
}
