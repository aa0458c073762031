/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A caller's condition as an SQL statement, with progress reported while it
 * runs. For this folder alone. A query belongs to one thread.
 */
#ifndef SIGSHIM_QUERY_H
#define SIGSHIM_QUERY_H

#include "internal.h"

/* The aliases that conditions speak of. CROSS keeps event_log outermost. */
#define JOIN_ALL " JOIN calls c ON c.id = e.call JOIN threads t ON t.id = e.thread " \
	"JOIN processes p ON p.id = t.process JOIN runs r ON r.id = p.run"
#define CROSS_ALL " CROSS JOIN calls c ON c.id = e.call CROSS JOIN threads t ON t.id = e.thread " \
	"CROSS JOIN processes p ON p.id = t.process CROSS JOIN runs r ON r.id = p.run"

/*
 * Prepares the SQL that fmt makes, and binds the query's values once for each
 * time that the condition is in it. NULL `progress` of the query is fine.
 */
int query_prepare(struct store *s, const struct event_query *q, sqlite3_stmt **ret,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The query's condition, with after_id, in parentheses; free it. */
char *query_condition(const struct event_query *q);

/* Reports progress from here to query_end, whatever statement runs. */
void query_begin(struct store *s, const struct event_query *q);
void query_end(struct store *s);

#endif
