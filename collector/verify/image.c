/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Program images as the kernel tells of them: forked, executed, ended; and
 * their rows in the log. See state.h. main-only.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../ingest/proc.h"
#include "../symbols/unwind.h"
#include "state.h"

#define HELLO_SLACK_NS 1000000000ull	/* a session may be heard of before its exec is */

struct image *image_there(const struct verify *v, uint32_t tgid)
{
	int64_t at = 0;

	map_get(&v->by_tgid, tgid, &at);
	return (struct image *)(intptr_t)at;
}

static struct image *add_image(struct verify *v, uint32_t tgid, uint64_t since)
{
	struct image *im = calloc(1, sizeof(*im));

	if (!im)
		return NULL;
	if (map_set(&v->by_tgid, &v->budget, tgid, (int64_t)(intptr_t)im) < 0) {
		free(im);
		return NULL;
	}
	*im = (struct image){ .tgid = tgid, .since_ns = since, .refs = 1, .held_end = &im->held };
	im->next = v->images;
	if (im->next)
		im->next->prev = im;
	v->images = im;
	v->live++;
	return im;
}

struct image *image_of(struct verify *v, uint32_t tgid, uint64_t now)
{
	struct image *im = image_there(v, tgid);

	return im ? im : add_image(v, tgid, now);
}

struct kthread *image_thread(struct image *im, uint32_t tid)
{
	struct kthread *t;

	for (t = im->threads; t && t->tid != tid; t = t->next)
		;
	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	*t = (struct kthread){ .tid = tid, .next = im->threads };
	im->threads = t;
	return t;
}

/* --- lives ---------------------------------------------------------------- */

static void end_image(struct verify *v, struct image *im, uint64_t now)
{
	im->until_ns = now;
	map_set(&v->by_tgid, &v->budget, im->tgid, 0);
	v->live--;
}

static void forked(struct verify *v, const struct trace_life *life)
{
	bool ours = life->parent == (uint32_t)getpid();
	struct image *parent = ours ? NULL : image_of(v, life->parent, life->h.start_ns), *im;

	im = image_there(v, life->h.tgid);
	if (im)
		end_image(v, im, life->h.start_ns);
	im = add_image(v, life->h.tgid, life->h.start_ns);
	if (im)
		im->ours = ours;
	if (!im || !parent)
		return;
	im->parent = parent;
	parent->refs++;
	im->ns_tgid = life->ns_tgid;
	im->evidence = parent->evidence;
	memcpy(im->name, parent->name, sizeof(im->name));
}

static void executed(struct verify *v, const struct trace_life *life)
{
	struct image *old = image_there(v, life->h.tgid), *im;

	if (old)
		end_image(v, old, life->h.start_ns);
	im = add_image(v, life->h.tgid, life->h.start_ns);
	if (!im)
		return;
	im->ns_tgid = life->ns_tgid;
	im->executed = true;
	memcpy(im->name, life->name, sizeof(im->name));
}

void image_life(struct verify *v, const struct trace_life *life)
{
	struct image *im;

	switch (life->h.type) {
	case TRACE_FORK:
		forked(v, life);
		break;
	case TRACE_EXEC:
		executed(v, life);
		break;
	case TRACE_EXIT:
		im = image_there(v, life->h.tgid);
		if (!im)
			break;
		im->killed = life->status & 0x7f;
		end_image(v, im, life->h.start_ns);
		break;
	}
}

/* --- the session ------------------------------------------------------------- */

struct peer *image_peer(struct verify *v, struct image *im)
{
	uint64_t from = im->since_ns, to = im->until_ns ? im->until_ns : UINT64_MAX;

	if (im->peer)
		return im->peer;
	/* What was there before the watch began may have said hello before. */
	if (!im->executed && !im->parent)
		from = 0;
	for (struct peer *p = v->peers; p; p = p->next) {
		if (p->id == 0 || p->host_pid != (int)im->tgid || p->image || p->since_ns < from || p->since_ns > to)
			continue;
		/* A child without a connection has its pid from what it says. */
		if (p->forked_by && (!im->parent || im->parent->tgid != (uint32_t)p->forked_by))
			continue;
		p->image = im;
		im->peer = p;
		return p;
	}
	return NULL;
}

/* --- rows ------------------------------------------------------------------------ */

int64_t image_row(struct verify *v, struct image *im)
{
	struct peer *p = image_peer(v, im);
	struct process_info info = {
		.run = v->run, .pid = (int)(im->ns_tgid ? im->ns_tgid : im->tgid), .host_pid = (int)im->tgid,
		.started_ns = im->since_ns, .comm = *im->name ? im->name : NULL,
	};
	struct proc_info proc = { 0 };

	if (p && p->process)
		return p->process;
	if (im->row)
		return im->row;
	if (!im->until_ns) {
		proc_read((int)im->tgid, &proc);
		info.ppid = proc.ppid;
		info.comm = *proc.comm ? proc.comm : info.comm;
		info.exe = *proc.exe ? proc.exe : NULL;
		info.cmdline = *proc.cmdline ? proc.cmdline : NULL;
		info.container = *proc.container ? proc.container : NULL;
	}
	info.parent = im->parent ? im->parent->peer ? im->parent->peer->process : im->parent->row : 0;
	if (sink_process(v->sink, &info, &im->row) < 0)
		return 0;
	im->own_row = true;
	return im->row;
}

int64_t image_thread_row(struct verify *v, struct image *im, struct kthread *t, const struct trace_claim *claim)
{
	struct peer *p = image_peer(v, im);
	int64_t row = p && claim->instance == p->instance ? pair_thread_row(p, claim->thread) : 0;
	struct thread_info info = { .tid = (int)(t->ns_tid ? t->ns_tid : t->tid), .host_tid = (int)t->tid };

	if (!t->row)
		t->row = row;
	if (t->row)
		return t->row;
	info.process = image_row(v, im);
	if (info.process && sink_thread(v->sink, &info, &t->row) < 0)
		t->row = 0;
	return t->row;
}

/* --- the end ----------------------------------------------------------------------- */

void image_unref(struct image *im)
{
	struct kthread *t;
	struct held *h;

	if (--im->refs > 0)
		return;
	if (im->parent)
		image_unref(im->parent);
	while ((t = im->threads)) {
		im->threads = t->next;
		free(t);
	}
	while ((h = im->held)) {
		im->held = h->next;
		free(h);
	}
	place_free(im);
	unwind_close(im->unwinder);
	free(im);
}

static void retire_image(struct verify *v, struct image *im)
{
	classify_image(v, im, true);
	certificate_image(v, im);
	if (im->own_row)
		sink_process_end(v->sink, im->row, im->until_ns ? "exit" : "open", 0);
	if (im->peer)
		im->peer->image = NULL;
	if (im->prev)
		im->prev->next = im->next;
	else
		v->images = im->next;
	if (im->next)
		im->next->prev = im->prev;
	if (!im->until_ns)
		end_image(v, im, sink_now());
	image_unref(im);
}

/* A peer speaks of its children on its memory too: wait for the end of the session they use. */
static bool is_settled(const struct image *im, uint64_t now)
{
	const struct image *of = im;

	if (!im->until_ns || im->waiting > 0)
		return false;
	while (!of->peer && of->parent)
		of = of->parent;
	if (of->peer)
		return of == im ? of->peer->settled : now - im->until_ns > HELLO_SLACK_NS;
	return now - im->until_ns > HELLO_SLACK_NS;
}

void image_sweep(struct verify *v, bool all)
{
	uint64_t now = sink_now();
	struct image *next;

	for (struct image *im = v->images; im; im = next) {
		next = im->next;
		image_peer(v, im);
		if (all || is_settled(im, now))
			retire_image(v, im);
	}
}
