/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sessions of ingest, as its observer: what they say of themselves, and
 * their records, kept until the kernel events before them have been taken. See
 * state.h. main-only.
 */
#include <stdlib.h>
#include <string.h>

#include "../ingest/ingest.h"
#include "state.h"

#define AWAIT_NS 5000000000ull	/* for a hello of a process that is gone */

static struct peer *peer_of(const struct verify *v, uint64_t id)
{
	struct peer *p;

	for (p = v->peers; p && p->id != id; p = p->next)
		;
	return p;
}

static struct peer *awaited(const struct verify *v, uint64_t instance)
{
	struct peer *p;

	for (p = v->peers; p && (p->id || p->instance != instance); p = p->next)
		;
	return p;
}

static struct peer *add_peer(struct verify *v)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->next = v->peers;
	if (p->next)
		p->next->prev = p;
	v->peers = p;
	return p;
}

/* A new one, or the one whose claims came first. */
static struct peer *new_peer(struct verify *v, const struct ingest_peer *peer)
{
	struct peer *p = awaited(v, peer->hello->instance);
	struct image *im = p ? p->awaited_by : NULL;

	if (!p)
		p = add_peer(v);
	if (!p)
		return NULL;
	p->id = peer->id;
	p->host_pid = peer->host_pid;
	p->forked_by = peer->hello->ppid;
	p->since_ns = p->forked_by ? peer->hello->now_ns : sink_now();
	p->awaited_by = NULL;
	if (im) {
		image_peer(v, im);
		image_unref(im);
	}
	return p;
}

struct peer *peers_await(struct verify *v, struct image *im, uint64_t instance)
{
	struct peer *p = awaited(v, instance);

	if (p || !(p = add_peer(v)))
		return p;
	p->instance = instance;
	p->awaited_by = im;
	im->refs++;
	return p;
}

/* While the process waits for the welcome, so that its next call is seen with its claim. */
static void hello(void *arg, const struct ingest_peer *peer)
{
	struct verify *v = arg;
	const struct sigshim_hello *h = peer->hello;
	struct trace_process watch = {
		.listed = 1, .has_claim = h->text_start != 0, .claim = h->claim,
		.shim_start = h->text_start, .shim_end = h->text_end,
	};
	struct peer *p = peer_of(v, peer->id);

	/* A forked child is watched since the fork, and may be gone. */
	if (peer->host_pid > 0 && h->ppid == 0)
		tracer_watch(v->tracer, (uint32_t)peer->host_pid, &watch);
	if (!p) {
		p = new_peer(v, peer);
		if (!p)
			return;
	}
	p->instance = h->instance;
	p->process = peer->process;
}

static void record(void *arg, const struct ingest_peer *peer, const struct event *ev, int64_t thread)
{
	struct verify *v = arg;
	struct peer *p = peer_of(v, peer->id);
	struct record *r;

	if (!p || budget_grow(&v->budget, (void **)&v->records, &v->records_size, v->nrecords + 1,
			      sizeof(*v->records)) < 0)
		return;
	p->process = peer->process;
	r = &v->records[v->nrecords++];
	r->peer = p;
	r->thread = thread;
	memcpy(&r->ev, ev, offsetof(struct event, pc));
	for (unsigned int i = 0; i < ev->desc->nargs; i++)
		if (ev->copied & 1u << i)
			memcpy(r->copies.bytes[i], ev->copy[i], sigshim_kind_copy(ev->desc->args[i].kind));
}

static void end(void *arg, const struct ingest_peer *peer)
{
	struct peer *p = peer_of(arg, peer->id);

	if (p)
		p->ended = true;
}

void peers_records(struct verify *v)
{
	for (size_t i = 0; i < v->nrecords; i++) {
		struct record *r = &v->records[i];

		/* The array may have moved since. */
		for (unsigned int k = 0; k < SIGSHIM_MAX_ARGS; k++)
			r->ev.copy[k] = r->copies.bytes[k];
		pair_record(v, r);
	}
	v->nrecords = 0;
}

/* Its image is gone for long enough for whatever it wrote to have been read. */
static bool is_given_up(const struct peer *p, uint64_t now)
{
	return p->awaited_by && p->awaited_by->until_ns && now - p->awaited_by->until_ns > AWAIT_NS;
}

void peers_bury(struct verify *v)
{
	uint64_t now = sink_now();
	struct peer *next;

	for (struct peer *p = v->peers; p; p = next) {
		next = p->next;
		if (!p->ended && !is_given_up(p, now))
			continue;
		pair_rest(v, p);
		if (p->image)
			continue;
		if (p->awaited_by)
			image_unref(p->awaited_by);
		*(p->prev ? &p->prev->next : &v->peers) = p->next;
		if (p->next)
			p->next->prev = p->prev;
		free(p->threads);
		free(p);
	}
}

void peers_observe(struct verify *v)
{
	const struct ingest_observer observer = { hello, record, end, v };

	ingest_observe(v->in, &observer);
}
