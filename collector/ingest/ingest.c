/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening, finishing and closing a collector; see ingest.h. main-only.
 */
#include "ingest.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "child.h"
#include "files.h"
#include "indexer.h"
#include "session.h"
#include "urgent.h"

#define STEP_MS 1000

/* A journal for the run, and who brings it into the log. */
static int open_journal(struct ingest *in, int64_t run)
{
	struct journal *journal = NULL;
	int64_t base = 0;
	int r = journal_create(store_path(in->store), run, &journal);

	if (r == 0)
		r = store_journal_begin(in->store, run, &base);
	if (r == 0)
		r = store_commit(in->store);
	if (r < 0) {
		journal_remove(journal);
		return r;
	}
	r = sink_open(&in->sink, in->store, run, journal, base);
	if (r == 0)
		r = indexer_open(in->store, run, journal_path(journal), in->files, &in->indexer);
	return r;
}

static int start(struct ingest *in)
{
	in->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (in->epoll < 0)
		return -errno;
	urgent_begin();
	in->accept = (struct watch){ listener_ready, in };
	return in->listener >= 0 ? loop_add(in, in->listener, &in->accept) : 0;
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
	in->store = opt->store;
	in->files = files_open();
	r = in->files ? open_journal(in, opt->run) : -ENOMEM;
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
	indexer_close(in->indexer);
	store_close(in->store);
	map_free(&in->by_pid, &in->sink.heap);
	map_free(&in->claims, &in->sink.heap);
	map_free(&in->waiting_of, &in->sink.heap);
	map_free(&in->known, &in->sink.heap);
	map_free(&in->owners, &in->sink.heap);
	sink_close(&in->sink);
	files_close(in->files);
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

void ingest_observe(struct ingest *in, const struct ingest_observer *o)
{
	in->observer = *o;
}

struct sink *ingest_sink(struct ingest *in)
{
	return &in->sink;
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
	/* Whose ring is read for the last time may have children that nobody knew. */
	for (children_tick(in, UINT64_MAX); in->live.first; children_tick(in, UINT64_MAX)) {
		struct session *s = in->live.first;

		/* Who has ended in this moment shall not count as running. */
		session_end(s, session_is_running(s) ? "open" : session_fate(s));
	}
	while (in->waiting.first)
		session_drop(in->waiting.first);
	while (in->dead.first)
		session_free(in->dead.first);
	if (in->listener >= 0) {
		loop_remove(in, in->listener);
		close(in->listener);
		in->listener = -1;
	}
	sink_flush(&in->sink, true);
	indexer_advance(in->indexer, journal_position(in->sink.journal));
}

int64_t ingest_index(struct ingest *in, int max_ms)
{
	int64_t left;

	/* Somebody may have written beside the peers. */
	indexer_advance(in->indexer, journal_position(in->sink.journal));
	left = indexer_finish(in->indexer, max_ms);

	if (left != 0 || in->sink.failure == 0)
		return left;
	/* The file had no room for the rest, which there may be when it begins anew. */
	journal_trim(in->sink.journal);
	sink_flush(&in->sink, true);
	indexer_advance(in->indexer, journal_position(in->sink.journal));
	return in->sink.failure ? in->sink.failure : indexer_finish(in->indexer, max_ms);
}

int64_t ingest_name(struct ingest *in, int max_ms)
{
	return indexer_name(in->indexer, max_ms);
}

int ingest_end_run(struct ingest *in)
{
	int64_t left;
	int r;

	while ((left = ingest_index(in, STEP_MS)) > 0)
		;
	if (left < 0)
		return (int)left;
	indexer_close(in->indexer);
	in->indexer = NULL;
	r = store_run_end(in->store, in->sink.run);
	if (r == 0)
		r = store_journal_end(in->store, in->sink.run);
	if (r == 0)
		r = store_commit(in->store);
	if (r == 0) {
		journal_remove(in->sink.journal);
		in->sink.journal = NULL;
	}
	return r;
}

struct ingest_stats ingest_stats(const struct ingest *in)
{
	struct ingest_stats stats = in->sink.stats;

	stats.lost += stats.received - stats.events;
	stats.unwritten = in->sink.unstored;
	return stats;
}

int ingest_failure(const struct ingest *in)
{
	return in->sink.failure;
}

int ingest_index_failure(const struct ingest *in)
{
	return in->indexer ? indexer_failure(in->indexer) : 0;
}

const char *ingest_journal(const struct ingest *in)
{
	return journal_path(in->sink.journal);
}
