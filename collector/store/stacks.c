/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes each stack once; see store.h. Stacks of this session are known by
 * content in memory, those of earlier ones by their hash in the log. A store
 * belongs to one thread.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

/* How many stacks of one hash to compare before writing another. */
#define MAX_CANDIDATES 8

/* What makes stacks equal; its bytes are compared. */
struct stack_key {
	uint64_t end;
	struct stack_frame frames[SIGSHIM_MAX_FRAMES];
};

static size_t key_size(unsigned int n)
{
	return offsetof(struct stack_key, frames) + n * sizeof(struct stack_frame);
}

/* 1 when the log's stack has these frames. A frame may have become exact since. */
static int same_frames(struct store *s, int64_t stack, const struct stack_frame *frames,
		       unsigned int n)
{
	sqlite3_stmt **stmt = &s->stmt.stack_frames;
	unsigned int i = 0;
	int r = db_ready(s, stmt, "SELECT ifnull(f.module, 0), f.offset FROM stack_frames x "
			 "JOIN frames f ON f.id = x.frame WHERE x.stack = ? ORDER BY x.depth");

	if (r == 0)
		r = db_bind(s, *stmt, ROW(NUM(stack)));
	if (r < 0)
		return r;
	while ((r = db_step(s, *stmt)) == 1) {
		if (i == n || sqlite3_column_int64(*stmt, 0) != frames[i].module ||
		    sqlite3_column_int64(*stmt, 1) != (int64_t)frames[i].offset)
			break;
		i++;
	}
	sqlite3_reset(*stmt);
	return r < 0 ? r : r == 0 && i == n;
}

/* The log's stack with this content; 0 if it has none. */
static int find_stack(struct store *s, const struct stack_key *key, unsigned int n, uint64_t hash,
		      int64_t *ret)
{
	sqlite3_stmt **stmt = &s->stmt.find_stack;
	int64_t id = 0;
	int r = db_ready(s, stmt, "SELECT id FROM stacks "
			 "WHERE hash = ? AND end = ? AND depth = ? LIMIT ?");

	if (r == 0)
		r = db_bind(s, *stmt, ROW(NUM(hash), NUM(key->end), NUM(n), NUM(MAX_CANDIDATES)));
	if (r < 0)
		return r;
	while ((r = db_step(s, *stmt)) == 1) {
		id = sqlite3_column_int64(*stmt, 0);
		r = same_frames(s, id, key->frames, n);
		if (r != 0)
			break;
	}
	sqlite3_reset(*stmt);
	if (r >= 0)
		*ret = r ? id : 0;
	return r < 0 ? r : 0;
}

/* 1 and the frame's row, 0 if there is none. *ret_signal: it is the signal trampoline. */
static int find_frame(struct store *s, const struct stack_frame *frame, bool exact, int64_t *ret_id,
		      bool *ret_signal)
{
	sqlite3_stmt **stmt = &s->stmt.find_frame;
	int r = db_ready(s, stmt, "SELECT id, signal FROM frames "
			 "WHERE ifnull(module, 0) = ? AND offset = ? AND exact = ?");

	if (r == 0)
		r = db_bind(s, *stmt, ROW(NUM(frame->module), NUM(frame->offset), NUM(exact)));
	if (r == 0)
		r = db_step(s, *stmt);
	if (r == 1) {
		*ret_id = sqlite3_column_int64(*stmt, 0);
		*ret_signal = sqlite3_column_int(*stmt, 1);
	}
	sqlite3_reset(*stmt);
	return r;
}

/*
 * The row of a frame, made if there is none. What lies outside every module
 * has no name to look for. *signal tells whether the frame before is the
 * signal trampoline (then this one was interrupted), and then whether this is.
 */
static int intern_frame(struct store *s, const struct stack_frame *frame, bool *signal,
			int64_t *ret)
{
	bool exact = *signal;
	int r = find_frame(s, frame, exact, ret, signal);

	if (r != 0)
		return r < 0 ? r : 0;
	r = db_write(s, &s->stmt.frame,
		     "INSERT INTO frames (module, offset, exact, state) VALUES (?, ?, ?, ?)",
		     ROW(ID(frame->module), NUM(frame->offset), NUM(exact),
			 NUM(frame->module ? 0 : 2)));
	if (r < 0)
		return r;
	*signal = false;
	*ret = db_last_id(s);
	return 0;
}

/* A stack that is left half-written by a failure is never taken for a whole one. */
static int write_stack(struct store *s, const struct stack_key *key, unsigned int n, uint64_t hash,
		       int64_t *ret)
{
	bool signal = false;
	int64_t stack, frame = 0;
	int r = db_write(s, &s->stmt.stack,
			 "INSERT INTO stacks (depth, end, hash) VALUES (?, ?, ?)",
			 ROW(NUM(n), NUM(key->end), NUM(hash)));

	if (r < 0)
		return r;
	stack = db_last_id(s);
	for (unsigned int i = 0; i < n; i++) {
		r = intern_frame(s, &key->frames[i], &signal, &frame);
		if (r < 0)
			return r;
		r = db_write(s, &s->stmt.stack_frame, "INSERT INTO stack_frames VALUES (?, ?, ?)",
			     ROW(NUM(stack), NUM(i), NUM(frame)));
		if (r < 0)
			return r;
	}
	*ret = stack;
	return 0;
}

int store_stack(struct store *s, const struct stack_frame *frames, unsigned int n,
		enum sigshim_stack_end end, int64_t *ret_stack)
{
	struct stack_key key = { .end = end };
	uint64_t hash;
	int64_t id;
	int r = db_begin(s);

	if (r < 0)
		return r;
	if (n > SIGSHIM_MAX_FRAMES)
		return db_refuse(s, -E2BIG, "a stack of %u frames", n);
	memcpy(key.frames, frames, n * sizeof(*frames));
	id = intern_find(s->stacks, &key, key_size(n));
	if (!id) {
		hash = hash_bytes(&key, key_size(n), 0);
		r = find_stack(s, &key, n, hash, &id);
		if (r == 0 && !id)
			r = write_stack(s, &key, n, hash, &id);
		if (r < 0)
			return r;
		intern_add(s->stacks, &key, key_size(n), id);
	}
	*ret_stack = id;
	return 0;
}
