/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal: every operation reaches the log as if written there directly.
 */
#include <fcntl.h>
#include <string.h>

#include "../collector/store/certificate.h"
#include "../collector/store/container.h"
#include "journal_fixture.h"

static char answer[8192];

static int keep(int row, int n, const char *const *cells, void *arg)
{
	size_t used = strlen(answer);

	for (int i = 0; row > 0 && i < n; i++)
		used += (size_t)snprintf(answer + used, sizeof(answer) - used, "%s|", cells[i] ? cells[i] : "-");
	return 0;
}

static const char *ask(const char *sql)
{
	*answer = '\0';
	ck_assert_msg(store_sql(s, sql, keep, NULL) == 0, "%s", store_error(s));
	return answer;
}

START_TEST(every_operation_arrives_as_it_was)
{
	const struct process_info p = { .run = run, .parent = process, .pid = 20, .host_pid = 2020, .ppid = -1,
		.uid = 7, .gid = 8, .comm = "c", .exe = "/x", .transport = "ring", .stack_mode = "fp", .instance = 4712,
		.overflow = "block", .depth = 33, .minsigstksz = 2048, .mask_start = UINT64_MAX,
		.pending_start = 1, .birth = "exec", .ignored_known = true, .ignored_start = UINT64_MAX - 1,
		.started_ns = 77, .container = "mnt:5" };
	const struct stack_frame frames[] = { { 5, 0x10 }, { 0, UINT64_MAX } };
	struct event ev = sample(event_by_name("sigqueue", 1), 1);

	ck_assert_int_eq(journal_process(j, 9, &p), 0);
	ck_assert_int_eq(journal_vfork_child(j, 10, &(struct vfork_info){ 9, 21, 2021, 3, 78 }), 0);
	ck_assert_int_eq(journal_thread(j, 4, &(struct thread_info){ 9, 2, 22, 0 }), 0);
	ck_assert_int_eq(journal_module(j, 5, "/lib/ü", "ab"), 0);
	ck_assert_int_eq(journal_mapping(j, &(struct mapping_info){ 9, 5, 1, 2, UINT64_MAX, 4, true }), 0);
	ck_assert_int_eq(journal_stack(j, 6, frames, 2, SIGSHIM_STACK_DEPTH), 0);
	ck_assert_int_eq(journal_call(j, 7, &ev, 6), 0);
	ck_assert_int_eq(journal_event(j, &(struct occurrence){ 4, 7, 1, 5, UINT64_MAX >> 1 }), 0);
	ck_assert_int_eq(journal_gap(j, &(struct gap_info){ run, 9, 4, 6, 2, 3, 2, "overflow" }), 0);
	ck_assert_int_eq(journal_gap(j, &(struct gap_info){ run, 0, 0, 7, 0, 0, -1, "" }), 0);
	ck_assert_int_eq(journal_refusal(j, run, "bad-seq", 3), 0);
	ck_assert_int_eq(journal_refusal(j, run, "bad-seq", 4), 0);
	ck_assert_int_eq(journal_shim_stack(j, 9, 3, 6), 0);
	ck_assert_int_eq(journal_shim_stack(j, process, 3, 6), 0);
	ck_assert_int_eq(journal_process_end(j, 9, 99, "killed", 2), 0);
	ck_assert_int_eq(journal_container(j, &(struct container_info){ "x", NULL, "i", "p", "n", "u", "{}" }), 0);
	ck_assert_int_eq(journal_flush(j), 0);
	ck_assert_uint_eq(replay_from(0), 1);
	ck_assert_str_eq(ask("SELECT * FROM processes WHERE id = 9"),
			 "9|1|1|20|2020|-1|7|8|c|/x|-|mnt:5|ring|fp|33|block|2048|4712|-1|1|exec|-2|77|99|killed|2|");
	ck_assert_str_eq(ask("SELECT id, parent, pid, host_pid, exe, mask_start, birth, ignored_start, end "
			     "FROM processes WHERE id = 10"),
			 "10|9|21|2021|/x|3|vfork|-|vfork|");
	ck_assert_str_eq(ask("SELECT * FROM containers"), "x|-|i|n/p|p|n|u|{}|");
	ck_assert_str_eq(ask("SELECT * FROM threads WHERE id = 4"), "4|9|2|22|-|");
	ck_assert_str_eq(ask("SELECT * FROM modules"), "5|/lib/ü|ab|");
	ck_assert_str_eq(ask("SELECT process, module, start, end, bias, from_ns, flags FROM mappings"),
			 "9|5|1|2|-1|4|1|");
	ck_assert_str_eq(ask("SELECT s.id, s.depth, s.end, x.depth, f.module, f.offset FROM stacks s JOIN "
			     "stack_frames x ON x.stack = s.id JOIN frames f ON f.id = x.frame ORDER BY x.depth"),
			 "6|2|1|0|5|16|6|2|1|1|-|-1|");
	ck_assert_str_eq(ask("SELECT * FROM shim_stacks"), "1|3|6|");
	ck_assert_str_eq(ask("SELECT id, stack, ret, error, raw FROM calls"), "7|6|-1|22|[1,2,3]|");
	ck_assert_str_eq(ask("SELECT thread, call, seq, ts_ns, duration_ns FROM event_log"),
			 "4|7|1|5|9223372036854775807|");
	ck_assert_str_eq(ask("SELECT process, thread, ts_ns, first_seq, last_seq, count, reason FROM gaps"),
			 "9|4|6|2|3|2|overflow|-|-|7|-|-|-||");
	ck_assert_str_eq(ask("SELECT reason, count FROM refusals"), "bad-seq|7|");
}
END_TEST

START_TEST(what_a_verifier_writes_arrives_as_it_was)
{
	struct event ev = sample(event_by_name("sigqueue", 1), 1);
	struct certificate c = { .run = run, .process = process, .tid = 30, .complete = "no", .why = "because" };
	const struct finding_info f = { .run = run, .process = process, .seq = 5, .ts_ns = 6, .ip = UINT64_MAX,
		.stack = 6, .writer = 31,
		.kind = "toctou", .what = "set", .record = "0x1", .effect = "0x2" };

	for (int i = 0; i < COUNT_END; i++)
		c.count[i] = 100 + (uint64_t)i;
	ev.origin = ORIGIN_INLINE;
	ck_assert_int_eq(journal_certificate(j, &c), 0);
	ck_assert_int_eq(journal_finding(j, &f), 0);
	ck_assert_int_eq(journal_call(j, 7, &ev, 0), 0);
	ev.origin = ORIGIN_NONE;
	ck_assert_int_eq(journal_call(j, 8, &ev, 0), 0);
	ck_assert_int_eq(journal_flush(j), 0);
	replay_from(0);
	ck_assert_str_eq(ask("SELECT * FROM certificates"),
			 "1|1|1|-|30|100|101|102|103|104|105|106|107|108|109|110|111|no|because|");
	ck_assert_str_eq(ask("SELECT * FROM findings"), "1|1|1|-|5|6|toctou|set|0x1|-|0x2|-1|6|31|");
	ck_assert_str_eq(ask("SELECT name FROM calls JOIN origins ON origins.id = flags >> 4 ORDER BY calls.id"),
			 "inline|wrapped|");
}
END_TEST

START_TEST(a_call_of_every_row_arrives_with_its_copies)
{
	for (int id = 1; id <= SIGSHIM_EV_MAX; id++) {
		struct event ev;

		if (!event_by_id(id))
			continue;
		ev = sample(event_by_id(id), 1);
		ck_assert_int_eq(journal_call(j, id, &ev, 0), 0);
		ck_assert_int_eq(store_call(s, 1000 + id, &ev, 0), 0);
	}
	ck_assert_int_eq(journal_flush(j), 0);
	replay_from(0);
	ck_assert_int_eq(number("SELECT count(*) FROM calls a JOIN calls b ON b.id = a.id + 1000 WHERE a.id < 1000 "
				"AND a.args = b.args AND a.raw = b.raw AND a.signals = b.signals AND a.ret IS b.ret "
				"AND a.mask_after IS b.mask_after AND a.error = b.error AND a.flags = b.flags "
				"AND a.event = b.event"),
			 number("SELECT count(*) FROM calls WHERE id > 1000"));
}
END_TEST

START_TEST(events_of_any_size_arrive_as_they_were)
{
	static const uint64_t numbers[] = { 0, 1, 127, 255, 256, 65535, 1ull << 31, 1ull << 40, 1ull << 47,
		(1ull << 48) - 1, 1ull << 55, INT64_MAX };
	const unsigned int n = sizeof(numbers) / sizeof(numbers[0]);
	char want[256];

	append_call();
	for (unsigned int i = 0; i < n * n; i++) {
		struct occurrence e = { (int64_t)numbers[(i + 3) % n], 1, numbers[i % n], numbers[i / n],
			numbers[(i * 5 + 1) % n] };

		ck_assert_int_eq(journal_event(j, &e), 0);
	}
	ck_assert_int_eq(journal_flush(j), 0);
	ck_assert_uint_eq(replay_from(0), n * n);
	for (unsigned int i = 0; i < n * n; i++) {
		snprintf(want, sizeof(want), "%lld|1|%lld|%lld|%lld|", (long long)numbers[(i + 3) % n],
			 (long long)numbers[i % n], (long long)numbers[i / n], (long long)numbers[(i * 5 + 1) % n]);
		snprintf(answer, sizeof(answer), "SELECT thread, call, seq, ts_ns, duration_ns FROM event_log "
			 "WHERE id = %u", i + 1);
		ck_assert_str_eq(ask(strdupa(answer)), want);
	}
}
END_TEST

static int note_alive(const struct journal_leftover *l, void *arg)
{
	*(int *)arg += l->run == run && l->alive;
	return 0;
}

START_TEST(a_journal_in_use_is_left_alone)
{
	struct journal *other;
	int alive = 0;

	append_call();
	append_events(1, 10);
	ck_assert_int_eq(journal_create(path, run, &other), -EBUSY);
	ck_assert_int_eq(journal_leftovers(path, note_alive, &alive), 0);
	ck_assert_int_eq(alive, 1);
	ck_assert_int_eq(journal_finish_all(s, NULL, NULL), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM event_log"), 0);
}
END_TEST

START_TEST(a_trimmed_journal_goes_on_from_its_position)
{
	struct journal_reader *r;
	uint64_t events = 0;

	append_call();
	append_events(1, 100);
	ck_assert_int_eq(journal_read(journal_path(j), run, 0, &r), 0);
	ck_assert_int_eq(journal_replay(r, s, journal_position(j), UINT64_MAX, &events), 1);
	ck_assert_int_eq(journal_trim(j), 0);
	ck_assert_uint_eq(journal_size(j), 0);
	append_events(101, 150);
	ck_assert_int_eq(journal_replay(r, s, UINT64_MAX, UINT64_MAX, &events), 0);
	ck_assert_uint_eq(events, 150);
	journal_read_close(r);
	/* Who lags behind a trim finds nothing, and not something else. */
	ck_assert_uint_eq(replay_from(0), 0);
}
END_TEST

START_TEST(garbage_beside_a_log_is_not_taken_for_a_journal)
{
	static const char *const names[] = { "-events.", "-events.x", "-events.0", "-events.12x", "-events.77" };
	char file[160];
	int fd;

	append_call();
	append_events(1, 3);
	journal_close(j);
	j = NULL;
	for (unsigned int i = 0; i < 5; i++) {
		snprintf(file, sizeof(file), "%s%s", path, names[i]);
		fd = open(file, O_WRONLY | O_CREAT, 0600);
		ck_assert_int_eq(write(fd, "garbage", 7), 7);
		close(fd);
	}
	/* A run's name alone makes 77 a journal: one that the log knows nothing of. */
	ck_assert_int_eq(journal_finish_all(s, NULL, NULL), 2);
	ck_assert_int_eq(number("SELECT count(*) FROM event_log"), 3);
	ck_assert_int_eq(access(file, F_OK), -1);
	for (unsigned int i = 0; i < 4; i++) {
		snprintf(file, sizeof(file), "%s%s", path, names[i]);
		ck_assert_int_eq(unlink(file), 0);
	}
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("journal");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, every_operation_arrives_as_it_was);
	tcase_add_test(t, what_a_verifier_writes_arrives_as_it_was);
	tcase_add_test(t, a_call_of_every_row_arrives_with_its_copies);
	tcase_add_test(t, events_of_any_size_arrive_as_they_were);
	tcase_add_test(t, a_journal_in_use_is_left_alone);
	tcase_add_test(t, a_trimmed_journal_goes_on_from_its_position);
	tcase_add_test(t, garbage_beside_a_log_is_not_taken_for_a_journal);
	return run_case("journal", t);
}
