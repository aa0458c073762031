/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A collector inside the test, and a peer that speaks to it as a shim would:
 * for check_session.c. main-only.
 */
#ifndef SESSION_FIXTURE_H
#define SESSION_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ingest/ingest.h"
#include "journal/journal.h"
#include "store/store.h"
#include "unit.h"


static char dir[64], log_path[128], socket_path[128];
static struct ingest *in;

/* --- the collector's side -------------------------------------------------- */

static void open_collector(void)
{
	struct ingest_options opt = { .ring_size = INGEST_RING_MIN };
	char *error = NULL;

	ck_assert_int_eq(listener_open(socket_path, 0600, &opt.listener), 0);
	ck_assert_int_eq(store_open(log_path, STORE_CREATE, &opt.store, &error), 0);
	ck_assert_int_ge(journal_finish_all(opt.store, NULL, NULL), 0);
	ck_assert_int_eq(store_run_begin(opt.store, "test", &opt.run), 0);
	ck_assert_int_eq(ingest_open(&opt, &in), 0);
}

static void setup(void)
{
	strcpy(dir, "/tmp/check_session.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(log_path, sizeof(log_path), "%s/log.db", dir);
	snprintf(socket_path, sizeof(socket_path), "%s/sock", dir);
	open_collector();
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* Runs the collector until every child has ended and been heard. */
static inline void serve(void)
{
	while (waitpid(-1, NULL, WNOHANG) >= 0)
		ingest_round(in, 20);
	while (ingest_live(in) > 0)
		ingest_round(in, 20);
}

static void finish(void)
{
	ingest_finish(in);
	ck_assert_int_eq(ingest_end_run(in), 0);
	ingest_close(in);
}

static char answer[4096];

static int keep_answer(int row, int n, const char *const *cells, void *arg)
{
	for (int i = 0; row > 0 && i < n; i++) {
		size_t used = strlen(answer);

		snprintf(answer + used, sizeof(answer) - used, "%s%s", used ? (i ? "|" : "\n") : "",
			 cells[i] ? cells[i] : "-");
	}
	return 0;
}

/* What the finished log answers: rows joined by newlines, cells by bars. */
static const char *ask(const char *sql)
{
	struct store *s;

	*answer = '\0';
	ck_assert_int_eq(store_open(log_path, STORE_READ, &s, NULL), 0);
	ck_assert_int_eq(store_sql(s, sql, keep_answer, NULL), 0);
	store_close(s);
	return answer;
}

/* --- the peer's side, in a child -------------------------------------------- */

static int sock = -1;
static struct sigshim_ring *ring;
static uint64_t instance = 4711;
static bool resumed;	/* the last welcome said so */

static int peer_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	strcpy(addr.sun_path, socket_path);
	sock = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	return connect(sock, (struct sockaddr *)&addr, sizeof(addr));
}

static struct sigshim_hello make_hello(int transport)
{
	struct sigshim_hello h = {
		.h = { sizeof(h), SIGSHIM_FRAME_HELLO, sizeof(h) },
		.magic = SIGSHIM_WIRE_MAGIC, .version = SIGSHIM_WIRE_VERSION,
		.pid = getpid(), .tid = getpid(), .instance = instance, .depth = 64, .now_ns = 1,
		.transport = (uint8_t)transport,
	};

	return h;
}

/* Says hello, maps the ring if there is one; the collector's verdict. */
static int peer_hello(const struct sigshim_hello *h)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct sigshim_welcome w = { 0 };
	struct iovec iov = { &w, sizeof(w) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fd;

	if (peer_connect() < 0 || send(sock, h, sizeof(*h), 0) < 0 || recvmsg(sock, &msg, 0) != sizeof(w))
		return -1;
	if (w.transport == SIGSHIM_TRANSPORT_RING && w.ring_size) {
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
		ring = mmap(NULL, w.ring_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
	}
	resumed = w.resumed;
	return (int)w.refusal;
}

/* Takes cells of the ring, which is never used all over. */
static uint64_t peer_take(size_t len)
{
	uint64_t pos = ring->tail;

	ring->tail += (len + SIGSHIM_CELL - 1) / SIGSHIM_CELL;
	return pos;
}

static void peer_commit(uint64_t pos, const void *frame, size_t len)
{
	uint64_t *state = (uint64_t *)(void *)((char *)ring + SIGSHIM_RING_HEADER);

	memcpy((char *)ring + ring->data_offset + pos * SIGSHIM_CELL, frame, len);
	__atomic_store_n(&state[pos], SIGSHIM_RING_COMMITTED(pos, ring->ncells), __ATOMIC_RELEASE);
}

static void peer_send(const void *frame, size_t len)
{
	if (ring)
		peer_commit(peer_take(len), frame, len);
	else
		send(sock, frame, len, MSG_NOSIGNAL);
}

static void peer_event(uint32_t thread, uint64_t seq, uint32_t stack, unsigned int npcs)
{
	struct {
		struct sigshim_event e;
		uint64_t arg[3], pc[2];
	} f = {
		.e = {
			.h = { (uint32_t)(sizeof(f.e) + 24 + npcs * 8), SIGSHIM_FRAME_EVENT, sizeof(f.e) },
			.event = SIGSHIM_EV_sigprocmask, .nargs = 3, .npcs = (uint16_t)npcs,
			.flags = npcs ? SIGSHIM_EVF_NEW_STACK : 0, .pid = getpid(), .tid = getpid(),
			.thread = thread, .seq = seq, .start_ns = seq, .stack_id = stack,
		},
		.pc = { 0x10010, 0x900000 },
	};

	peer_send(&f, f.e.h.size);
}

static void peer_module(void)
{
	struct {
		struct sigshim_module m;
		char rest[4 + 7];
	} f = {
		.m = {
			.h = { sizeof(f.m) + 11, SIGSHIM_FRAME_MODULE, sizeof(f.m) }, .start = 0x10000,
			.end = 0x20000, .bias = 0x10000, .build_id_len = 4, .path_len = 7,
		},
		.rest = "\x01\x02\x03\x04/lib/xy",
	};

	peer_send(&f, f.m.h.size);
}

static void peer_loss(uint64_t lost)
{
	struct sigshim_loss f = { { sizeof(f), SIGSHIM_FRAME_LOSS, sizeof(f) }, 1, lost };

	if (ring)
		ring->lost = lost;
	else
		peer_send(&f, sizeof(f));
}

static void peer_bye(void)
{
	struct sigshim_bye f = { { sizeof(f), SIGSHIM_FRAME_BYE, sizeof(f) }, 1, 0 };

	if (ring)
		ring->bye = 1;
	else
		peer_send(&f, sizeof(f));
}

static inline bool peer_start(int transport)
{
	struct sigshim_hello h;

	if (fork() != 0)
		return false;
	h = make_hello(transport);
	if (peer_hello(&h) != SIGSHIM_WELCOME_OK)
		_exit(1);
	return true;
}

/* --- well-behaved processes --------------------------------------------------- */

#endif
