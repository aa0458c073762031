/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forked children in their parent's ring: what they write there, and what
 * hostile ones do, against a collector in this process.
 */
#include "session_fixture.h"

/* A frame of a forked child, in its parent's ring. */
struct child_frame {
	struct sigshim_child head;
	unsigned char frame[512];
};

static struct child_frame child_frame_of(uint64_t child, const void *frame, size_t len)
{
	struct child_frame f = {
		.head = { { (uint32_t)(sizeof(f.head) + len), SIGSHIM_FRAME_CHILD, sizeof(f.head) }, child },
	};

	memcpy(f.frame, frame, len);
	return f;
}

static void peer_child(uint64_t child, const void *frame, size_t len)
{
	struct child_frame f = child_frame_of(child, frame, len);

	peer_send(&f, f.head.h.size);
}

/* The hello of a child that says that it is `pid`. */
static struct sigshim_hello child_hello(uint64_t child, int pid)
{
	struct sigshim_hello h = make_hello(SIGSHIM_TRANSPORT_RING);

	h.instance = child;
	h.parent_instance = instance;
	h.pid = h.tid = pid;
	h.ppid = pid == getpid() ? getppid() : getpid();
	strcpy(h.comm, "child");
	return h;
}

static void peer_child_hello(uint64_t child, int pid)
{
	struct sigshim_hello h = child_hello(child, pid);

	peer_child(child, &h, sizeof(h));
}

static void peer_child_event(uint64_t child, uint64_t seq)
{
	struct {
		struct sigshim_event e;
		uint64_t arg[3];
	} f = {
		.e = {
			.h = { sizeof(f), SIGSHIM_FRAME_EVENT, sizeof(f.e) }, .event = SIGSHIM_EV_sigprocmask,
			.nargs = 3, .pid = 1, .tid = 1, .thread = 1, .seq = seq, .start_ns = seq,
			.caller = 0x10010,
		},
	};

	peer_child(child, &f, sizeof(f));
}

#define NOBODY 0x3ffffff0	/* no process has that pid */

START_TEST(children_in_a_ring_are_processes_of_their_own)
{
	struct sigshim_bye bye = { { sizeof(bye), SIGSHIM_FRAME_BYE, sizeof(bye) }, 1, 0 };

	if (peer_start(SIGSHIM_TRANSPORT_RING)) {
		peer_event(1, 1, 0, 0);
		peer_module();
		peer_child_hello(1, NOBODY);
		peer_child_hello(2, NOBODY + 1);
		peer_child_event(1, 1);
		peer_child_event(2, 1);
		peer_child_event(1, 2);
		peer_child(1, &bye, sizeof(bye));
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT p.id, p.parent, p.comm = 'child', p.end, count(*), p.lost FROM processes p "
			     "JOIN threads t ON t.process = p.id JOIN event_log e ON e.thread = t.id GROUP BY p.id"),
			 "1|-|0|exit|1|0\n2|1|1|exit|2|0\n3|1|1|killed|1|0");
	/* Their parent's modules are theirs. */
	ck_assert_str_eq(ask("SELECT module, offset FROM frames"), "1|16");
	ck_assert_str_eq(ask("SELECT count(*) FROM refusals"), "0");
}
END_TEST

static int asked[2], answered[2];

/* Holds the collector up in the middle of a look at the ring. */
static void hold_up(void *arg, const struct ingest_peer *peer, const struct event *ev, int64_t thread)
{
	char byte;

	if (ev->seq != 2)
		return;
	ck_assert_int_eq(write(asked[1], "", 1), 1);
	ck_assert_int_eq(read(answered[0], &byte, 1), 1);
}

START_TEST(a_child_that_was_held_up_in_its_hello_is_known)
{
	ck_assert_int_eq(pipe(asked), 0);
	ck_assert_int_eq(pipe(answered), 0);
	ingest_observe(in, &(struct ingest_observer){ .record = hold_up });
	if (peer_start(SIGSHIM_TRANSPORT_RING)) {
		struct sigshim_hello h = child_hello(1, NOBODY);
		struct child_frame f = child_frame_of(1, &h, sizeof(h));
		uint64_t pos = peer_take(f.head.h.size);
		char byte;

		while (__atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) < ring->tail)
			usleep(1000);
		peer_event(1, 1, 0, 0);
		peer_event(1, 2, 0, 0);
		ck_assert_int_eq(read(asked[0], &byte, 1), 1);
		peer_commit(pos, &f, f.head.h.size);
		peer_child_event(1, 1);
		peer_bye();
		ck_assert_int_eq(write(answered[1], "", 1), 1);
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT count(*) FROM refusals"), "0");
	ck_assert_str_eq(ask("SELECT t.process, count(*) FROM event_log e "
			     "JOIN threads t ON t.id = e.thread GROUP BY 1"), "1|2\n2|1");
}
END_TEST

START_TEST(lost_calls_of_children_are_gaps_that_add_up)
{
	if (peer_start(SIGSHIM_TRANSPORT_RING)) {
		peer_child_hello(1, NOBODY);
		peer_child_event(1, 1);
		peer_child_event(1, 4);
		peer_loss(2);
		ring->children_lost = 7;
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT process, count, reason FROM gaps ORDER BY process"), "1|7|overflow\n2|2|overflow");
	ck_assert_str_eq(ask("SELECT sum(lost) FROM processes"), "9");
}
END_TEST

START_TEST(a_child_that_connects_goes_on_in_its_row)
{
	if (peer_start(SIGSHIM_TRANSPORT_RING)) {
		pid_t pid = fork();

		if (pid == 0) {
			struct sigshim_hello h;

			peer_child_hello(99, getpid());
			peer_child_event(99, 1);
			instance = 99;
			h = make_hello(_i);
			h.reconnect = 1;
			ring = NULL;
			ck_assert_int_eq(peer_hello(&h), SIGSHIM_WELCOME_OK);
			peer_event(1, 2, 0, 0);
			peer_bye();
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		peer_bye();
		_exit(0);
	}
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT p.id, p.parent, p.end, p.lost, group_concat(seq) FROM processes p "
			     "LEFT JOIN threads t ON t.process = p.id LEFT JOIN event_log e "
			     "ON e.thread = t.id GROUP BY p.id"),
			 "1|-|exit|0|-\n2|1|exit|0|1,2");
	ck_assert_str_eq(ask("SELECT count(*) FROM refusals"), "0");
}
END_TEST

/* Whether the process is gone or its parent's to bury. */
static bool is_over(pid_t pid)
{
	char path[64], line[512] = "", *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return true;
	end = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	return !end || end[2] == 'Z';
}

/* A daemon: writes what it is into its parent's ring, and executes a program when that has ended. */
static void peer_daemon(pid_t parent, int written)
{
	struct sigshim_hello h = make_hello(SIGSHIM_TRANSPORT_RING);

	h.instance = 1;
	h.parent_instance = instance;
	h.ppid = parent;
	peer_child(1, &h, sizeof(h));
	peer_child_event(1, 1);
	close(written);
	while (!is_over(parent))
		usleep(1000);
	instance = 2;
	h = make_hello(SIGSHIM_TRANSPORT_RING);
	ck_assert_int_eq(peer_hello(&h), SIGSHIM_WELCOME_OK);
	peer_event(1, 1, 0, 0);
	peer_bye();
}

/* Runs the collector until nobody holds the other end of the pipe. */
static void serve_until_closed(int fd)
{
	char byte;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (read(fd, &byte, 1) != 0)
		ingest_round(in, 5);
	serve();
}

START_TEST(a_child_whose_parent_has_ended_executes_in_its_row)
{
	int alive[2], written[2];
	char byte;

	ck_assert_int_eq(pipe(alive), 0);
	if (peer_start(SIGSHIM_TRANSPORT_RING)) {
		pid_t parent = getpid();

		peer_event(1, 1, 0, 0);
		ck_assert_int_eq(pipe(written), 0);
		if (fork() == 0) {
			close(written[0]);
			peer_daemon(parent, written[1]);
			_exit(0);
		}
		close(written[1]);
		ck_assert_int_eq(read(written[0], &byte, 1), 0);
		peer_bye();
		_exit(0);
	}
	close(alive[1]);
	serve_until_closed(alive[0]);
	finish();
	ck_assert_str_eq(ask("SELECT p.id, p.parent, p.birth, p.end, count(*) FROM processes p JOIN threads t "
			     "ON t.process = p.id JOIN event_log e ON e.thread = t.id GROUP BY p.id"),
			 "1|-|start|exit|1\n2|1|fork|exec|1\n3|2|exec|exit|1");
	ck_assert_str_eq(ask("SELECT count(*) FROM refusals"), "0");
}
END_TEST

START_TEST(children_that_lie_harm_nobody)
{
	int ready[2];
	pid_t other;

	ck_assert_int_eq(pipe(ready), 0);
	other = fork();
	if (other == 0) {
		struct sigshim_hello h = make_hello(SIGSHIM_TRANSPORT_RING);

		peer_hello(&h);
		peer_event(1, 1, 0, 0);
		read(ready[0], &h, 1);
		peer_event(1, 2, 0, 0);
		peer_bye();
		_exit(0);
	}
	instance = 4712;
	usleep(50000);	/* The liar is younger than its victim, by the kernel's ticks too. */
	if (peer_start(SIGSHIM_TRANSPORT_RING)) {
		struct sigshim_child inside = { { sizeof(inside), SIGSHIM_FRAME_CHILD, sizeof(inside) }, 5 };
		struct sigshim_frame broken = { 4000, SIGSHIM_FRAME_EVENT, 8 };
		struct sigshim_hello h = make_hello(SIGSHIM_TRANSPORT_RING);

		peer_child_event(5, 1);				/* no hello */
		peer_child_hello(5, other);			/* another's pid */
		peer_child_hello(5, NOBODY);			/* twice */
		peer_child_hello(instance, NOBODY);		/* its own parent */
		peer_child(6, &h, sizeof(h));			/* another's instance, no parent */
		peer_child(5, &inside, sizeof(inside));
		peer_child(5, &broken, sizeof(broken));
		inside.h.fixed = 4;
		peer_send(&inside, sizeof(inside));
		peer_child_event(5, 1);
		peer_bye();
		write(ready[1], "", 1);
		_exit(0);
	}
	serve();
	serve();
	finish();
	ck_assert_str_eq(ask("SELECT reason, count FROM refusals ORDER BY 1"),
			 "bad-fixed|1\nbad-hello|1\nbad-size|1\nno-hello|1\nsecond-hello|2\nunexpected-type|1");
	ck_assert_str_eq(ask("SELECT end FROM processes WHERE parent IS NULL"), "exit\nexit");
	ck_assert_str_eq(ask("SELECT count(*) FROM processes"), "3");
	ck_assert_str_eq(ask("SELECT count(*) FROM event_log"), "3");
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("child");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, children_in_a_ring_are_processes_of_their_own);
	tcase_add_test(t, a_child_that_was_held_up_in_its_hello_is_known);
	tcase_add_test(t, lost_calls_of_children_are_gaps_that_add_up);
	tcase_add_loop_test(t, a_child_that_connects_goes_on_in_its_row, 0, 2);
	tcase_add_test(t, a_child_whose_parent_has_ended_executes_in_its_row);
	tcase_add_test(t, children_that_lie_harm_nobody);
	return run_case("child", t);
}
