/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring's reader against writers that follow wire.h, that are interrupted
 * or never finish, and that lie.
 */
#include "ring_fixture.h"

START_TEST(records_come_out_in_order_for_many_laps)
{
	uint64_t seq = 0, seen = 0;

	for (int lap = 0; lap < 2000; lap++) {
		while (put(1 + seq % 7, seq + 1) >= 0)
			seq++;
		ring_begin(&ring, false);
		for (uint64_t n; (n = next()) != 0;)
			ck_assert_uint_eq(n, ++seen);
		ring_release(&ring);
		ck_assert_uint_eq(seen, seq);
	}
	ck_assert_uint_eq(ring.nholes, 0);
}
END_TEST

START_TEST(what_is_copied_out_keeps_its_cells_until_it_is_released)
{
	uint64_t seq = 0, head = 0, seen = 0;

	while (put(1 + seq % 7, seq + 1) >= 0)
		seq++;
	ring_begin(&ring, false);
	for (uint64_t n; (n = next()) != 0;)
		ck_assert_uint_eq(n, ++seen);
	ck_assert_uint_eq(seen, seq);
	ck_assert_uint_eq(shared->head, 0);
	ck_assert_int_eq(put(7, seq + 1), -EAGAIN);
	/* Whoever comes after a killed reader finds all of it. */
	for (uint64_t i = 0; i < seq; i++) {
		ck_assert_uint_eq(state[head], SIGSHIM_RING_COMMITTED(head, CELLS));
		head += 1 + i % 7;
	}
	ring_release(&ring);
	ck_assert_uint_eq(shared->head, head);
	ck_assert_int_ge(put(7, seq + 1), 0);
}
END_TEST

START_TEST(an_unfinished_record_is_waited_for_once_then_passed_and_delivered_late)
{
	uint64_t pos = (uint64_t)take(3);

	put(2, 7);
	ring_begin(&ring, false);
	ck_assert_uint_eq(next(), 0);
	ring_begin(&ring, false);
	ck_assert_uint_eq(next(), 7);
	ck_assert_uint_eq(ring.nholes, 3);
	fill(pos, 3, 1, 5);
	commit(pos);
	ring_begin(&ring, false);
	ck_assert_uint_eq(late(), 5);
	ck_assert_uint_eq(late(), 0);
	ck_assert_uint_eq(ring.nholes, 0);
}
END_TEST

START_TEST(the_last_round_passes_at_once)
{
	take(1);
	put(1, 2);
	ring_begin(&ring, true);
	ck_assert_uint_eq(next(), 2);
	ck_assert_uint_eq(next(), 0);
}
END_TEST

START_TEST(writers_go_round_an_abandoned_record_and_lose_nothing)
{
	uint64_t hole, seq = 0, seen = 0;

	put(1, ++seq);
	hole = (uint64_t)take(4);
	for (int lap = 0; lap < 300; lap++) {
		while (put(1 + seq % 3, seq + 1) >= 0)
			seq++;
		ring_begin(&ring, false);
		for (uint64_t n; (n = next()) != 0;)
			ck_assert_uint_eq(n, ++seen);
		ring_release(&ring);
	}
	ck_assert_uint_eq(seen, seq);
	ck_assert_uint_gt(seq, 250 * (CELLS - 4) / 2);
	ck_assert_uint_eq(ring.nholes, 4);
	/* After so many laps it finishes after all, and its cells come back. */
	fill(hole, 4, 1, 999999);
	commit(hole);
	ring_begin(&ring, false);
	ck_assert_uint_eq(late(), 999999);
	for (int lap = 0; lap < 10; lap++) {
		while (put(1, seq + 1) >= 0)
			seq++;
		ring_begin(&ring, false);
		for (uint64_t n; (n = next()) != 0;)
			ck_assert_uint_eq(n, ++seen);
		ring_release(&ring);
	}
	ck_assert_uint_eq(seen, seq);
	ck_assert_uint_eq(ring.nholes, 0);
}
END_TEST

/* --- many writers, some of which stop in the middle ---------------------- */

#define WRITERS 4
#define RECORDS 100000
#define SLOW 64

struct writer {
	uint64_t id;
	unsigned char *seen;	/* by seq */
	uint64_t slow[SLOW], slow_size[SLOW], slow_seq[SLOW];
	unsigned int nslow;
};
static unsigned int finished;	/* writers */

static void *write_records(void *arg)
{
	struct writer *w = arg;
	unsigned int rnd = (unsigned int)w->id;

	for (uint64_t seq = 1; seq <= RECORDS; seq++) {
		uint64_t k = 1 + (unsigned int)rand_r(&rnd) % 5;
		int64_t pos;

		while ((pos = take(k)) < 0)
			sched_yield();
		if (seq % 5000 == 0 && w->nslow < SLOW) {
			/* As if a handler had come: this one is finished much later, or never. */
			w->slow[w->nslow] = (uint64_t)pos;
			w->slow_size[w->nslow] = k;
			w->slow_seq[w->nslow++] = seq;
		} else {
			fill((uint64_t)pos, k, w->id, seq);
			commit((uint64_t)pos);
		}
		if (seq % 12000 == 0 && w->nslow) {
			w->nslow--;
			fill(w->slow[w->nslow], w->slow_size[w->nslow], w->id, w->slow_seq[w->nslow]);
			commit(w->slow[w->nslow]);
		}
	}
	__atomic_add_fetch(&finished, 1, __ATOMIC_RELEASE);
	return NULL;
}

static uint64_t receive(struct writer *w, int len)
{
	const struct record *r = (const void *)out;

	if (len == 0)
		return 0;
	ck_assert_int_gt(len, 0);
	if (is_padding())
		return 1;
	ck_assert(is_whole(out, len));
	ck_assert_uint_lt(r->writer, WRITERS);
	ck_assert_uint_le(r->seq, RECORDS);
	ck_assert_int_eq(w[r->writer].seen[r->seq]++, 0);
	return 1;
}

static uint64_t read_round(struct writer *w, bool last)
{
	uint64_t n = 0, more;

	ring_begin(&ring, last);
	do {
		more = receive(w, ring_late(&ring, out));
		n += more;
	} while (more);
	do {
		more = receive(w, ring_next(&ring, out));
		n += more;
	} while (more);
	ring_release(&ring);
	return n;
}

START_TEST(concurrent_writers_that_stop_in_the_middle_never_share_a_cell)
{
	static struct writer w[WRITERS];
	pthread_t thread[WRITERS];
	uint64_t missing = 0, unfinished = 0;

	for (uint64_t i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){ .id = i, .seen = calloc(RECORDS + 1, 1) };
		pthread_create(&thread[i], NULL, write_records, &w[i]);
	}
	/* However long they are held up: a ring that nobody reads would hold them up for ever. */
	while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) < WRITERS)
		if (read_round(w, false) == 0)
			sched_yield();
	for (int i = 0; i < WRITERS; i++)
		pthread_join(thread[i], NULL);
	while (read_round(w, true) > 0)
		;
	for (int i = 0; i < WRITERS; i++) {
		unfinished += w[i].nslow;
		for (uint64_t seq = 1; seq <= RECORDS; seq++)
			missing += !w[i].seen[seq];
		free(w[i].seen);
	}
	ck_assert_uint_eq(missing, unfinished);
	ck_assert_uint_le(ring.nholes, unfinished * 5);
}
END_TEST

/* --- lies ------------------------------------------------------------------ */

START_TEST(a_tail_that_jumps_is_refused_and_the_ring_left_alone)
{
	__atomic_store_n(&shared->tail, _i == 0 ? UINT64_MAX : CELLS + 1, __ATOMIC_RELEASE);
	ring_begin(&ring, false);
	ck_assert_int_eq(ring_next(&ring, out), -REFUSED_RING_TAIL);
	ck_assert_int_eq(ring_next(&ring, out), 0);
	ck_assert_int_eq(ring_late(&ring, out), 0);
	ck_assert(!ring_ready(&ring) && !ring_pending(&ring));
}
END_TEST

START_TEST(a_tail_that_goes_back_is_refused)
{
	put(1, 1);
	ring_begin(&ring, false);
	ck_assert_uint_eq(next(), 1);
	__atomic_store_n(&shared->tail, 0, __ATOMIC_RELEASE);
	ck_assert_int_eq(ring_next(&ring, out), -REFUSED_RING_TAIL);
}
END_TEST

START_TEST(a_length_that_cannot_be_is_refused_and_reading_goes_on)
{
	static const uint32_t lengths[] = { 0, 7, SIGSHIM_MAX_FRAME_SIZE + 1, UINT32_MAX, 8192 };
	int64_t pos = take(1);
	int refused = 0, len;

	fill((uint64_t)pos, 1, 1, 1);
	memcpy(data + pos * SIGSHIM_CELL, &lengths[_i], 4);
	commit((uint64_t)pos);
	put(1, 2);
	ring_begin(&ring, true);
	for (int i = 0; i < 10; i++) {
		len = ring_next(&ring, out);
		refused += len == -REFUSED_RING_FRAME;
		if (len > 0)
			break;
	}
	ck_assert_int_eq(refused, 1);
	ck_assert_int_eq(len, SIGSHIM_CELL);
}
END_TEST

START_TEST(a_late_frame_longer_than_its_hole_is_refused)
{
	uint64_t pos = (uint64_t)take(1);

	put(1, 2);
	ring_begin(&ring, true);
	ck_assert_uint_eq(next(), 2);
	fill(pos, 2, 1, 1);
	commit(pos);
	ring_begin(&ring, false);
	ck_assert_int_eq(ring_late(&ring, out), -REFUSED_RING_FRAME);
	ck_assert_uint_eq(ring.nholes, 0);
}
END_TEST

START_TEST(a_ring_full_of_unfinished_cells_costs_bounded_time_and_memory)
{
	uint64_t before = budget.used;

	for (int lap = 0; lap < 50; lap++) {
		/* All taken, none finished, again and again. */
		for (uint64_t i = 0; i < CELLS; i++)
			state[(ring.head + i) % CELLS] = SIGSHIM_RING_FREE(ring.head + i, CELLS);
		__atomic_store_n(&shared->tail, ring.head + CELLS, __ATOMIC_RELEASE);
		ring_begin(&ring, true);
		for (int i = 0; i < 2 * (int)CELLS && ring_pending(&ring); i++)
			ring_next(&ring, out);
		ring_release(&ring);
	}
	ck_assert_uint_le(ring.nholes, CELLS);
	ck_assert_uint_le(budget.used - before, 2 * CELLS * sizeof(uint64_t));
}
END_TEST

START_TEST(random_bytes_all_over_never_lead_outside)
{
	unsigned int rnd = (unsigned int)_i;

	for (int round = 0; round < 200; round++) {
		for (int n = 0; n < 500; n++) {
			uint64_t pos = ring.head + (unsigned int)rand_r(&rnd) % CELLS;
			uint32_t size = (uint32_t)rand_r(&rnd) % 9000;

			memcpy(data + pos % CELLS * SIGSHIM_CELL, &size, 4);
			state[pos % CELLS] = rand_r(&rnd) % 3 ?
				SIGSHIM_RING_COMMITTED(pos, CELLS) : (uint64_t)rand_r(&rnd);
		}
		__atomic_store_n(&shared->tail, ring.head + (unsigned int)rand_r(&rnd) % (CELLS + 1), __ATOMIC_RELEASE);
		ring_begin(&ring, rand_r(&rnd) % 2);
		for (int i = 0; i < 3000; i++) {
			ring_late(&ring, out);
			ring_next(&ring, out);
			if (ring_must_release(&ring))
				ring_release(&ring);
		}
		ring_release(&ring);
		ck_assert_uint_le(ring.nholes, CELLS);
	}
}
END_TEST

START_TEST(a_ring_beyond_the_budget_is_not_made)
{
	struct budget small = { .max = 1000 };
	struct ring none;
	int fd;

	ck_assert_int_eq(ring_create(RING_MIN_DATA, &small, &none, &fd), -ENOMEM);
	ck_assert_int_eq(ring_create(RING_MIN_DATA + 1, &budget, &none, &fd), -EINVAL);
	ck_assert_int_eq(ring_create(1024, &budget, &none, &fd), -EINVAL);
	ck_assert_uint_eq(small.used, 0);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("ring");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, records_come_out_in_order_for_many_laps);
	tcase_add_test(t, what_is_copied_out_keeps_its_cells_until_it_is_released);
	tcase_add_test(t, an_unfinished_record_is_waited_for_once_then_passed_and_delivered_late);
	tcase_add_test(t, the_last_round_passes_at_once);
	tcase_add_test(t, writers_go_round_an_abandoned_record_and_lose_nothing);
	tcase_add_test(t, concurrent_writers_that_stop_in_the_middle_never_share_a_cell);
	tcase_add_loop_test(t, a_tail_that_jumps_is_refused_and_the_ring_left_alone, 0, 2);
	tcase_add_test(t, a_tail_that_goes_back_is_refused);
	tcase_add_loop_test(t, a_length_that_cannot_be_is_refused_and_reading_goes_on, 0, 5);
	tcase_add_test(t, a_late_frame_longer_than_its_hole_is_refused);
	tcase_add_test(t, a_ring_full_of_unfinished_cells_costs_bounded_time_and_memory);
	tcase_add_loop_test(t, random_bytes_all_over_never_lead_outside, 0, 5);
	tcase_add_test(t, a_ring_beyond_the_budget_is_not_made);
	return run_case("ring", t);
}
