/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a writer must know of a log that it goes on with: the highest ids,
 * journals, modules and stacks; see store.h. A store belongs to one thread.
 */
#include "internal.h"

#include <errno.h>

#define LANE 32		/* bits of the ids of a run beside another */

static int64_t highest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int store_last_ids(struct store *s, struct log_ids *ret)
{
	struct log_ids ids;
	const struct {
		const char *sql;
		int64_t *id;
	} kinds[] = {
		{ "SELECT max(id) FROM processes", &ids.process },
		{ "SELECT max(id) FROM threads", &ids.thread },
		{ "SELECT max(id) FROM modules", &ids.module },
		{ "SELECT max(id) FROM stacks", &ids.stack },
		{ "SELECT max(id) FROM calls", &ids.call },
	};
	int r = 0;

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && r == 0; i++)
		r = db_number(s, kinds[i].sql, kinds[i].id);
	if (r == 0)
		*ret = ids;
	return r;
}

int store_journal_begin(struct store *s, int64_t run, int64_t *ret_base)
{
	struct log_ids ids;
	sqlite3_stmt *stmt = NULL;
	int64_t others, base, top = 0;
	int r = db_begin(s);

	if (r == 0)
		r = db_number(s, "SELECT count(*) FROM journals", &others);
	if (r == 0)
		r = db_number(s, "SELECT max(base) FROM journals", &base);
	if (r == 0)
		r = store_last_ids(s, &ids);
	if (r < 0)
		return r;
	if (others) {
		top = highest(highest(ids.process, ids.thread), highest(ids.module, ids.stack));
		top = highest(highest(top, ids.call), base);
		top = ((top >> LANE) + 1) << LANE;
	}
	r = db_write(s, &stmt, "INSERT INTO journals (run, base) VALUES (?, ?)", ROW(NUM(run), NUM(top)));
	sqlite3_finalize(stmt);
	if (r == 0)
		*ret_base = top;
	return r;
}

int store_journal(struct store *s, int64_t run, uint64_t *ret_indexed)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_ready(s, &stmt, "SELECT indexed FROM journals WHERE run = ?");

	if (r == 0)
		r = db_bind(s, stmt, ROW(NUM(run)));
	if (r == 0)
		r = db_step(s, stmt);
	if (r == 1)
		*ret_indexed = (uint64_t)sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return r;
}

int store_journal_indexed(struct store *s, int64_t run, uint64_t position)
{
	return db_write(s, &s->stmt.indexed, "UPDATE journals SET indexed = ? WHERE run = ?",
			ROW(NUM(position), NUM(run)));
}

int store_journal_end(struct store *s, int64_t run)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_write(s, &stmt, "DELETE FROM journals WHERE run = ?", ROW(NUM(run)));

	sqlite3_finalize(stmt);
	return r;
}

struct module_reader {
	int (*fn)(int64_t id, const char *path, const char *build_id, void *arg);
	void *arg;
};

static int module_row(sqlite3_stmt *row, void *arg)
{
	const struct module_reader *reader = arg;

	return reader->fn(sqlite3_column_int64(row, 0), (const char *)sqlite3_column_text(row, 1),
			  (const char *)sqlite3_column_text(row, 2), reader->arg);
}

int store_modules(struct store *s, int (*fn)(int64_t id, const char *path, const char *build_id, void *arg),
		  void *arg)
{
	struct module_reader reader = { fn, arg };
	sqlite3_stmt *stmt = NULL;
	int r = db_ready(s, &stmt, "SELECT id, path, build_id FROM modules");

	return r < 0 ? r : db_rows(s, stmt, module_row, &reader);
}

struct stack_reader {
	int (*fn)(int64_t id, enum sigshim_stack_end end, const struct stack_frame *frames, unsigned int n,
		  void *arg);
	void *arg;
	int64_t stack;
	unsigned int n;
	struct stack_frame frames[SIGSHIM_MAX_FRAMES];
};

/* One frame a row; the last of a stack completes it. */
static int stack_row(sqlite3_stmt *row, void *arg)
{
	struct stack_reader *reader = arg;
	int64_t stack = sqlite3_column_int64(row, 0);
	unsigned int depth = (unsigned int)sqlite3_column_int(row, 1);

	if (stack != reader->stack)
		reader->n = 0;
	reader->stack = stack;
	if (reader->n == SIGSHIM_MAX_FRAMES)
		return 0;
	reader->frames[reader->n++] = (struct stack_frame){
		sqlite3_column_int64(row, 3), (uint64_t)sqlite3_column_int64(row, 4)
	};
	if (reader->n != depth)
		return 0;
	return reader->fn(stack, (enum sigshim_stack_end)sqlite3_column_int(row, 2), reader->frames,
			  depth, reader->arg);
}

int store_stacks(struct store *s, int max,
		 int (*fn)(int64_t id, enum sigshim_stack_end end, const struct stack_frame *frames,
			   unsigned int n, void *arg), void *arg)
{
	struct stack_reader reader = { .fn = fn, .arg = arg };
	sqlite3_stmt *stmt = NULL;
	int r = db_ready(s, &stmt,
			 "SELECT s.id, s.depth, s.end, ifnull(f.module, 0), f.offset "
			 "FROM (SELECT id, depth, end FROM stacks ORDER BY id DESC LIMIT ?) s "
			 "CROSS JOIN stack_frames x ON x.stack = s.id CROSS JOIN frames f ON f.id = x.frame "
			 "ORDER BY s.id, x.depth");

	if (r == 0)
		r = db_bind(s, stmt, ROW(NUM(max)));
	if (r < 0) {
		sqlite3_finalize(stmt);
		return r;
	}
	return db_rows(s, stmt, stack_row, &reader);
}
