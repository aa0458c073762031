/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The origin of each call that no wrapper claims, from where it was made and
 * whether its process has the shim; and its event in the log. See state.h.
 * main-only.
 */
#include <stdlib.h>
#include <string.h>

#include "../ingest/decode.h"
#include "state.h"

#define HELD_MAX 4096	/* calls of one image, before it is called unshimmed */

static const enum certificate_count count_of[ORIGIN_END] = {
	[ORIGIN_WRAPPED] = COUNT_WRAPPED, [ORIGIN_SHIM] = COUNT_SHIM, [ORIGIN_LIBC] = COUNT_LIBC,
	[ORIGIN_SYSCALL] = COUNT_SYSCALL, [ORIGIN_INLINE] = COUNT_INLINE,
	[ORIGIN_UNSHIMMED] = COUNT_UNSHIMMED, [ORIGIN_LOST] = COUNT_LOST,
};

/* --- the event ----------------------------------------------------------------- */

static int64_t module_row(struct verify *v, struct image *im, struct file *f)
{
	struct module m = { .start = f->start, .end = f->end, .bias = f->bias, .now_ns = im->since_ns };
	int64_t process = image_row(v, im);

	if (f->module || !f->path || !process)
		return f->module;
	memcpy(m.build_id, f->build_id, sizeof(m.build_id));
	if (sink_mapping(v->sink, process, &m, f->path, &f->module) < 0)
		f->module = 0;
	return f->module;
}

int64_t classify_stack(struct verify *v, struct image *im, const struct held *h)
{
	struct stack_frame frames[SIGSHIM_MAX_FRAMES];
	enum sigshim_stack_end end = h->complete ? SIGSHIM_STACK_COMPLETE :
		h->npcs > 1 ? SIGSHIM_STACK_BROKEN : SIGSHIM_STACK_CALLER_ONLY;
	unsigned int n = 0;
	int64_t row = 0;

	for (unsigned int i = 0; i < h->npcs && n < SIGSHIM_MAX_FRAMES; i++) {
		bool told = i == 0 && h->call.flags & TRACE_PLACE;
		struct file *f = place_find(v, im, h->pc[i], told ? &h->call.place : NULL);

		/* A handler that interrupted a wrapper: its frames are not the program's. */
		if (f && f->kind == FILE_SHIM && i > 0)
			continue;
		frames[n].module = f ? module_row(v, im, f) : 0;
		frames[n].offset = frames[n].module ? h->pc[i] - f->bias : h->pc[i];
		n++;
	}
	return sink_stack(v->sink, frames, n, end, &row) < 0 ? 0 : row;
}

static void write_event(struct verify *v, struct image *im, const struct held *h, enum origin origin)
{
	struct spec_copies room;
	struct occurrence o;
	struct event ev;

	/* rt_sigreturn is no event: it is counted. */
	if (!spec_decode(&h->call, &room, &ev))
		return;
	ev.origin = origin;
	ev.pid = (int32_t)(im->ns_tgid ? im->ns_tgid : im->tgid);
	o = (struct occurrence){
		.thread = image_thread_row(v, im, h->thread, &h->call.claim),
		.ts_ns = ev.start_ns, .duration_ns = ev.duration_ns,
	};
	sink_call(v->sink, &ev, classify_stack(v, im, h), &o.call);
	sink_event(v->sink, &o);
}

static void settle(struct verify *v, struct image *im, const struct held *h, enum origin origin)
{
	h->thread->count[count_of[origin]]++;
	if (origin == ORIGIN_LOST && !h->thread->why)
		h->thread->why = "the shim was loaded and not heard of";
	if (origin != ORIGIN_SHIM)
		write_event(v, im, h, origin);
}

/* --- the origin -------------------------------------------------------------------- */

static enum origin origin_of(struct verify *v, struct image *im, const struct held *h)
{
	struct file *f = place_find(v, im, h->call.ip, h->call.flags & TRACE_PLACE ? &h->call.place : NULL);

	if (h->call.flags & TRACE_SHIM || (f && f->kind == FILE_SHIM))
		return ORIGIN_SHIM;
	if (!im->shimmed && !v->alone)
		return ORIGIN_UNSHIMMED;
	if (!f || f->kind != FILE_LIBC || h->call.flags & TRACE_COMPAT)
		return ORIGIN_INLINE;
	if (place_is_syscall(v, f, h->call.ip))
		return ORIGIN_SYSCALL;
	if (v->alone && !im->evidence)
		return ORIGIN_UNSHIMMED;
	/* Claims are looked for once it has said hello; until then it can't be heard. */
	if (im->executed && !im->peer && im->evidence && !v->alone)
		return ORIGIN_LOST;
	return ORIGIN_LIBC;
}

void classify_image(struct verify *v, struct image *im, bool last)
{
	struct held *h;

	if (!im->decided) {
		bool parents = im->parent && im->parent->decided && im->parent->shimmed;

		im->shimmed = image_peer(v, im) != NULL || parents || im->evidence;
		im->decided = v->alone || im->peer || parents || last || im->nheld > HELD_MAX;
	}
	while (im->decided && (h = im->held)) {
		im->held = h->next;
		if (!im->held)
			im->held_end = &im->held;
		im->nheld--;
		settle(v, im, h, origin_of(v, im, h));
		free(h);
	}
}

void classify_hold(struct verify *v, struct image *im, struct held *h)
{
	const struct file *f = place_find(v, im, h->call.ip, h->call.flags & TRACE_PLACE ? &h->call.place : NULL);

	/* While the process is there its files can be looked at. */
	for (unsigned int i = 1; i < h->npcs; i++)
		place_find(v, im, h->pc[i], NULL);
	if (f && f->kind == FILE_SHIM)
		im->evidence = true;
	h->next = NULL;
	*im->held_end = h;
	im->held_end = &h->next;
	im->nheld++;
	if (im->decided)
		classify_image(v, im, false);
}

static void write_claimed(struct verify *v, struct image *im, struct kthread *t, const struct trace_call *call,
			  enum origin origin)
{
	struct held *h = calloc(1, sizeof(*h) + sizeof(h->pc[0]));

	if (!h)
		return;
	h->thread = t;
	memcpy(&h->call, call, offsetof(struct trace_call, place));
	h->call.flags &= (u8)~TRACE_PLACE;
	h->npcs = 1;
	h->pc[0] = call->ip;
	h->call.place.ns_tid = t->ns_tid;
	write_event(v, im, h, origin);
	free(h);
}

void classify_lost(struct verify *v, struct image *im, struct kthread *t, const struct trace_call *call,
		   const char *why)
{
	t->count[COUNT_LOST]++;
	if (!t->why)
		t->why = why;
	write_claimed(v, im, t, call, ORIGIN_LOST);
}

void classify_fatal(struct verify *v, struct image *im, struct kthread *t, const struct trace_call *call)
{
	t->count[COUNT_WRAPPED]++;
	write_claimed(v, im, t, call, ORIGIN_WRAPPED);
}
