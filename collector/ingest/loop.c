/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event loop behind ingest.h: waits for descriptors, looks into rings (a
 * writer never wakes us: that would cost it a system call), commits. main-only.
 */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "indexer.h"
#include "session.h"

#define MS 1000000ull
#define SECOND (1000 * MS)
#define BUSY_MS 4	/* between looks at rings of those that spoke within the last second */
#define IDLE_MS 20	/* at all others */
#define REFUSALS_MS 60
/*
 * A ring that is half full when it is looked at might be full the next time.
 * Then there are looks much more often, for as long as they find something. Not
 * before: who writes at that moment pays for it with what leaves its cache.
 */
#define RUSH_BEGINS 2	/* with this part of a ring */
#define RUSH_STAYS 16
#define RUSH_MS 20	/* without */
#define RUSH_US 400
#define TRIM_BYTES (4u << 20)
#define EVENTS 64

int loop_add(struct ingest *in, int fd, struct watch *w)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = w };

	return epoll_ctl(in->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

void loop_remove(struct ingest *in, int fd)
{
	epoll_ctl(in->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static bool is_time(uint64_t *last_ns, uint64_t now, uint64_t ms)
{
	bool is = now - *last_ns >= ms * MS;

	if (is)
		*last_ns = now;
	return is;
}

static bool is_rush(const struct ingest *in, uint64_t now)
{
	return now - in->rush_ns < RUSH_MS * MS;
}

/* Rings that spoke of late at every turn, but in a rush those alone that are filling; others less often. */
static void look_into_rings(struct ingest *in, uint64_t now)
{
	bool all = is_time(&in->idle_look_ns, now, IDLE_MS);
	bool rush = is_rush(in, now), some = is_time(&in->busy_look_ns, now, BUSY_MS) || !rush;
	struct session *next;

	in->busy = in->backlog = false;
	for (struct session *s = in->live.first; s; s = next) {
		next = s->next;
		if (now - s->active_ns < SECOND)
			in->busy = true;
		else if (!all)
			continue;
		if (ring_is_filling(&s->ring, rush ? RUSH_STAYS : RUSH_BEGINS))
			in->rush_ns = now;
		else if (!all && !some)
			continue;
		session_drain(s, false);
		in->backlog |= ring_ready(&s->ring);
	}
}

/*
 * Only what is in the journal's file is taken from the rings: whoever kills us
 * before takes nothing away.
 */
static void release_rings(struct ingest *in)
{
	sink_flush(&in->sink, false);
	for (struct session *s = in->live.first; s; s = s->next)
		session_release(s);
}

/* Tells the indexer of what is new; when it has everything, the file begins anew. */
static void index_journal(struct ingest *in)
{
	struct journal *j = in->sink.journal;

	indexer_advance(in->indexer, journal_position(j));
	if (journal_size(j) >= (in->sink.failure ? 1 : TRIM_BYTES) &&
	    indexer_position(in->indexer) == journal_position(j))
		journal_trim(j);
}

static int earlier(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* How long to sleep, when nothing happens on any descriptor. */
static int patience(const struct ingest *in, uint64_t now, uint64_t deadline, int max_ms)
{
	int ms = max_ms;

	if (in->backlog)
		return 0;
	if (in->live.first || in->young.first)
		ms = earlier(ms, in->busy ? BUSY_MS : IDLE_MS);
	if (in->sink.refusals)
		ms = earlier(ms, REFUSALS_MS);
	if (in->sink.failure || indexer_failure(in->indexer) ||
	    journal_size(in->sink.journal) >= TRIM_BYTES)
		ms = earlier(ms, 1000);
	if (deadline)
		ms = earlier(ms, deadline > now ? (int)((deadline - now) / MS) + 1 : 0);
	return ms;
}

/*
 * While there is a rush, sleeps for less than a millisecond and leaves nothing
 * of the patience. It lasts for some looks: one right after another sees little.
 */
static int nap(const struct ingest *in, uint64_t now, int ms)
{
	struct pollfd p = { .fd = in->epoll, .events = POLLIN };
	const struct timespec moment = { .tv_nsec = RUSH_US * 1000 };

	if (ms == 0 || !is_rush(in, now))
		return ms;
	ppoll(&p, 1, &moment, NULL);
	return 0;
}

static void bury(struct ingest *in)
{
	while (in->dead.first)
		session_free(in->dead.first);
}

int ingest_round(struct ingest *in, int max_ms)
{
	uint64_t now = sink_now(), deadline = listener_tick(in, now);
	struct epoll_event e[EVENTS];
	int ms = nap(in, now, patience(in, now, deadline, max_ms));
	int n = epoll_wait(in->epoll, e, EVENTS, ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		struct watch *w = e[i].data.ptr;

		w->fn(w, e[i].events);
	}
	in->now = ticks_now(&in->ticks);
	look_into_rings(in, in->now.ns);
	children_tick(in, in->now.ns);
	release_rings(in);
	bury(in);
	index_journal(in);
	return n;
}
