/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the store share: the connection, its prepared statements,
 * and how failures become -errno and a sentence. For this folder alone. A
 * store belongs to one thread.
 */
#ifndef SIGSHIM_STORE_INTERNAL_H
#define SIGSHIM_STORE_INTERNAL_H

#include <sqlite3.h>

#include "store.h"

#define LOG_APPLICATION_ID 0x5369676d	/* as in schema.sql */
#define LOG_VERSION 2

#define EVENT_BATCH 16	/* rows of event_log in one statement */
#define EVENT_CELLS 5

struct stack_cache;

/* A row of event_blocks; n 0: there is none. */
struct event_block {
	int64_t first, last, min_ts, max_ts;
	unsigned int n;
	bool dirty;
};

struct store {
	sqlite3 *db;
	char *path;
	enum store_mode mode;
	int version;		/* of the log */
	char error[512];

	bool in_transaction;
	int failed;		/* -errno once a transaction was lost, until store_rollback */
	struct bind_value batch[EVENT_BATCH][EVENT_CELLS];
	unsigned int batched;
	struct event_block block;	/* that rows are being added to */

	char *todo_text;	/* strings of the last store_frames_todo */
	struct stack_cache *cache;

	/* Prepared when first used; closed with the connection. */
	struct {
		sqlite3_stmt *run, *run_end, *process, *process_end, *thread, *gap, *refusal;
		sqlite3_stmt *module, *mapping, *shim_stack, *shim_stacks_end, *indexed;
		sqlite3_stmt *vfork_child, *vfork_mappings;
		sqlite3_stmt *stack, *stack_frame, *find_frame, *frame;
		sqlite3_stmt *call, *event, *events, *block;
		sqlite3_stmt *todo, *todo_count, *symbol, *named, *exact_frames, *exact_stacks;
		sqlite3_stmt *read_stack, *stack_end;
		sqlite3_stmt *certificate, *finding;
		sqlite3_stmt *container, *read_container;
	} stmt;
};

/* --- statement.c ------------------------------------------------------ */

/* Cells of a row, for db_write and db_bind. ID is null for 0. */
#define NUM(n) { .number = (int64_t)(n) }
#define TEXT(s) { .is_text = true, .text = (s) }
#define ID(n) { .is_text = !(n), .number = (int64_t)(n) }
#define ROW(...) (const struct bind_value[]){ __VA_ARGS__ }, \
	sizeof((const struct bind_value[]){ __VA_ARGS__ }) / sizeof(struct bind_value)

/* Remembers what SQLite says about its failure `rc`; returns the -errno. */
int db_fail(struct store *s, int rc);
/* The same for a failure of our own. */
int db_refuse(struct store *s, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Makes *stmt ready for new values. */
int db_ready(struct store *s, sqlite3_stmt **stmt, const char *sql);
int db_bind(struct store *s, sqlite3_stmt *stmt, const struct bind_value *values, unsigned int n);
/* Steps to a row: 1, 0 at the end, or -errno. */
int db_step(struct store *s, sqlite3_stmt *stmt);
int db_exec(struct store *s, const char *sql);
/* The first column of the first row; 0 without rows. */
int db_number(struct store *s, const char *sql, int64_t *ret);
/* Opens the transaction if there is none, and runs a writing statement in it. */
int db_write(struct store *s, sqlite3_stmt **stmt, const char *sql,
	     const struct bind_value *values, unsigned int n);
/* Opens the transaction if there is none. */
int db_begin(struct store *s);
/* The id that the last db_write gave its row. */
int64_t db_last_id(const struct store *s);
/* Steps through all rows; fn returns 0 to go on. Finalizes the statement. */
int db_rows(struct store *s, sqlite3_stmt *stmt, int (*fn)(sqlite3_stmt *row, void *arg), void *arg);

/* --- schema.c --------------------------------------------------------- */

/* Checks that the database is a log, after making it one if it is empty and `create`. */
int schema_open(struct store *s, bool create);

/* --- calls.c ---------------------------------------------------------- */

/* Writes the events that wait in the batch. */
int events_flush(struct store *s);
/* The same, and the block that they are in: before a commit. */
int events_finish(struct store *s);

/* --- windows.c -------------------------------------------------------- */

/*
 * Events in order of time, a window after the other: [from, to) of time, whose
 * events have ids in the segments.
 */
struct segment {
	int64_t first, last;
};
struct windows;
int windows_open(struct store *s, const struct event_query *q, struct windows **ret);
/* 1, or 0 at the end. */
int windows_next(struct windows *w, int64_t *ret_from, int64_t *ret_to, const struct segment **ret_segments,
		 unsigned int *ret_n);
void windows_close(struct windows *w);
/* The segments as rows of a table; NULL without memory. Free it. */
char *segments_text(const struct segment *segments, unsigned int n);

/* --- stackread.c ------------------------------------------------------ */

void stack_cache_clear(struct store *s);

#endif
