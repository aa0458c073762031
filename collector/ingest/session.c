/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a session; see session.h. main-only.
 */
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "proc.h"

#define FAIR_SHARE 4096	/* records of one ring in a round */

void session_move(struct session *s, struct session_list *to)
{
	if (s->list) {
		*(s->prev ? &s->prev->next : &s->list->first) = s->next;
		*(s->next ? &s->next->prev : &s->list->last) = s->prev;
	}
	s->list = to;
	s->prev = to ? to->last : NULL;
	s->next = NULL;
	if (to) {
		*(to->last ? &to->last->next : &to->first) = s;
		to->last = s;
	}
}

static void count_waiting(struct session *s, int by)
{
	int64_t n = 0;

	map_get(&s->in->waiting_of, (uint64_t)(uint32_t)s->uid + 1, &n);
	map_set(&s->in->waiting_of, &s->in->sink.heap, (uint64_t)(uint32_t)s->uid + 1, n + by);
}

struct session *session_alloc(struct ingest *in, struct session_list *list)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s || !budget_take(&in->sink.heap, sizeof(*s))) {
		free(s);
		return NULL;
	}
	s->in = in;
	s->heap = &in->sink.heap;
	s->fd = s->pidfd = -1;
	s->wait_status = -1;
	s->since_ns = sink_now();
	s->sock_watch = (struct watch){ session_receive, s };
	s->process_watch = (struct watch){ session_process_ended, s };
	session_move(s, list);
	in->nsessions++;
	return s;
}

void session_owned(struct session *s, struct owner *o)
{
	s->owner = o;
	s->heap = o ? &o->heap : &s->in->sink.heap;
}

struct session *session_new(struct ingest *in, int fd, int pid, int uid, int gid)
{
	struct session *s = session_alloc(in, &in->waiting);

	if (!s) {
		close(fd);
		return NULL;
	}
	s->fd = fd;
	s->host_pid = pid;
	s->uid = uid;
	s->gid = gid;
	session_owned(s, owner_enter(in, pid));
	count_waiting(s, 1);
	return s;
}

void session_welcomed(struct session *s)
{
	s->greeted = true;
	count_waiting(s, -1);
	session_move(s, &s->in->live);
}

static void close_fd(struct ingest *in, int *fd)
{
	if (*fd < 0)
		return;
	loop_remove(in, *fd);
	close(*fd);
	*fd = -1;
}

/* Out of everything; the memory goes when the round ends. */
static void retire(struct session *s)
{
	close_fd(s->in, &s->fd);
	close_fd(s->in, &s->pidfd);
	ring_close(&s->ring);
	child_unlink(s);
	session_move(s, &s->in->dead);
	s->in->nsessions--;
}

void session_drop(struct session *s)
{
	if (s->list == &s->in->dead)
		return;
	count_waiting(s, -1);
	retire(s);
}

void session_free(struct session *s)
{
	struct budget *all = &s->in->sink.heap, *b = s->heap;

	session_move(s, NULL);
	budget_give(b, s->threads_size * sizeof(*s->threads));
	free(s->threads);
	map_free(&s->ordinals, b);
	map_free(&s->stacks, b);
	modules_free(&s->modules, b);
	gaps_free(&s->gaps, all);
	free(s->exe);
	free(s->comm);
	free(s->cmdline);
	free(s->container);
	free(s->cwd);
	s->in->nroots -= s->root != NULL;
	root_close(s->root);
	budget_give(all, sizeof(*s));
	owner_leave(s->in, s->owner);
	free(s);
}

static void frame_or_refusal(struct session *s, const void *buf, int len)
{
	if (len > 0)
		session_frame(s, buf, (size_t)len);
	else
		sink_refuse(&s->in->sink, (enum refusal)-len, 1);
}

void session_release(struct session *s)
{
	if (s->ring.shared)
		ring_release(&s->ring);
}

/* A ring full of holes gives out only so much at a time. */
static void make_room(struct session *s)
{
	if (!ring_must_release(&s->ring))
		return;
	sink_flush(&s->in->sink, false);
	session_release(s);
}

static unsigned int read_ring(struct session *s, bool last)
{
	unsigned char buf[SIGSHIM_MAX_FRAME_SIZE] __attribute__((aligned(8)));
	uint64_t limit = last ? 2 * s->ring.ncells : FAIR_SHARE;
	unsigned int n = 0;
	int len;

	ring_begin(&s->ring, last);
	/* Where there are records, a moment after them: it places them in time. */
	ring_beat(&s->ring, ring_pending(&s->ring) ? ticks_now(&s->in->ticks) : s->in->now);
	while (n < limit && (len = ring_late(&s->ring, buf)) != 0) {
		frame_or_refusal(s, buf, len);
		make_room(s);
		n++;
	}
	/* A call may end early to stay short; at the end, positions must all be seen. */
	while (n < limit) {
		len = ring_next(&s->ring, buf);
		if (len == 0 && !(last && ring_pending(&s->ring)))
			break;
		if (len != 0)
			frame_or_refusal(s, buf, len);
		make_room(s);
		n++;
	}
	gaps_count(&s->gaps, ring_lost(&s->ring));
	s->bye |= ring_bye(&s->ring);
	return n;
}

void session_drain(struct session *s, bool last)
{
	if (s->ring.shared && read_ring(s, last) > 0)
		s->active_ns = sink_now();
	if (!last)
		gaps_settle(&s->gaps, &s->in->sink, s->process, s->threads,
			    s->ring.nholes > 0 || (s->host && s->host->ring.nholes > 0), false);
}

const char *session_fate(const struct session *s)
{
	int status = s->wait_status;

	if (status < 0 && s->pidfd >= 0 && proc_exit_status(s->pidfd, s->host_pid, &status) < 0)
		status = -1;
	if (status >= 0)
		return WIFSIGNALED(status) ? "killed" : "exit";
	return s->bye ? "exit" : "killed";
}

/* Rows for what is missing and cannot come any more. */
static void settle(struct session *s)
{
	bool unfinished = s->ring.nholes > 0;

	gaps_settle(&s->gaps, &s->in->sink, s->process, s->threads, false, true);
	if (s->bye)
		return;
	if (unfinished)
		gaps_unknown(&s->gaps, &s->in->sink, s->process, "ended while recording");
	else if (!s->ring.shared && !s->shares && s->gaps.lost)
		gaps_unknown(&s->gaps, &s->in->sink, s->process, "ended before it told all losses");
}

static void forget_pid(const struct session *s, struct map *m)
{
	int64_t current;

	if (map_get(m, (uint64_t)s->host_pid, &current) && current == (int64_t)(intptr_t)s)
		map_set(m, &s->in->sink.heap, (uint64_t)s->host_pid, 0);
}

void session_catch_up(struct session *s)
{
	if (s->host)
		session_drain(s->host, true);
	/* First: a child that writes after the last look sees that it was the last. */
	if (s->ring.shared)
		ring_stop(&s->ring);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	session_drain(s, true);
	sink_flush(&s->in->sink, false);
	session_release(s);
}

void session_introduce(struct session *s)
{
	struct ingest *in = s->in;
	struct ingest_peer peer;

	s->id = s->id ? s->id : ++in->sessions;
	peer = session_peer(s);
	if (in->observer.hello)
		in->observer.hello(in->observer.arg, &peer);
}

struct ingest_peer session_peer(const struct session *s)
{
	return (struct ingest_peer){
		.id = s->id, .host_pid = s->host_pid, .process = s->process, .hello = &s->hello,
	};
}

void session_end(struct session *s, const char *end)
{
	struct ingest *in = s->in;
	struct ingest_peer peer;

	if (s->list != &in->live && s->list != &in->young)
		return;
	session_receive_all(s);
	session_catch_up(s);
	children_part(s);
	child_explain(s);
	settle(s);
	peer = session_peer(s);
	if (in->observer.end)
		in->observer.end(in->observer.arg, &peer);
	sink_process_end(&in->sink, s->process, end, s->gaps.lost);
	forget_pid(s, &in->by_pid);
	forget_pid(s, &in->claims);
	retire(s);
}

void session_gone(struct session *s)
{
	/* A farewell may be the last that it wrote. */
	if (s->list != &s->in->dead)
		session_catch_up(s);
	session_end(s, session_fate(s));
}

void session_over(struct session *s)
{
	struct session *next;

	/* Of this image, or of one that it executed. */
	listener_hear(s->in);
	for (struct session *w = s->in->waiting.first; w; w = next) {
		next = w->next;
		if (w->host_pid == s->host_pid)
			session_receive(&w->sock_watch, 0);
	}
	session_gone(s);
}

/* The other end has gone, though that may not have been read yet. */
static bool is_cut(int fd)
{
	struct pollfd p = { .fd = fd };

	return fd < 0 || (poll(&p, 1, 0) > 0 && p.revents & POLLHUP);
}

bool session_is_running(const struct session *s)
{
	return s->pidfd >= 0 ? !proc_ended(s->pidfd) : !is_cut(s->fd);
}
