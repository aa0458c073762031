/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole sessions: real processes that speak the wire's language, well and
 * badly, against a collector in this process, and what its log says then.
 */
#include "session_fixture.h"

START_TEST(records_modules_and_stacks_of_a_process_are_in_the_log)
{
	if (peer_start(_i)) {
		peer_module();
		peer_event(1, 1, 1, 2);
		peer_event(1, 2, 1, 0);
		peer_event(2, 1, 1, 0);
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT transport, end, lost FROM processes"), _i ? "socket|exit|0" : "ring|exit|0");
	ck_assert_str_eq(ask("SELECT t.ordinal, seq FROM event_log e JOIN threads t ON t.id = e.thread ORDER BY 1, 2"),
			 "1|1\n1|2\n2|1");
	ck_assert_str_eq(ask("SELECT path, build_id, start, end FROM mappings a JOIN modules m ON m.id = a.module"),
			 "/lib/xy|01020304|65536|131072");
	ck_assert_str_eq(ask("SELECT count(DISTINCT stack) FROM calls"), "1");
	ck_assert_str_eq(ask("SELECT module, offset FROM frames ORDER BY offset"), "1|16\n-|9437184");
	ck_assert_str_eq(ask("SELECT count(*) FROM gaps"), "0");
	ck_assert_str_eq(ask("SELECT count(*) FROM refusals"), "0");
	ck_assert_str_eq(ask("SELECT clean FROM runs"), "1");
}
END_TEST

START_TEST(what_a_killed_process_sent_is_in_the_log)
{
	if (peer_start(_i)) {
		peer_event(1, 1, 0, 0);
		peer_event(1, 2, 0, 0);
		raise(SIGKILL);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT end, lost, (SELECT count(*) FROM event_log) FROM processes"), "killed|0|2");
}
END_TEST

START_TEST(lost_calls_are_gaps_that_add_up)
{
	if (peer_start(_i)) {
		peer_event(1, 1, 0, 0);
		peer_loss(3);
		peer_event(1, 4, 0, 0);
		peer_loss(5);
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT first_seq, last_seq, count, reason FROM gaps ORDER BY id"),
			 "2|3|2|overflow\n-|-|3|overflow");
	ck_assert_str_eq(ask("SELECT lost FROM processes"), "5");
}
END_TEST

START_TEST(a_record_that_comes_late_fills_its_gap)
{
	if (peer_start(_i)) {
		peer_event(1, 1, 0, 0);
		peer_event(1, 4, 0, 0);
		peer_event(1, 3, 0, 0);
		peer_event(1, 2, 0, 0);
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT count(*), (SELECT count(*) FROM gaps) FROM event_log"), "4|0");
}
END_TEST

START_TEST(calls_before_the_hello_are_counted_as_without_a_collector)
{
	if (fork() == 0) {
		struct sigshim_hello h = make_hello(_i);

		h.lost = 4;
		peer_hello(&h);
		peer_event(1, 4, 0, 0);
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT sum(count), min(reason), max(reason) FROM gaps"), "4|no collector|no collector");
	ck_assert_str_eq(ask("SELECT lost FROM processes"), "4");
}
END_TEST

START_TEST(a_process_that_connects_again_goes_on_in_its_row)
{
	if (peer_start(_i)) {
		struct sigshim_hello h = make_hello(_i);

		peer_event(1, 1, 9, 2);
		close(sock);
		ring = NULL;
		h.reconnect = 1;
		h.lost = 2;
		peer_hello(&h);
		peer_event(1, 4, 9, 0);
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT end, lost FROM processes"), "exit|2");
	ck_assert_str_eq(ask("SELECT count(*), (SELECT count(*) FROM refusals) FROM event_log"), "2|0");
}
END_TEST

START_TEST(a_process_that_gave_up_waiting_for_its_welcome_goes_on_in_its_row)
{
	if (fork() == 0) {
		struct sigshim_hello h = make_hello(SIGSHIM_TRANSPORT_RING);
		char byte;

		ck_assert_int_eq(peer_connect(), 0);
		send(sock, &h, sizeof(h), 0);
		ck_assert_int_eq(recv(sock, &byte, 1, 0), 1);
		close(sock);
		usleep(100000);
		ck_assert_int_eq(peer_hello(&h), SIGSHIM_WELCOME_OK);
		peer_event(1, 1, 0, 0);
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT birth, end, (SELECT count(*) FROM event_log) FROM processes"), "start|exit|1");
}
END_TEST

START_TEST(another_image_of_a_process_is_another_row_and_its_child)
{
	if (peer_start(_i)) {
		struct sigshim_hello h;

		peer_event(1, 1, 0, 0);
		ring = NULL;
		instance++;
		h = make_hello(_i);
		peer_hello(&h);
		peer_event(1, 1, 0, 0);
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT id, parent, end FROM processes"), "1|-|exec\n2|1|exit");
}
END_TEST

START_TEST(a_process_that_lives_on_is_open_and_told_that_nobody_reads)
{
	int ready[2], closed;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct sigshim_hello h = make_hello(SIGSHIM_TRANSPORT_RING);

		peer_hello(&h);
		peer_event(1, 1, 0, 0);
		closed = ring->closed;
		if (write(ready[1], &closed, sizeof(closed)) < 0)
			_exit(1);
		while (!ring->closed)
			usleep(1000);
		closed = 1;
		if (write(ready[1], &closed, sizeof(closed)) < 0)
			_exit(1);
		_exit(0);
	}
	while (!ingest_knows(in, pid))
		ingest_round(in, 20);
	ck_assert_int_eq(read(ready[0], &closed, sizeof(closed)), sizeof(closed));
	ck_assert_int_eq(closed, 0);
	ingest_finish(in);
	ck_assert_int_eq(read(ready[0], &closed, sizeof(closed)), sizeof(closed));
	finish();
	ck_assert_str_eq(ask("SELECT end, (SELECT count(*) FROM event_log) FROM processes"), "open|1");
}
END_TEST

/* --- hostile ones --------------------------------------------------------------- */

START_TEST(lies_are_counted_and_the_rest_is_stored)
{
	if (fork() == 0) {
		struct sigshim_hello h = make_hello(_i);

		h.pid = 1;
		peer_hello(&h);
		peer_event(1, 1, 77, 0);
		peer_event(1, 1, 0, 0);
		peer_event(1, UINT64_MAX, 0, 0);
		peer_send(&h, sizeof(h));
		peer_send(&(struct sigshim_frame){ 8, SIGSHIM_FRAME_WELCOME, 8 }, 8);
		peer_send(&(struct sigshim_frame){ 8, 12345, 8 }, 8);
		peer_event(1, 2, 0, 0);
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT reason, count FROM refusals ORDER BY 1"),
			 "bad-seq|1\nduplicate|1\nforged-pid|1\nsecond-hello|1\nunexpected-type|1\nunknown-stack|1");
	ck_assert_str_eq(ask("SELECT pid = host_pid, (SELECT count(*) FROM event_log) FROM processes"), "1|2");
}
END_TEST

START_TEST(first_frames_that_are_no_hello_are_turned_away_with_a_reason)
{
	struct sigshim_welcome w;
	struct sigshim_hello h;

	if (fork() == 0) {
		h = make_hello(0);
		h.version = 9;
		if (peer_hello(&h) != SIGSHIM_REFUSED_VERSION)
			_exit(1);
		peer_connect();
		send(sock, "garbage", 7, 0);
		recv(sock, &w, sizeof(w), 0);
		peer_connect();
		peer_bye();
		recv(sock, &w, sizeof(w), 0);
		peer_connect();
		send(sock, "", 0, 0);
		send(sock, &h, 40, 0);
		recv(sock, &w, sizeof(w), 0);
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT sum(count) FROM refusals"), "4");
	ck_assert_str_eq(ask("SELECT count FROM refusals WHERE reason = 'wire-version'"), "1");
	ck_assert_str_eq(ask("SELECT count FROM refusals WHERE reason = 'no-hello'"), "1");
	ck_assert_str_eq(ask("SELECT count(*) FROM processes"), "0");
}
END_TEST

static unsigned int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

START_TEST(descriptors_that_a_peer_sends_are_not_kept)
{
	unsigned int before = count_fds();

	if (peer_start(SIGSHIM_TRANSPORT_SOCKET)) {
		union {
			struct cmsghdr align;
			char bytes[CMSG_SPACE(sizeof(int))];
		} control = { 0 };
		struct iovec iov = { "x", 1 };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
				      .msg_controllen = sizeof(control) };

		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &sock, sizeof(int));
		for (int i = 0; i < 100; i++)
			sendmsg(sock, &msg, 0);
		peer_bye();
		_exit(0);
	}
	serve();
	ck_assert_uint_eq(count_fds(), before);
	finish();
	ck_assert_str_eq(ask("SELECT reason, count FROM refusals"), "truncated|100");
}
END_TEST

START_TEST(ten_thousand_silent_connections_keep_nobody_out)
{
	int done[2], ok = 0;

	ck_assert_int_eq(pipe(done), 0);
	if (fork() == 0) {
		struct rlimit limit = { 20000, 20000 };
		struct sigshim_hello h = make_hello(SIGSHIM_TRANSPORT_RING);

		setrlimit(RLIMIT_NOFILE, &limit);
		for (int i = 0; i < 10000; i++)
			peer_connect();
		ok = peer_hello(&h) == SIGSHIM_WELCOME_OK;
		peer_event(1, 1, 0, 0);
		peer_bye();
		if (write(done[1], &ok, sizeof(ok)) < 0)
			_exit(1);
		_exit(0);
	}
	serve();
	ck_assert_int_eq(read(done[0], &ok, sizeof(ok)), sizeof(ok));
	ck_assert_int_eq(ok, 1);
	finish();
	ck_assert_str_eq(ask("SELECT end, (SELECT count(*) FROM event_log) FROM processes"), "exit|1");
	ck_assert_str_eq(ask("SELECT count > 8000 FROM refusals WHERE reason = 'hello-limit'"), "1");
}
END_TEST

START_TEST(a_peer_that_floods_does_not_disturb_another)
{
	if (fork() == 0) {
		unsigned char junk[9000] = { 1, 2, 3 };
		struct sigshim_hello h = make_hello(SIGSHIM_TRANSPORT_SOCKET);
		time_t end = time(NULL) + 2;

		peer_hello(&h);
		for (unsigned int i = 0; time(NULL) < end; i++)
			send(sock, junk, i % sizeof(junk), MSG_NOSIGNAL);
		_exit(0);
	}
	if (fork() == 0) {
		struct sigshim_hello h;

		instance = 1;
		h = make_hello(SIGSHIM_TRANSPORT_RING);
		peer_hello(&h);
		for (uint64_t seq = 1; seq <= 200; seq++) {
			peer_event(1, seq, 0, 0);
			usleep(1000);
		}
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT count(*), max(seq) FROM event_log"), "200|200");
	ck_assert_str_eq(ask("SELECT lost FROM processes WHERE transport = 'ring'"), "0");
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("session");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, records_modules_and_stacks_of_a_process_are_in_the_log, 0, 2);
	tcase_add_loop_test(t, what_a_killed_process_sent_is_in_the_log, 0, 2);
	tcase_add_loop_test(t, lost_calls_are_gaps_that_add_up, 0, 2);
	tcase_add_loop_test(t, a_record_that_comes_late_fills_its_gap, 0, 2);
	tcase_add_loop_test(t, calls_before_the_hello_are_counted_as_without_a_collector, 0, 2);
	tcase_add_loop_test(t, a_process_that_connects_again_goes_on_in_its_row, 0, 2);
	tcase_add_test(t, a_process_that_gave_up_waiting_for_its_welcome_goes_on_in_its_row);
	tcase_add_loop_test(t, another_image_of_a_process_is_another_row_and_its_child, 0, 2);
	tcase_add_test(t, a_process_that_lives_on_is_open_and_told_that_nobody_reads);
	tcase_add_loop_test(t, lies_are_counted_and_the_rest_is_stored, 0, 2);
	tcase_add_test(t, first_frames_that_are_no_hello_are_turned_away_with_a_reason);
	tcase_add_test(t, descriptors_that_a_peer_sends_are_not_kept);
	tcase_add_test(t, ten_thousand_silent_connections_keep_nobody_out);
	tcase_add_test(t, a_peer_that_floods_does_not_disturb_another);
	return run_case("session", t);
}
