/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a stack with its names, as a process had it mapped; see store.h. The
 * last ones are kept, since neighbouring events often share theirs. A store
 * belongs to one thread.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CACHED 256	/* slots; a stack has one where it may be */

struct cached_stack {
	int64_t stack, process;		/* stack 0: free */
	enum sigshim_stack_end end;
	bool unfinished;		/* has frames that still wait for a name */
	int n, room;
	struct log_frame *frames;	/* with strings of their own */
};

struct stack_cache {
	struct cached_stack slots[CACHED];
};

#define FRAMES_SQL "SELECT f.offset, f.signal, f.state, m.path, nullif(m.build_id, ''), " \
	"iif(f.signal, '<signal handler called>', s.function), " \
	"s.function_offset, s.file, s.line, s.inlined, f.module IS NULL, " \
	"(SELECT bias FROM mappings WHERE process = ?2 AND module = f.module " \
	"ORDER BY from_ns DESC LIMIT 1) " \
	"FROM stack_frames x JOIN frames f ON f.id = x.frame LEFT JOIN modules m ON m.id = f.module " \
	"LEFT JOIN symbols s ON s.frame = f.id WHERE x.stack = ?1 ORDER BY x.depth, s.level"

static void forget(struct cached_stack *c)
{
	for (int i = 0; i < c->n; i++) {
		free((char *)c->frames[i].module);
		free((char *)c->frames[i].build_id);
		free((char *)c->frames[i].function);
		free((char *)c->frames[i].file);
	}
	free(c->frames);
	*c = (struct cached_stack){};
}

void stack_cache_clear(struct store *s)
{
	for (int i = 0; s->cache && i < CACHED; i++)
		forget(&s->cache->slots[i]);
	free(s->cache);
	s->cache = NULL;
}

static struct log_frame *next_frame(struct cached_stack *c)
{
	int room = c->room ? 2 * c->room : 32;
	struct log_frame *frames = c->frames;

	if (c->n == c->room) {
		frames = reallocarray(c->frames, room, sizeof(*frames));
		if (!frames)
			return NULL;
		c->frames = frames;
		c->room = room;
	}
	return &frames[c->n++];
}

/* A column's text, copied. False without memory. */
static bool copy_text(sqlite3_stmt *stmt, int column, const char **ret)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	*ret = text ? strdup(text) : NULL;
	return *ret || !text;
}

static int read_frame(sqlite3_stmt *stmt, struct cached_stack *c)
{
	struct log_frame *f = next_frame(c);

	if (!f)
		return -ENOMEM;
	*f = (struct log_frame){
		.offset = sqlite3_column_int64(stmt, 0),
		.signal = sqlite3_column_int(stmt, 1),
		.function_offset = sqlite3_column_int64(stmt, 6),
		.line = sqlite3_column_int(stmt, 8),
		.inlined = sqlite3_column_int(stmt, 9),
	};
	if (sqlite3_column_int(stmt, 2) == 0)
		c->unfinished = true;
	if (sqlite3_column_int(stmt, 10))
		f->pc = f->offset;
	else if (sqlite3_column_type(stmt, 11) != SQLITE_NULL)
		f->pc = f->offset + (uint64_t)sqlite3_column_int64(stmt, 11);
	return copy_text(stmt, 3, &f->module) && copy_text(stmt, 4, &f->build_id) &&
		copy_text(stmt, 5, &f->function) && copy_text(stmt, 7, &f->file) ? 0 : -ENOMEM;
}

static int read_end(struct store *s, struct cached_stack *c)
{
	sqlite3_stmt **stmt = &s->stmt.stack_end;
	int r = db_ready(s, stmt, "SELECT end FROM stacks WHERE id = ?");

	if (r == 0)
		r = db_bind(s, *stmt, ROW(NUM(c->stack)));
	if (r == 0)
		r = db_step(s, *stmt);
	if (r == 1)
		c->end = sqlite3_column_int(*stmt, 0);
	sqlite3_reset(*stmt);
	if (r == 0)
		r = db_refuse(s, -ENOENT, "there is no stack %lld", (long long)c->stack);
	return r < 0 ? r : 0;
}

static int read_stack(struct store *s, struct cached_stack *c)
{
	sqlite3_stmt **stmt = &s->stmt.read_stack;
	int r = read_end(s, c);

	if (r == 0)
		r = db_ready(s, stmt, FRAMES_SQL);
	if (r == 0)
		r = db_bind(s, *stmt, ROW(NUM(c->stack), NUM(c->process)));
	while (r == 0 && (r = db_step(s, *stmt)) == 1)
		r = read_frame(*stmt, c);
	sqlite3_reset(*stmt);
	return r;
}

int store_stack_read(struct store *s, int64_t stack, int64_t process,
		     const struct log_frame **ret_frames, enum sigshim_stack_end *ret_end)
{
	struct cached_stack *c;
	int r;

	if (!s->cache)
		s->cache = calloc(1, sizeof(*s->cache));
	if (!s->cache)
		return -ENOMEM;
	c = &s->cache->slots[(uint64_t)(stack * 31 + process) % CACHED];
	if (c->stack != stack || c->process != process || c->unfinished) {
		forget(c);
		c->stack = stack;
		c->process = process;
		r = read_stack(s, c);
		if (r < 0) {
			forget(c);
			return r;
		}
	}
	*ret_frames = c->frames;
	if (ret_end)
		*ret_end = c->end;
	return c->n;
}
