/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes stacks and their frames; see store.h. A frame has one row, whatever
 * stacks it is in. A store belongs to one thread.
 */
#include "internal.h"

#include <errno.h>

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

int store_stack(struct store *s, int64_t id, const struct stack_frame *frames, unsigned int n,
		enum sigshim_stack_end end)
{
	bool signal = false;
	int64_t frame = 0;
	int r;

	if (n > SIGSHIM_MAX_FRAMES)
		return db_refuse(s, -E2BIG, "a stack of %u frames", n);
	r = db_write(s, &s->stmt.stack, "INSERT INTO stacks (id, depth, end) VALUES (?, ?, ?)",
		     ROW(NUM(id), NUM(n), NUM(end)));
	for (unsigned int i = 0; i < n && r == 0; i++) {
		r = intern_frame(s, &frames[i], &signal, &frame);
		if (r == 0)
			r = db_write(s, &s->stmt.stack_frame, "INSERT INTO stack_frames VALUES (?, ?, ?)",
				     ROW(NUM(id), NUM(i), NUM(frame)));
	}
	return r;
}
