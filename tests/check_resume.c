/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process whose collector is killed and replaced by another.
 */
#include "session_fixture.h"

static int with_transport;

/* A child without exec would keep the collector's socket and the journal's lock. */
static void close_inherited(int keep, int also)
{
	for (int fd = 3; fd < 64; fd++)
		if (fd != keep && fd != also)
			close(fd);
}

/* Waits for the collector after the one that is there. */
static void peer_hello_again(struct sigshim_hello h)
{
	h.reconnect = 1;
	ring = NULL;
	do {
		close(sock);
		usleep(2000);
	} while (peer_hello(&h) != SIGSHIM_WELCOME_OK);
}

static void peer_of_two_collectors(int ready, int go)
{
	struct sigshim_hello h = make_hello(with_transport);
	char c = 0;

	close_inherited(ready, go);
	if (peer_hello(&h) != SIGSHIM_WELCOME_OK || resumed)
		_exit(1);
	peer_module();
	peer_event(1, 1, 9, 2);
	peer_event(1, 2, 9, 0);
	peer_event(1, 4, 9, 0);
	peer_event(2, 1, 9, 0);
	peer_loss(1);
	if (write(ready, &c, 1) < 0 || read(go, &c, 1) < 0)
		_exit(1);
	h.lost = 1;
	peer_hello_again(h);
	if (!resumed)
		_exit(2);
	peer_loss(1);
	peer_event(1, 5, 9, 0);
	peer_event(1, 3, 9, 0);		/* what was a hole before */
	peer_event(1, 2, 9, 0);		/* twice */
	peer_event(2, 3, 9, 0);
	peer_event(3, 1, 0, 0);
	peer_bye();
	_exit(0);
}

START_TEST(a_collector_after_a_killed_one_goes_on_with_what_that_one_knew)
{
	int ready[2], go[2], status;
	char c = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(go), 0);
	with_transport = _i;
	pid = fork();
	if (pid == 0)
		peer_of_two_collectors(ready[1], go[0]);
	fcntl(ready[0], F_SETFL, O_NONBLOCK);
	while (read(ready[0], &c, 1) != 1)
		ingest_round(in, 20);
	for (int i = 0; i < 10; i++)
		ingest_round(in, 20);
	/* As if killed: what was appended is there, nothing was ended. */
	ingest_close(in);
	open_collector();
	ck_assert_int_eq(write(go[1], &c, 1), 1);
	while (waitpid(pid, &status, WNOHANG) == 0)
		ingest_round(in, 20);
	ck_assert_int_eq(status, 0);
	while (ingest_live(in) > 0)
		ingest_round(in, 20);
	finish();
	ck_assert_str_eq(ask("SELECT id, run, parent, end FROM processes ORDER BY id"), "1|1|-|open\n2|2|1|exit");
	ck_assert_str_eq(ask("SELECT t.ordinal, seq, count(*) FROM event_log e JOIN threads t ON t.id = e.thread "
			     "GROUP BY 1, 2"), "1|1|1\n1|2|1\n1|3|1\n1|4|1\n1|5|1\n2|1|1\n2|3|1\n3|1|1");
	ck_assert_str_eq(ask("SELECT reason, count FROM refusals"), "duplicate|1");
	ck_assert_str_eq(ask("SELECT sum(count) FROM gaps"), "2");
	ck_assert_str_eq(ask("SELECT count(DISTINCT c.stack), count(*) FROM event_log e JOIN calls c ON c.id = e.call "
			     "WHERE c.stack IS NOT NULL"), "1|7");
	ck_assert_str_eq(ask("SELECT process, count(*), sum(module) FROM mappings GROUP BY 1"), "1|1|1\n2|1|1");
	ck_assert_str_eq(ask("SELECT count(*) FROM shim_stacks"), "0");
}
END_TEST

/* Who only says that it is another process is not. */
START_TEST(an_instance_of_another_process_is_nobodys)
{
	struct sigshim_hello h;
	pid_t first = fork(), second;
	int status;

	if (first == 0) {
		close_inherited(-1, -1);
		h = make_hello(SIGSHIM_TRANSPORT_RING);
		peer_hello(&h);
		peer_event(1, 1, 0, 0);
		pause();
	}
	while (ingest_live(in) == 0)
		ingest_round(in, 20);
	for (int i = 0; i < 10; i++)
		ingest_round(in, 20);
	ingest_close(in);
	open_collector();
	second = fork();
	if (second == 0) {
		h = make_hello(SIGSHIM_TRANSPORT_RING);
		h.reconnect = 1;
		_exit(peer_hello(&h) == SIGSHIM_WELCOME_OK && !resumed ? 0 : 1);
	}
	while (waitpid(second, &status, WNOHANG) == 0)
		ingest_round(in, 20);
	ck_assert_int_eq(status, 0);
	while (ingest_live(in) > 0)
		ingest_round(in, 20);
	kill(first, SIGKILL);
	finish();
	ck_assert_str_eq(ask("SELECT id, parent, ended_ns IS NULL FROM processes ORDER BY id"), "1|-|1\n2|-|0");
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("resume");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_collector_after_a_killed_one_goes_on_with_what_that_one_knew, 0, 2);
	tcase_add_test(t, an_instance_of_another_process_is_nobodys);
	return run_case("resume", t);
}
