/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes events, and where in time they are; see store.h. A store belongs to
 * one thread.
 */
#include "internal.h"

#define BLOCK 1024	/* rows of event_log in a row of event_blocks, about */

/*
 * Rows go in by the batch, which costs SQLite less; OR FAIL, since it spares a
 * journal of the statement, and there is no constraint to violate.
 */
#define INSERT "INSERT OR FAIL INTO event_log (thread, call, seq, ts_ns, duration_ns) VALUES "
#define ONE "(?, ?, ?, ?, ?)"
#define FOUR ONE "," ONE "," ONE "," ONE
#define SIXTEEN FOUR "," FOUR "," FOUR "," FOUR
_Static_assert(EVENT_BATCH == 16, "as many as the statement has");

static int write_block(struct store *s)
{
	const struct event_block *b = &s->block;
	int r;

	if (!b->n || !b->dirty)
		return 0;
	r = db_write(s, &s->stmt.block,
		     "INSERT OR REPLACE INTO event_blocks (first, last, min_ts, max_ts) VALUES (?, ?, ?, ?)",
		     ROW(NUM(b->first), NUM(b->last), NUM(b->min_ts), NUM(b->max_ts)));
	if (r == 0) {
		s->block.dirty = false;
		s->block.n = b->n < BLOCK ? b->n : 0;
	}
	return r;
}

/* The batch, whose last row was written last, to the block; a full one is written. */
static int add_to_block(struct store *s, unsigned int n)
{
	struct event_block *b = &s->block;
	int64_t last = db_last_id(s), ts;

	if (!b->n)
		*b = (struct event_block){ .first = last - n + 1, .min_ts = INT64_MAX, .max_ts = INT64_MIN };
	for (unsigned int i = 0; i < n; i++) {
		ts = s->batch[i][3].number;
		b->min_ts = ts < b->min_ts ? ts : b->min_ts;
		b->max_ts = ts > b->max_ts ? ts : b->max_ts;
	}
	b->last = last;
	b->n += n;
	b->dirty = true;
	return b->n >= BLOCK ? write_block(s) : 0;
}

int events_flush(struct store *s)
{
	unsigned int n = s->batched;
	int r = 0;

	if (n == EVENT_BATCH)
		r = db_write(s, &s->stmt.events, INSERT SIXTEEN, s->batch[0], n * EVENT_CELLS);
	for (unsigned int i = 0; n < EVENT_BATCH && i < n && r == 0; i++)
		r = db_write(s, &s->stmt.event, INSERT ONE, s->batch[i], EVENT_CELLS);
	s->batched = 0;
	if (r == 0 && n > 0)
		r = add_to_block(s, n);
	return r;
}

int events_finish(struct store *s)
{
	int r = events_flush(s);

	return r < 0 ? r : write_block(s);
}

int store_event(struct store *s, const struct occurrence *e)
{
	struct bind_value *row = s->batch[s->batched];
	int r = db_begin(s);

	if (r < 0)
		return r;
	row[0] = (struct bind_value)NUM(e->thread);
	row[1] = (struct bind_value)NUM(e->call);
	row[2] = (struct bind_value)NUM(e->seq);
	row[3] = (struct bind_value)NUM(e->ts_ns);
	row[4] = (struct bind_value)NUM(e->duration_ns);
	s->batched++;
	return s->batched == EVENT_BATCH ? events_flush(s) : 0;
}
