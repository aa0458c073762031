/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A journal beside a log: for the tests of both journals and their crashes.
 */
#ifndef JOURNAL_FIXTURE_H
#define JOURNAL_FIXTURE_H

#include "journal/journal.h"
#include "store_fixture.h"

static struct journal *j;
static int64_t base;

static void setup(void)
{
	make_dir();
	begin();
	ck_assert_int_eq(journal_create(path, run, &j), 0);
	ck_assert_int_eq(store_journal_begin(s, run, &base), 0);
	ck_assert_int_eq(store_commit(s), 0);
}

static inline void teardown(void)
{
	journal_remove(j);
	j = NULL;
	store_close(s);
	remove_dir();
}

static inline struct occurrence occurrence(uint64_t seq)
{
	return (struct occurrence){ thread, 1, seq, 1000 * seq, seq % 700 };
}

/*
 * 0 when all went well. Also for a child that is killed at any moment, in which
 * nothing may be asserted: Check writes of each assertion into a file, and half
 * of that would be an error of the test.
 */
static inline int put_events(uint64_t from, uint64_t to)
{
	int r = 0;

	for (uint64_t seq = from; seq <= to && r == 0; seq++) {
		struct occurrence e = occurrence(seq);

		r = journal_event(j, &e);
	}
	return r ? r : journal_flush(j);
}

static inline void append_events(uint64_t from, uint64_t to)
{
	ck_assert_int_eq(put_events(from, to), 0);
}

static inline void append_call(void)
{
	struct event ev = sample(event_by_id(1), 1);

	ck_assert_int_eq(journal_call(j, 1, &ev, 0), 0);
}

/* Everything that is whole from a position on; returns how many events. */
static uint64_t replay_from(uint64_t position)
{
	struct journal_reader *r;
	uint64_t events = 0;

	ck_assert_int_eq(journal_read(journal_path(j), run, position, &r), 0);
	ck_assert_int_eq(journal_replay(r, s, UINT64_MAX, UINT64_MAX, &events), 0);
	ck_assert_int_eq(store_commit(s), 0);
	journal_read_close(r);
	return events;
}

#endif
