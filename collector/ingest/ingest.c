/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening, finishing and closing a collector; see ingest.h. main-only.
 */
#include "ingest.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "namer.h"
#include "session.h"

#define MS 1000000ull

static void batch_named(struct watch *w, uint32_t events)
{
	struct ingest *in = w->arg;

	namer_turn(in->namer, &in->sink);
}

static int start(struct ingest *in)
{
	int r;

	in->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (in->epoll < 0)
		return -errno;
	r = namer_open(&in->namer);
	if (r < 0)
		return r;
	in->named = (struct watch){ batch_named, in };
	in->accept = (struct watch){ listener_ready, in };
	r = loop_add(in, namer_fd(in->namer), &in->named);
	if (r == 0)
		r = loop_add(in, in->listener, &in->accept);
	return r;
}

int ingest_open(const struct ingest_options *opt, struct ingest **ret)
{
	struct ingest *in = calloc(1, sizeof(*in));
	int r;

	if (!in)
		return -ENOMEM;
	in->epoll = -1;
	ticks_open(&in->ticks);
	in->listener = opt->listener;
	in->ring_size = opt->ring_size ? opt->ring_size : INGEST_RING_SIZE;
	in->max_connections = opt->max_connections ? opt->max_connections : INGEST_MAX_CONNECTIONS;
	r = sink_open(&in->sink, opt->store, opt->run);
	if (r == 0) {
		listener_limits(in);
		r = start(in);
	}
	if (r < 0) {
		ingest_close(in);
		return r;
	}
	*ret = in;
	return 0;
}

void ingest_close(struct ingest *in)
{
	if (!in)
		return;
	namer_close(in->namer);
	sink_close(&in->sink);
	map_free(&in->by_pid, &in->sink.heap);
	map_free(&in->claims, &in->sink.heap);
	map_free(&in->waiting_of, &in->sink.heap);
	map_free(&in->known, &in->sink.heap);
	for (unsigned int i = 0; i < in->nwatches; i++)
		free(in->watches[i]);
	if (in->listener >= 0)
		close(in->listener);
	if (in->epoll >= 0)
		close(in->epoll);
	free(in);
}

/* A caller's function, for a descriptor of its own. */
struct outside {
	struct watch w;
	void (*fn)(void *arg);
	void *arg;
};

static void call_outside(struct watch *w, uint32_t events)
{
	struct outside *o = w->arg;

	o->fn(o->arg);
}

int ingest_watch(struct ingest *in, int fd, void (*fn)(void *arg), void *arg)
{
	struct outside *o;
	int r;

	if (in->nwatches == sizeof(in->watches) / sizeof(in->watches[0]))
		return -ENOSPC;
	o = malloc(sizeof(*o));
	if (!o)
		return -ENOMEM;
	*o = (struct outside){ { call_outside, o }, fn, arg };
	r = loop_add(in, fd, &o->w);
	if (r < 0) {
		free(o);
		return r;
	}
	in->watches[in->nwatches++] = &o->w;
	return 0;
}

unsigned int ingest_live(const struct ingest *in)
{
	return in->nsessions;
}

bool ingest_knows(const struct ingest *in, int host_pid)
{
	int64_t known;

	return map_get(&in->known, (uint64_t)host_pid, &known);
}

void ingest_ended(struct ingest *in, int host_pid, int wait_status)
{
	for (struct session *s = in->live.first; s; s = s->next)
		if (s->host_pid == host_pid)
			s->wait_status = wait_status;
}

void ingest_never(struct ingest *in, int host_pid, const char *comm)
{
	struct process_info info = {
		.run = in->sink.run, .pid = host_pid, .host_pid = host_pid, .ppid = getpid(),
		.uid = (int)getuid(), .gid = (int)getgid(), .comm = comm, .started_ns = sink_now(),
	};
	struct gap_info gap = {
		.run = in->sink.run, .ts_ns = sink_now(), .count = -1,
		.reason = "never loaded libsigshim.so",
	};

	if (sink_process(&in->sink, &info, &gap.process) < 0)
		return;
	sink_process_end(&in->sink, gap.process, "never", 0);
	sink_gap(&in->sink, &gap);
}

void ingest_finish(struct ingest *in)
{
	while (in->waiting.first)
		session_drop(in->waiting.first);
	while (in->live.first) {
		struct session *s = in->live.first;

		/* Who has ended in this moment shall not count as running. */
		session_end(s, session_is_running(s) ? "open" : session_fate(s));
	}
	while (in->dead.first)
		session_free(in->dead.first);
	if (in->listener >= 0) {
		loop_remove(in, in->listener);
		close(in->listener);
		in->listener = -1;
	}
	sink_commit(&in->sink, true);
}

int64_t ingest_name(struct ingest *in, int max_ms)
{
	uint64_t end = sink_now() + (uint64_t)max_ms * MS;
	struct pollfd p = { .fd = namer_fd(in->namer), .events = POLLIN };
	bool more;

	while ((more = namer_turn(in->namer, &in->sink)) && sink_now() < end)
		poll(&p, 1, max_ms);
	sink_commit(&in->sink, true);
	return more ? store_frames_todo_count(in->sink.store) : 0;
}

int ingest_end_run(struct ingest *in)
{
	sink_commit(&in->sink, true);
	if (in->sink.failure)
		return in->sink.failure;
	return store_run_end(in->sink.store, in->sink.run);
}

struct ingest_stats ingest_stats(const struct ingest *in)
{
	struct ingest_stats stats = in->sink.stats;

	stats.lost += stats.received - stats.events;
	stats.unwritten = in->sink.unstored + (in->sink.store ? store_refused(in->sink.store) : 0);
	return stats;
}

int ingest_failure(const struct ingest *in)
{
	return in->sink.failure;
}
