/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that wait for a name, and naming them; see store.h. A store belongs
 * to one thread.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Strings of the todo list, one after the other. Pointers are set when it is complete. */
static int keep_text(FILE *f, sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text && fputs(text, f) >= 0 && fputc('\0', f) >= 0 ? 0 : -ENOMEM;
}

static const char *next_text(const char **at)
{
	const char *text = *at;

	*at += strlen(text) + 1;
	return text;
}

static int read_todo(struct store *s, sqlite3_stmt *stmt, struct frame_todo *ret, FILE *f)
{
	int n = 0, r;

	while ((r = db_step(s, stmt)) == 1) {
		ret[n++] = (struct frame_todo){
			.frame = sqlite3_column_int64(stmt, 0),
			.module = sqlite3_column_int64(stmt, 1),
			.offset = sqlite3_column_int64(stmt, 2),
			.exact = sqlite3_column_int(stmt, 3),
		};
		r = keep_text(f, stmt, 4);
		if (r == 0)
			r = keep_text(f, stmt, 5);
		if (r < 0)
			break;
	}
	return r < 0 ? r : n;
}

int store_frames_todo(struct store *s, int64_t after, struct frame_todo *ret, unsigned int max)
{
	sqlite3_stmt **stmt = &s->stmt.todo;
	const char *at;
	size_t size;
	FILE *f;
	int r = db_ready(s, stmt, "SELECT f.id, f.module, f.offset, f.exact, m.path, m.build_id "
			 "FROM frames f JOIN modules m ON m.id = f.module "
			 "WHERE f.state = 0 AND f.id > ? ORDER BY f.id LIMIT ?");

	if (r == 0)
		r = db_bind(s, *stmt, ROW(NUM(after), NUM(max)));
	if (r < 0)
		return r;
	free(s->todo_text);
	s->todo_text = NULL;
	f = open_memstream(&s->todo_text, &size);
	if (!f)
		return -ENOMEM;
	r = read_todo(s, *stmt, ret, f);
	sqlite3_reset(*stmt);
	if (fclose(f) != 0)
		return -ENOMEM;
	at = s->todo_text;
	for (int i = 0; i < r; i++) {
		ret[i].path = next_text(&at);
		ret[i].build_id = next_text(&at);
	}
	return r;
}

int64_t store_frames_todo_count(struct store *s)
{
	int64_t n;
	int r = db_number(s, "SELECT count(*) FROM frames WHERE state = 0", &n);

	return r < 0 ? r : n;
}

/*
 * What a signal interrupted stood at the address itself, so looking one byte
 * before it, as for a return address, could give the wrong line or function.
 */
static int make_exact(struct store *s, int64_t trampoline)
{
	int r = db_write(s, &s->stmt.exact_frames,
			 "INSERT OR IGNORE INTO frames (module, offset, exact, state) "
			 "SELECT f.module, f.offset, 1, iif(f.module IS NULL, 2, 0) "
			 "FROM stack_frames x "
			 "JOIN stack_frames y ON y.stack = x.stack AND y.depth = x.depth + 1 "
			 "JOIN frames f ON f.id = y.frame WHERE x.frame = ? AND f.exact = 0",
			 ROW(NUM(trampoline)));

	if (r < 0)
		return r;
	return db_write(s, &s->stmt.exact_stacks,
			"UPDATE stack_frames SET frame = (SELECT n.id FROM frames f JOIN frames n "
			"ON ifnull(n.module, 0) = ifnull(f.module, 0) AND n.offset = f.offset "
			"AND n.exact = 1 WHERE f.id = stack_frames.frame) "
			"WHERE (stack, depth) IN "
			"(SELECT stack, depth + 1 FROM stack_frames WHERE frame = ?)",
			ROW(NUM(trampoline)));
}

static int write_symbol(struct store *s, int64_t frame, unsigned int level,
			const struct symbol_info *i)
{
	return db_write(s, &s->stmt.symbol,
			"INSERT OR REPLACE INTO symbols VALUES (?, ?, ?, ?, ?, ?, ?)",
			ROW(NUM(frame), NUM(level), TEXT(i->function), NUM(i->function_offset),
			    TEXT(i->file), ID(i->line), NUM(i->inlined)));
}

int store_frame_named(struct store *s, int64_t frame, const struct symbol_info *symbols,
		      unsigned int n, bool signal)
{
	int r = db_write(s, &s->stmt.named, "UPDATE frames SET state = ?, signal = ? WHERE id = ?",
			 ROW(NUM(n || signal ? 1 : 2), NUM(signal), NUM(frame)));

	for (unsigned int level = 0; level < n && r == 0; level++)
		r = write_symbol(s, frame, level, &symbols[level]);
	if (r == 0 && signal)
		r = make_exact(s, frame);
	if (r == 0)
		stack_cache_clear(s);
	return r;
}
