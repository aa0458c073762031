/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many events of a log, in order of time, all or those of a part of it.
 */
#include "store_fixture.h"
#include "unit.h"

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

struct ordered {
	uint64_t n, last_ts, last_id, sum;
	bool reverse;
};

static int check_order(const struct log_event *ev, void *arg)
{
	struct ordered *o = arg;
	bool after = ev->ts_ns > o->last_ts || (ev->ts_ns == o->last_ts && (uint64_t)ev->id > o->last_id);

	ck_assert(o->n == 0 || after != o->reverse);
	o->n++;
	o->last_ts = ev->ts_ns;
	o->last_id = (uint64_t)ev->id;
	o->sum += ev->seq;
	return 0;
}

/* Near in order, two boots over each other, and all over the place. */
static uint64_t time_of(int way, uint64_t i)
{
	switch (way) {
	case 0:
		return 1000000 + i * 10 + i * 7919 % 300;
	case 1:
		return i < 10000 ? i : i - 10000;
	case 2:
		return i * 104729 % 20011;
	default:
		return 5;
	}
}

START_TEST(many_events_come_in_order_whatever_order_they_were_written_in)
{
	struct event ev = sample(event_by_id(1), 1);
	const uint64_t n = 20000;

	ck_assert_int_eq(store_call(s, 1, &ev, 0), 0);
	for (uint64_t i = 0; i < n; i++) {
		ck_assert_int_eq(store_event(s, &(struct occurrence){ thread, 1, i, time_of(_i, i), 7 }), 0);
		if (i % 700 == 0)
			ck_assert_int_eq(store_commit(s), 0);
	}
	reopen(STORE_READ);
	for (int reverse = 0; reverse < 2; reverse++) {
		struct event_query q = { .where = "", .reverse = reverse };
		struct ordered all = { .reverse = reverse }, some = { .reverse = reverse };

		ck_assert_int_eq(store_events(s, &q, check_order, &all), 0);
		ck_assert(all.n == n && all.sum == n * (n - 1) / 2);
		q.limit = 12345;
		ck_assert_int_eq(store_events(s, &q, check_order, &some), 0);
		ck_assert_uint_eq(some.n, 12345);
	}
	ck_assert_int_le(number("SELECT count(*) FROM event_blocks"), 25);
	ck_assert_int_eq(number("SELECT count(*) FROM event_log e WHERE NOT EXISTS (SELECT 1 FROM event_blocks b "
				"WHERE e.id BETWEEN first AND last AND ts_ns BETWEEN min_ts AND max_ts)"), 0);
}
END_TEST

struct range {
	uint64_t from, to, inside, all;
};

static int count_range(const struct log_event *ev, void *arg)
{
	struct range *r = arg;

	r->inside += ev->ts_ns >= r->from && ev->ts_ns <= r->to;
	r->all++;
	return 0;
}

START_TEST(a_part_of_time_is_found_without_the_rest)
{
	struct event ev = sample(event_by_id(1), 1);
	const uint64_t n = 12000, span = time_of(_i, n - 1) - time_of(_i, 0);

	ck_assert_int_eq(store_call(s, 1, &ev, 0), 0);
	for (uint64_t i = 0; i < n; i++)
		ck_assert_int_eq(store_event(s, &(struct occurrence){ thread, 1, i, time_of(_i, i), 7 }), 0);
	reopen(STORE_READ);
	for (int part = 0; part < 4; part++) {
		struct range r = { .from = time_of(_i, 0) + span / 4 * part, .to = time_of(_i, 0) + span / 3 * part };
		char from[32], to[32], count[128];

		snprintf(from, sizeof(from), "%llu", (unsigned long long)r.from);
		snprintf(to, sizeof(to), "%llu", (unsigned long long)r.to);
		for (int reverse = 0; reverse < 2; reverse++) {
			struct event_query q = {
				.where = "", .reverse = reverse, .from = from, .to = part < 3 ? to : NULL,
			};

			r.inside = r.all = 0;
			ck_assert_int_eq(store_events(s, &q, count_range, &r), 0);
			snprintf(count, sizeof(count), "SELECT count(*) FROM event_log "
				 "WHERE ts_ns BETWEEN %s AND %s", from, to);
			ck_assert_uint_eq(r.inside, (uint64_t)number(count));
			ck_assert(_i > 0 || r.all < n / 2);
		}
	}
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("order");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, many_events_come_in_order_whatever_order_they_were_written_in, 0, 4);
	tcase_add_loop_test(t, a_part_of_time_is_found_without_the_rest, 0, 4);
	return run_case("order", t);
}
