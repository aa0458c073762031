/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier's turns: takes what the kernel's program sent, then what peers
 * recorded, decides, and certifies. See verify.h. main-only.
 */
#include "verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../ingest/ingest.h"
#include "state.h"

#define MEMORY (512ull << 20)
#define TAKE_EVERY 256		/* unclaimed calls between two looks into the kernel's buffer */
#define MAX_FRESH 500000	/* of them in memory; then the kernel drops and counts */

int verify_try(const char **ret_why)
{
	const struct tracer_options options = { .scope = TRACE_LISTED };
	const struct tracer_sink nobody = { 0 };
	struct tracer *t;
	int r = tracer_open(&options, &nobody, &t, ret_why);

	if (r == 0)
		tracer_close(t);
	return r;
}

/* --- from the kernel ------------------------------------------------------------- */

static uint64_t key_of(const struct trace_head *h)
{
	return h->start_ns ^ (uint64_t)h->tid << 40;
}

/* Until the stacks have been taken too, which come in the same order on each CPU. */
static void hold(struct verify *v, struct image *im, struct kthread *t, const struct trace_call *call)
{
	struct held *h = calloc(1, sizeof(*h) + sizeof(h->pc[0]));
	size_t size = call->flags & TRACE_PLACE ? sizeof(*call) : offsetof(struct trace_call, place);

	if (!h || budget_grow(&v->budget, (void **)&v->fresh, &v->fresh_size, v->nfresh + 1,
			      sizeof(*v->fresh)) < 0) {
		t->count[COUNT_LOST]++;
		t->why = "no memory";
		free(h);
		return;
	}
	h->image = im;
	h->thread = t;
	memcpy(&h->call, call, size);
	h->npcs = 1;
	h->pc[0] = call->ip;
	if (call->flags & TRACE_PLACE) {
		t->ns_tid = call->place.ns_tid;
		im->ns_tgid = call->place.ns_tgid;
	}
	im->refs++;
	im->waiting++;
	map_set(&v->fresh_at, &v->budget, key_of(&call->h), (int64_t)v->nfresh);
	v->fresh[v->nfresh++] = h;
}

static void take_call(void *arg, const struct trace_call *call)
{
	struct verify *v = arg;
	struct image *im = image_of(v, call->h.tgid, call->h.start_ns);
	struct kthread *t = im ? image_thread(im, call->h.tid) : NULL;

	if (!t) {
		v->lost[TRACE_LOST_TASKS]++;
		return;
	}
	if (im->ours)
		return;
	if (call->flags & TRACE_SHIM) {
		im->evidence = true;
		t->count[COUNT_SHIM]++;
	} else if (!(call->flags & TRACE_CLAIMED)) {
		hold(v, im, t, call);
	} else if (call->claim.call == SIGSHIM_CLAIM_UNSELECTED) {
		t->count[COUNT_WRAPPED]++;
		t->count[COUNT_UNSELECTED]++;
	} else if (call->claim.call == SIGSHIM_CLAIM_LOST) {
		classify_lost(v, im, t, call, "the shim could not record it");
	} else {
		pair_claimed(v, im, t, call);
	}
}

static void take_signal(void *arg, const struct trace_signal *signal)
{
	struct verify *v = arg;
	struct image *im = image_of(v, signal->h.tgid, signal->h.start_ns);
	struct kthread *t = im ? image_thread(im, signal->h.tid) : NULL;

	if (t)
		t->signal = *signal;
}

static void take_life(void *arg, const struct trace_life *life)
{
	image_life(arg, life);
}

/* The call that a stack belongs to. */
static struct held **fresh_of(struct verify *v, const struct trace_stack *stack)
{
	int64_t at;

	if (!map_get(&v->fresh_at, key_of(&stack->h), &at) || (size_t)at < v->next_fresh || (size_t)at >= v->nfresh)
		return NULL;
	return &v->fresh[at];
}

static void take_stack(void *arg, const struct trace_stack *stack)
{
	struct verify *v = arg;
	struct held **h = fresh_of(v, stack), *more;
	struct image *im;

	if (!h && (im = image_there(v, stack->h.tgid)))
		stack_keep(v, im, stack);
	more = h ? stack_walk(v, *h, (*h)->image, stack) : NULL;
	if (!more)
		return;
	free(*h);
	*h = more;
}

/*
 * Those that have come so far, while others come: writing to the log takes
 * longer than the kernel's buffer may have to wait.
 */
static void classify_fresh(struct verify *v)
{
	size_t until = v->nfresh;

	for (; v->next_fresh < until; v->next_fresh++) {
		struct held *h;

		if (v->next_fresh % TAKE_EVERY == 0 && v->nfresh - v->next_fresh < MAX_FRESH)
			tracer_take(v->tracer);
		h = v->fresh[v->next_fresh];
		h->image->refs--;
		h->image->waiting--;
		classify_hold(v, h->image, h);
	}
	if (v->next_fresh < v->nfresh)
		return;
	v->nfresh = v->next_fresh = 0;
	map_free(&v->fresh_at, &v->budget);
}

/* --- turns --------------------------------------------------------------------------- */

void verify_round(struct verify *v)
{
	tracer_take(v->tracer);
	classify_fresh(v);
	for (struct image *im = v->images; im; im = im->next)
		classify_image(v, im, false);
	peers_records(v);
	image_sweep(v, false);
	peers_bury(v);
}

static void note_overflow(struct verify *v)
{
	uint64_t here = v->lost[TRACE_LOST_TASKS];

	tracer_lost(v->tracer, v->lost);
	v->lost[TRACE_LOST_TASKS] += here;
	snprintf(v->overflow, sizeof(v->overflow), "%" PRIu64 " calls, %" PRIu64 " processes and %" PRIu64
		 " threads did not fit into the kernel's buffers", v->lost[TRACE_LOST_CALLS],
		 v->lost[TRACE_LOST_LIVES], v->lost[TRACE_LOST_TASKS]);
}

void verify_finish(struct verify *v)
{
	do {
		tracer_take(v->tracer);
		classify_fresh(v);
	} while (v->nfresh > 0);
	note_overflow(v);
	peers_records(v);
	for (struct peer *p = v->peers; p; p = p->next)
		pair_rest(v, p);
	image_sweep(v, true);
	certificate_run(v);
	sink_flush(v->sink, true);
}

const struct certificate *verify_result(const struct verify *v)
{
	return &v->total;
}

int verify_watch(struct verify *v, int host_pid)
{
	struct trace_process watch = { .listed = 1 };

	return tracer_watch(v->tracer, (uint32_t)host_pid, &watch);
}

void verify_starting(struct verify *v, bool starting)
{
	if (starting)
		verify_watch(v, getpid());
	else
		tracer_unwatch(v->tracer, (uint32_t)getpid());
}

int verify_fd(const struct verify *v)
{
	return tracer_fd(v->tracer);
}

unsigned int verify_live(const struct verify *v)
{
	return v->live;
}

int verify_open(const struct verify_options *opt, struct verify **ret, const char **ret_why)
{
	static const enum trace_scope scopes[] = { TRACE_LISTED, TRACE_CGROUP, TRACE_ALL };
	struct verify *v = calloc(1, sizeof(*v));
	struct tracer_options options = { .scope = scopes[opt->scope], .cgroup = opt->cgroup };
	struct tracer_sink sink = { take_call, take_signal, take_life, take_stack, v };
	int r;

	*ret_why = "there is not enough memory";
	if (!v)
		return -ENOMEM;
	*v = (struct verify){
		.in = opt->in, .sink = ingest_sink(opt->in), .run = opt->run, .alone = opt->alone,
		.budget.max = MEMORY,
	};
	r = tracer_open(&options, &sink, &v->tracer, ret_why);
	if (r < 0) {
		free(v);
		return r;
	}
	if (symbols_open(NULL, &v->symbols) < 0)
		v->symbols = NULL;
	peers_observe(v);
	*ret = v;
	return 0;
}

void verify_close(struct verify *v)
{
	const struct ingest_observer nobody = { 0 };
	struct known_path *k;

	if (!v)
		return;
	ingest_observe(v->in, &nobody);
	tracer_close(v->tracer);
	for (struct peer *p = v->peers; p; p = p->next)
		p->ended = true;
	peers_bury(v);
	image_sweep(v, true);
	peers_bury(v);
	symbols_close(v->symbols);
	while ((k = v->paths)) {
		v->paths = k->next;
		free(k);
	}
	map_free(&v->by_tgid, &v->budget);
	stack_drop_all(v);
	free(v->records);
	free(v->fresh);
	free(v);
}
