/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a killed collector knew of the processes that it recorded, as far as
 * the log has it; see store.h. A store belongs to one thread.
 */
#include "internal.h"

#define RECENT 65536	/* numbers of a thread, which may still come late */

static int query_rows(struct store *s, const char *sql, const struct bind_value *values, unsigned int n,
		      int (*fn)(sqlite3_stmt *row, void *arg), void *arg)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_ready(s, &stmt, sql);

	if (r == 0)
		r = db_bind(s, stmt, values, n);
	if (r < 0) {
		sqlite3_finalize(stmt);
		return r;
	}
	return db_rows(s, stmt, fn, arg);
}

static uint64_t number(sqlite3_stmt *row, int column)
{
	return (uint64_t)sqlite3_column_int64(row, column);
}

struct unended_reader {
	int (*fn)(int64_t process, uint64_t instance, int host_pid, void *arg);
	void *arg;
};

static int unended_row(sqlite3_stmt *row, void *arg)
{
	const struct unended_reader *r = arg;

	return r->fn((int64_t)number(row, 0), number(row, 1), (int)number(row, 2), r->arg);
}

int store_unended(struct store *s, int max,
		  int (*fn)(int64_t process, uint64_t instance, int host_pid, void *arg), void *arg)
{
	return query_rows(s, "SELECT id, instance, host_pid FROM processes WHERE ended_ns IS NULL "
			  "AND instance IS NOT NULL ORDER BY id DESC LIMIT ?", ROW(NUM(max)), unended_row,
			  &(struct unended_reader){ fn, arg });
}

struct thread_reader {
	int (*fn)(const struct known_thread *t, void *arg);
	void *arg;
};

static int thread_row(sqlite3_stmt *row, void *arg)
{
	const struct thread_reader *r = arg;
	const struct known_thread t = { (uint32_t)number(row, 0), number(row, 1) };

	return r->fn(&t, r->arg);
}

int store_known_threads(struct store *s, int64_t process,
			int (*fn)(const struct known_thread *t, void *arg), void *arg)
{
	return query_rows(s, "SELECT ordinal, "
			  "max(ifnull((SELECT max(seq) FROM event_log e WHERE e.thread = t.id), 0), "
			  "ifnull((SELECT max(last_seq) FROM gaps g WHERE g.thread = t.id), 0)) "
			  "FROM threads t WHERE process = ?", ROW(NUM(process)), thread_row,
			  &(struct thread_reader){ fn, arg });
}

struct break_reader {
	int (*fn)(uint32_t ordinal, uint64_t first, uint64_t last, void *arg);
	void *arg;
};

static int break_row(sqlite3_stmt *row, void *arg)
{
	const struct break_reader *r = arg;

	return r->fn((uint32_t)number(row, 0), number(row, 1), number(row, 2), r->arg);
}

int store_known_breaks(struct store *s, int64_t process,
		       int (*fn)(uint32_t ordinal, uint64_t first, uint64_t last, void *arg), void *arg)
{
	return query_rows(s, "SELECT ordinal, first, last FROM (SELECT t.id, t.ordinal, "
			  "lag(e.seq) OVER (PARTITION BY t.id ORDER BY e.seq) + 1 AS first, e.seq - 1 AS last "
			  "FROM threads t JOIN event_log e ON e.thread = t.id WHERE t.process = ?1 AND e.seq > "
			  "(SELECT max(seq) FROM event_log x WHERE x.thread = t.id) - ?2) h WHERE last >= first "
			  "AND NOT EXISTS (SELECT 1 FROM gaps g WHERE g.thread = h.id AND g.last_seq >= h.first "
			  "AND g.first_seq <= h.last)", ROW(NUM(process), NUM(RECENT)), break_row,
			  &(struct break_reader){ fn, arg });
}

struct mapping_reader {
	int (*fn)(const struct mapping_info *m, void *arg);
	void *arg;
};

static int mapping_row(sqlite3_stmt *row, void *arg)
{
	const struct mapping_reader *r = arg;
	const struct mapping_info m = {
		.module = (int64_t)number(row, 0), .start = number(row, 1), .end = number(row, 2),
		.bias = number(row, 3), .from_ns = number(row, 4), .shim = number(row, 5) & 1,
	};

	return r->fn(&m, r->arg);
}

int store_known_mappings(struct store *s, int64_t process,
			 int (*fn)(const struct mapping_info *m, void *arg), void *arg)
{
	return query_rows(s, "SELECT module, start, end, bias, from_ns, flags FROM mappings WHERE process = ? "
			  "ORDER BY id", ROW(NUM(process)), mapping_row, &(struct mapping_reader){ fn, arg });
}

struct stack_reader {
	int (*fn)(uint32_t number, int64_t stack, void *arg);
	void *arg;
};

static int stack_row(sqlite3_stmt *row, void *arg)
{
	const struct stack_reader *r = arg;

	return r->fn((uint32_t)number(row, 0), (int64_t)number(row, 1), r->arg);
}

int store_known_stacks(struct store *s, int64_t process,
		       int (*fn)(uint32_t number, int64_t stack, void *arg), void *arg)
{
	return query_rows(s, "SELECT number, stack FROM shim_stacks WHERE process = ?", ROW(NUM(process)),
			  stack_row, &(struct stack_reader){ fn, arg });
}

static int keep_number(sqlite3_stmt *row, void *arg)
{
	*(uint64_t *)arg = number(row, 0);
	return 0;
}

int store_known_lost(struct store *s, uint64_t instance, uint64_t *ret)
{
	return query_rows(s, "SELECT ifnull(sum(count), 0) FROM gaps WHERE reason <> 'no collector' AND process IN "
			  "(SELECT id FROM processes WHERE instance = ?)", ROW(NUM(instance)), keep_number, ret);
}
