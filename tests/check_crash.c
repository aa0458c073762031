/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Journals of writers that were killed, of disks that were full and of bits
 * that fell over: what is whole reaches the log, exactly once.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "journal_fixture.h"

static void copy_file(const char *to, size_t bytes, int flip)
{
	static char buf[1 << 20];
	int in = open(journal_path(j), O_RDONLY), out = open(to, O_RDWR | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(read(in, buf, sizeof(buf)), (ssize_t)bytes);
	if (flip >= 0)
		buf[flip] ^= 1;
	ck_assert_int_eq(write(out, buf, bytes), (ssize_t)bytes);
	close(in);
	close(out);
}

/* Events that a file gives, whose bytes end or are wrong somewhere. */
static uint64_t events_in(const char *file)
{
	struct journal_reader *r;
	uint64_t events = 0;

	if (journal_read(file, run, 0, &r) < 0)
		return 0;
	ck_assert_int_eq(journal_replay(r, s, UINT64_MAX, UINT64_MAX, &events), 0);
	store_rollback(s);
	journal_read_close(r);
	return events;
}

START_TEST(of_a_torn_tail_every_whole_chunk_counts_and_nothing_else)
{
	uint64_t ends[6], events[] = { 0, 1, 3, 6, 10, 15 }, size;
	char copy[160];

	snprintf(copy, sizeof(copy), "%s/torn", dir);
	ends[0] = 40;
	for (uint64_t i = 1; i <= 5; i++) {
		append_events(1, i);
		ends[i] = 40 + journal_position(j);
	}
	size = ends[5];
	for (uint64_t bytes = 0; bytes <= size; bytes++) {
		unsigned int whole = 0;

		while (whole < 5 && ends[whole + 1] <= bytes)
			whole++;
		copy_file(copy, bytes, -1);
		ck_assert_uint_eq(events_in(copy), events[whole]);
		if (bytes == size)
			break;
		/* A wrong bit ends it before the chunk that it is in. */
		for (whole = 0; whole < 5 && ends[whole + 1] <= bytes;)
			whole++;
		copy_file(copy, size, (int)bytes);
		ck_assert_uint_eq(events_in(copy), bytes < 40 ? 0 : events[whole]);
	}
	unlink(copy);
}
END_TEST

/* A collector: appends, indexes, commits, trims, and is killed after `us`. */
static void record_until_killed(useconds_t us)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct journal_reader *r;
		uint64_t seq = 0, events;

		s = NULL;
		open_as(STORE_CREATE);
		journal_create(path, run, &j);
		append_call();
		journal_read(journal_path(j), run, 0, &r);
		for (;;) {
			if (put_events(seq + 1, seq + 50) != 0)
				_exit(1);
			seq += 50;
			if (seq % 150 == 0 && (journal_replay(r, s, journal_position(j), 4000, &events) < 0 ||
					       store_commit(s) < 0))
				_exit(1);
			if (journal_read_position(r) == journal_position(j) && journal_trim(j) < 0)
				_exit(1);
		}
	}
	while (number("SELECT indexed FROM journals") == 0)
		usleep(1000);
	usleep(us);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

START_TEST(after_a_kill_at_any_moment_everything_is_in_the_log_exactly_once)
{
	int64_t n;

	journal_remove(j);
	j = NULL;
	record_until_killed(577 * (useconds_t)_i);
	ck_assert_int_ge(journal_finish_all(s, NULL, NULL), 0);
	ck_assert_int_eq(journal_finish_all(s, NULL, NULL), 0);
	n = number("SELECT count(*) FROM event_log");
	ck_assert_int_eq(number("SELECT ifnull(max(seq), 0) FROM event_log"), n);
	ck_assert_int_eq(number("SELECT count(DISTINCT seq) FROM event_log"), n);
	ck_assert_int_eq(n % 50, 0);
	ck_assert_int_gt(n, 0);
}
END_TEST

static int stop_in_the_middle(uint64_t done, uint64_t total, void *arg)
{
	return 1;
}

START_TEST(a_finisher_that_stops_is_taken_over_by_the_next)
{
	char file[160];

	append_call();
	append_events(1, 2000000);
	snprintf(file, sizeof(file), "%s", journal_path(j));
	journal_close(j);
	j = NULL;
	ck_assert_int_eq(journal_finish_all(s, stop_in_the_middle, NULL), -EINTR);
	ck_assert_int_eq(number("SELECT count(*) > 0 AND count(*) < 2000000 FROM event_log"), 1);
	ck_assert_int_eq(access(file, F_OK), 0);
	ck_assert_int_eq(journal_finish_all(s, NULL, NULL), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM event_log"), 2000000);
	ck_assert_int_eq(number("SELECT sum(seq) FROM event_log"), INT64_C(2000001000000));
	ck_assert_int_eq(access(file, F_OK), -1);
	ck_assert_int_eq(number("SELECT count(*) FROM journals"), 0);
}
END_TEST

START_TEST(what_cannot_be_written_is_kept_and_written_later)
{
	struct rlimit limit, all;
	struct occurrence e = occurrence(200000);

	signal(SIGXFSZ, SIG_IGN);
	append_call();
	append_events(1, 100);
	getrlimit(RLIMIT_FSIZE, &all);
	limit = (struct rlimit){ 40 + journal_position(j) + 10, all.rlim_max };
	for (uint64_t seq = 101; seq <= 200; seq++) {
		e = occurrence(seq);
		ck_assert_int_eq(journal_event(j, &e), 0);
	}
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(journal_flush(j), -EFBIG);
	ck_assert_int_eq(journal_failure(j), -EFBIG);
	e = occurrence(999);
	ck_assert_int_eq(journal_event(j, &e), -EFBIG);
	/* Rows that others hang on still have room in memory. */
	ck_assert_int_eq(journal_process_end(j, process, 5, "exit", 0), 0);
	setrlimit(RLIMIT_FSIZE, &all);
	ck_assert_int_eq(journal_flush(j), 0);
	append_events(201, 300);
	ck_assert_uint_eq(replay_from(0), 300);
	ck_assert_int_eq(number("SELECT sum(seq) FROM event_log"), 300 * 301 / 2);
	ck_assert_int_eq(number("SELECT count(*) FROM processes WHERE end = 'exit'"), 1);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("crash");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, of_a_torn_tail_every_whole_chunk_counts_and_nothing_else);
	tcase_add_loop_test(t, after_a_kill_at_any_moment_everything_is_in_the_log_exactly_once, 0, 20);
	tcase_add_test(t, a_finisher_that_stops_is_taken_over_by_the_next);
	tcase_add_test(t, what_cannot_be_written_is_kept_and_written_later);
	return run_case("crash", t);
}
