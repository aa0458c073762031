/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: what is written is read again, and what goes wrong is told.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

static void setup(void)
{
	make_dir();
	begin();
}

static void teardown(void)
{
	store_close(s);
	remove_dir();
}

struct seen {
	int n, stop;
	struct log_event last;
	uint64_t seq[64];
	char args[512];
};

static int note(const struct log_event *ev, void *arg)
{
	struct seen *seen = arg;

	seen->seq[seen->n++ % 64] = ev->seq;
	seen->last = *ev;
	snprintf(seen->args, sizeof(seen->args), "%s", ev->args);
	return seen->stop;
}

static struct seen read_where(const char *where, int64_t value)
{
	struct bind_value v = { .number = value };
	struct event_query q = { .where = where, .values = &v, .nvalues = *where ? 1 : 0 };
	struct seen seen = {};

	ck_assert_int_eq(store_events(s, &q, note, &seen), 0);
	return seen;
}

START_TEST(an_event_of_every_row_is_read_again)
{
	uint64_t seq = 0;

	for (int id = 1; id <= SIGSHIM_EV_MAX; id++) {
		if (!event_by_id(id))
			continue;
		struct event ev = sample(event_by_id(id), ++seq);

		ck_assert_int_eq(put_event(s, thread, &ev, 0), 0);
	}
	reopen(STORE_READ);
	for (int id = 1; id <= SIGSHIM_EV_MAX; id++) {
		if (!event_by_id(id))
			continue;
		struct seen seen = read_where("c.event = ?", id);
		const struct log_event *ev = &seen.last;

		ck_assert_int_eq(seen.n, 1);
		ck_assert_ptr_eq(ev->desc, event_by_id(id));
		ck_assert(ev->ret == -1 && ev->error == EINVAL);
		ck_assert(ev->duration_ns == 7 && ev->stack == 0);
		ck_assert(ev->mask_before == 1 && ev->mask_after == UINT64_MAX);
		ck_assert_uint_eq(ev->flags, SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER);
		ck_assert(ev->pid == 10 && ev->host_tid == 1010 && ev->ppid == 1 && ev->uid == 1000);
		for (unsigned int i = 0; i < ev->desc->nargs; i++)
			ck_assert_ptr_nonnull(strstr(seen.args, ev->desc->args[i].name));
	}
	ck_assert_int_eq(number("SELECT count(*) FROM events WHERE event <> '' AND origin <> ''"), seq);
	ck_assert_int_eq(number("SELECT count(*) FROM events WHERE errno = 'EINVAL' AND "
				"mask_before = 'SIGHUP' AND mask_requested IS NULL"), seq);
}
END_TEST

START_TEST(stacks_share_their_frames_and_are_read_again)
{
	struct stack_frame frames[] = { { 0, 0x10 }, { 0, 0x20 } };
	struct log_ids ids;
	int64_t first = put_stack(s, frames, 2, SIGSHIM_STACK_COMPLETE);

	put_stack(s, frames, 2, SIGSHIM_STACK_DEPTH);
	frames[0].offset = 0x30;
	put_stack(s, frames, 2, SIGSHIM_STACK_DEPTH);
	ck_assert_int_eq(store_stack(s, first, frames, 2, SIGSHIM_STACK_DEPTH), -EINVAL);
	reopen(STORE_CREATE);
	ck_assert_int_eq(store_last_ids(s, &ids), 0);
	ck_assert(ids.process == 1 && ids.thread == 1 && ids.module == 0 && ids.stack == 3 && ids.call == 0);
	ck_assert_int_eq(number("SELECT count(*) FROM stack_frames"), 6);
	ck_assert_int_eq(number("SELECT count(*) FROM frames"), 3);
}
END_TEST

static char known[256];

static int note_stack(int64_t id, enum sigshim_stack_end end, const struct stack_frame *frames, unsigned int n,
		      void *arg)
{
	size_t used = strlen(known);

	used += snprintf(known + used, sizeof(known) - used, "%d/%d:", (int)id, (int)end);
	for (unsigned int i = 0; i < n; i++)
		used += snprintf(known + used, sizeof(known) - used, "%d+%d ", (int)frames[i].module,
				 (int)frames[i].offset);
	return 0;
}

static int note_module(int64_t id, const char *name, const char *build_id, void *arg)
{
	snprintf(known + strlen(known), sizeof(known) - strlen(known), "%d=%s %s;", (int)id, name, build_id);
	return 0;
}

START_TEST(what_a_log_knows_can_be_known_again)
{
	int64_t module = put_module(s, "/lib/x", "ab");

	put_module(s, "/lib/y", "");
	put_stack(s, (struct stack_frame[]){ { 0, 9 } }, 1, SIGSHIM_STACK_DEPTH);
	put_stack(s, (struct stack_frame[]){ { module, 1 }, { 0, 2 } }, 2, SIGSHIM_STACK_COMPLETE);
	put_stack(s, (struct stack_frame[]){ { module, 1 } }, 1, SIGSHIM_STACK_DEPTH);
	ck_assert_int_eq(store_stacks(s, 2, note_stack, NULL), 0);
	ck_assert_str_eq(known, "2/0:1+1 0+2 3/1:1+1 ");
	*known = '\0';
	ck_assert_int_eq(store_modules(s, note_module, NULL), 0);
	ck_assert_str_eq(known, "1=/lib/x ab;2=/lib/y ;");
}
END_TEST

START_TEST(ids_of_runs_at_the_same_time_never_meet)
{
	int64_t other, base;
	uint64_t indexed = 7;

	ck_assert_int_eq(store_journal(s, run, &indexed), 0);
	ck_assert_int_eq(store_journal_begin(s, run, &base), 0);
	ck_assert_int_eq(base, 0);
	ck_assert_int_eq(store_journal_indexed(s, run, 4711), 0);
	ck_assert_int_eq(store_journal(s, run, &indexed), 1);
	ck_assert_uint_eq(indexed, 4711);
	ck_assert_int_eq(store_run_begin(s, NULL, &other), 0);
	ck_assert_int_eq(store_journal_begin(s, other, &base), 0);
	ck_assert_int_eq(base, INT64_C(1) << 32);
	ck_assert_int_eq(store_journal_end(s, other), 0);
	ck_assert_int_eq(store_journal_end(s, run), 0);
	ck_assert_int_eq(store_journal(s, run, &indexed), 0);
}
END_TEST

START_TEST(a_call_is_about_the_signals_it_names_changes_or_sends)
{
	const uint64_t set = 1 << 14;
	struct event ev = { .desc = event_by_name("sigprocmask", 1), .seq = 1, .arg = { 2, 0x1000, 0 },
		.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_REQUESTED | SIGSHIM_EVF_AFTER,
		.mask_before = 3, .mask_requested = 1 << 14 | 1, .mask_after = 1 << 14 | 1 };

	ck_assert_int_eq(put_event(s, thread, &ev, 0), 0);
	ev = (struct event){ .desc = event_by_name("signalfd", 1), .seq = 2, .arg = { -1, 0x1000 },
		.copied = 2, .copy[1] = (const unsigned char *)&set };
	ck_assert_int_eq(put_event(s, thread, &ev, 0), 0);
	ev = (struct event){ .desc = event_by_name("sigqueue", 1), .seq = 3, .arg = { 1, 64 } };
	ck_assert_int_eq(put_event(s, thread, &ev, 0), 0);
	ev.arg[1] = 65;
	ck_assert_int_eq(put_event(s, thread, &ev, 0), 0);
	store_commit(s);
	ck_assert_int_eq(number("SELECT signals FROM calls WHERE id = 1"), 1 << 14 | 3);
	ck_assert_int_eq(number("SELECT how FROM calls WHERE id = 1"), 2);
	ck_assert_int_eq(number("SELECT signals FROM calls WHERE id = 2"), 1 << 14);
	ck_assert_int_eq(number("SELECT how FROM calls WHERE id = 2"), -1);
	ck_assert_int_eq(number("SELECT signals FROM calls WHERE id = 3"), INT64_MIN);
	ck_assert_int_eq(number("SELECT signals FROM calls WHERE id = 4"), 0);
}
END_TEST

START_TEST(events_come_in_order_of_time_in_both_ways_of_reading)
{
	static const uint64_t starts[] = { 30, 10, 20, 40 };
	struct event_query q = { .where = "", .limit = 2 };
	struct seen seen = {};

	for (int i = 0; i < 4; i++) {
		struct event ev = sample(event_by_id(1), i + 1);

		ev.start_ns = starts[i];
		ck_assert_int_eq(put_event(s, thread, &ev, 0), 0);
	}
	store_commit(s);
	for (int i = 0; i < 2; i++, q.where = "e.duration_ns = 7") {
		q.reverse = false;
		seen = (struct seen){};
		ck_assert_int_eq(store_events(s, &q, note, &seen), 0);
		ck_assert(seen.n == 2 && seen.seq[0] == 2 && seen.seq[1] == 3);
		q.reverse = true;
		seen = (struct seen){ .stop = 5 };
		ck_assert_int_eq(store_events(s, &q, note, &seen), 5);
		ck_assert(seen.n == 1 && seen.seq[0] == 4);
	}
	q = (struct event_query){ .where = "e.ts_ns < 35", .after_id = 2 };
	seen = (struct seen){};
	ck_assert_int_eq(store_events(s, &q, note, &seen), 0);
	ck_assert(seen.n == 1 && seen.seq[0] == 3);
	q.where = "nothing = 1";
	ck_assert_int_eq(store_events(s, &q, note, &seen), -EINVAL);
	ck_assert_ptr_nonnull(strstr(store_error(s), "nothing"));
}
END_TEST

struct counts {
	int n;
	int64_t count[8];
	char key[8][32];
};

static int add_count(const char *key, int64_t count, void *arg)
{
	struct counts *c = arg;

	snprintf(c->key[c->n], sizeof(c->key[0]), "%s", key ? key : "(null)");
	c->count[c->n++] = count;
	return 0;
}

START_TEST(every_way_of_counting_gives_the_same)
{
	static const char *const wheres[] = { "", "c.event > 0", "t.tid = 10", "c.event > 0 AND t.tid = 10",
		"e.ts_ns >= 0", "r.id > 0 AND c.id > 0" };
	static const char *const keys[] = { "c.event", "ifnull(c.event, e.thread)", "iif(e.ts_ns >= 0, c.event, 0)" };

	for (uint64_t seq = 1; seq <= 40; seq++) {
		struct event ev = sample(event_by_id(seq % 4 ? 3 : 5), seq);

		ck_assert_int_eq(put_event(s, thread, &ev, 0), 0);
	}
	reopen(STORE_READ);
	for (int w = 0; w < 6; w++) {
		for (int k = 0; k < 3; k++) {
			struct event_query q = { .where = wheres[w] };
			struct counts c = {};

			ck_assert_int_eq(store_count_by(s, &q, keys[k], add_count, &c), 0);
			ck_assert(c.n == 2 && c.count[0] == 30 && c.count[1] == 10);
			ck_assert_str_eq(c.key[0], "3");
		}
	}
}
END_TEST

static int stop_at_once(void *arg)
{
	++*(int *)arg;
	return 1;
}

START_TEST(progress_can_stop_a_long_query)
{
	int calls = 0;
	struct seen seen = {};
	struct event_query q = { .where = "(WITH RECURSIVE n(i) AS (SELECT e.id UNION ALL SELECT i + 1 FROM n "
		"LIMIT 10000000) SELECT max(i) FROM n) > 0", .progress = stop_at_once, .progress_arg = &calls };
	struct event ev = sample(event_by_id(1), 1);

	ck_assert_int_eq(put_event(s, thread, &ev, 0), 0);
	store_commit(s);
	ck_assert_int_eq(store_events(s, &q, note, &seen), -EINTR);
	ck_assert_int_eq(calls, 1);
	ck_assert_int_eq(number("SELECT 7"), 7);
}
END_TEST

static int ignore_row(int row, int n, const char *const *cells, void *arg)
{
	return 0;
}

START_TEST(a_persons_statement_can_only_read)
{
	static const char *const bad[] = {
		"DELETE FROM runs", "UPDATE runs SET clean = 1", "INSERT INTO signals VALUES (99, 'x')",
		"CREATE TABLE x (y)", "CREATE TEMP TABLE x (y)", "DROP TABLE runs", "ATTACH '/tmp/x.db' AS x",
		"PRAGMA journal_mode = DELETE", "PRAGMA user_version = 9", "PRAGMA writable_schema = 1",
		"BEGIN", "COMMIT", "VACUUM INTO '/tmp/x.db'", "REINDEX", "ANALYZE",
		"SELECT 1; DELETE FROM runs", "SAVEPOINT x",
	};

	for (int mode = 0; mode < 2; mode++, reopen(STORE_READ)) {
		for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			ck_assert_msg(store_sql(s, bad[i], ignore_row, NULL) == -EPERM, "%s: %s", bad[i],
				      store_error(s));
		ck_assert_int_lt(store_sql(s, "SELECT load_extension('x')", ignore_row, NULL), 0);
		ck_assert_int_eq(store_sql(s, "SELEC 1", ignore_row, NULL), -EINVAL);
		ck_assert_int_eq(store_sql(s, " -- nothing", ignore_row, NULL), -EINVAL);
		ck_assert_int_eq(number("SELECT count(*) FROM events;\n"), 0);
		ck_assert_int_eq(number("PRAGMA user_version"), 2);
		ck_assert_int_eq(number("SELECT count(*) FROM runs"), 1);
	}
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("log");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, an_event_of_every_row_is_read_again);
	tcase_add_test(t, stacks_share_their_frames_and_are_read_again);
	tcase_add_test(t, what_a_log_knows_can_be_known_again);
	tcase_add_test(t, ids_of_runs_at_the_same_time_never_meet);
	tcase_add_test(t, a_call_is_about_the_signals_it_names_changes_or_sends);
	tcase_add_test(t, events_come_in_order_of_time_in_both_ways_of_reading);
	tcase_add_test(t, every_way_of_counting_gives_the_same);
	tcase_add_test(t, progress_can_stop_a_long_query);
	tcase_add_test(t, a_persons_statement_can_only_read);
	return run_case("store", t);
}
