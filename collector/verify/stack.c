/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * User stacks of unclaimed calls: the kernel's copies, walked with the files
 * that the process has mapped. See state.h. main-only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../symbols/unwind.h"
#include "state.h"

/* All mapped code as files of the image, and for the unwinder. */
static void add_files(struct verify *v, struct image *im)
{
	char name[SIGSHIM_MAX_PATH + 64];

	place_all(v, im);
	for (struct file *f = im->files; f; f = f->next) {
		if (f->unwindable || !f->path || *f->path != '/')
			continue;
		f->unwindable = true;
		snprintf(name, sizeof(name), "/proc/%u/root%s", im->tgid, f->path);
		if (unwind_add(im->unwinder, name, f->bias) < 0)
			unwind_add(im->unwinder, f->path, f->bias);
	}
}

/* A child has its parent's files, and may be gone too soon to be asked. */
static struct unwinder *unwinder_of(struct verify *v, struct image *im, uint64_t pc)
{
	if (im->unwinder && place_find(v, im, pc, NULL))
		return im->unwinder;
	if (im->until_ns)
		return im->unwinder ? im->unwinder : im->parent ? unwinder_of(v, im->parent, pc) : NULL;
	if (!im->unwinder && unwind_open(&im->unwinder) < 0)
		return NULL;
	add_files(v, im);
	return im->unwinder;
}

static void fill_state(struct unwind_state *state, const struct trace_stack *s)
{
	const uint64_t reg[UNWIND_REGISTERS] = {
		s->ax, s->dx, s->cx, s->bx, s->si, s->di, s->bp, s->sp, s->r8, s->r9, s->r10, s->r11,
		s->r12, s->r13, s->r14, s->r15, s->ip,
	};

	memcpy(state->reg, reg, sizeof(reg));
	state->stack = s->bytes;
	state->size = s->size <= sizeof(s->bytes) ? s->size : 0;
}

struct held *stack_walk(struct verify *v, const struct held *h, struct image *im, const struct trace_stack *s)
{
	struct unwinder *u = unwinder_of(v, im, s->ip);
	uint64_t pc[SIGSHIM_MAX_FRAMES];
	struct unwind_state state;
	struct held *more;
	bool complete = false;
	unsigned int n = 0;

	if (!u)
		return NULL;
	fill_state(&state, s);
	n = unwind_walk(u, &state, pc, SIGSHIM_MAX_FRAMES, &complete);
	more = malloc(sizeof(*more) + n * sizeof(pc[0]));
	if (!more)
		return NULL;
	*more = *h;
	more->npcs = n;
	more->complete = complete;
	memcpy(more->pc, pc, n * sizeof(pc[0]));
	return more;
}

/* --- of claimed calls ------------------------------------------------------- */

static size_t slot_of(const struct trace_head *h)
{
	return (h->tid * 31u + h->serial) % KEPT_STACKS;
}

void stack_keep(struct verify *v, struct image *im, const struct trace_stack *s)
{
	const struct held h = { .call.h = s->h, .other = s->other };
	struct held *walked = stack_walk(v, &h, im, s);

	if (!walked)
		return;
	free(v->kept[slot_of(&s->h)]);
	v->kept[slot_of(&s->h)] = walked;
}

const struct held *stack_kept(const struct verify *v, const struct trace_call *call)
{
	const struct held *h = v->kept[slot_of(&call->h)];

	return h && h->call.h.tid == call->h.tid && h->call.h.serial == call->h.serial &&
		h->call.h.start_ns == call->h.start_ns ? h : NULL;
}

void stack_drop_all(struct verify *v)
{
	for (size_t i = 0; i < KEPT_STACKS; i++)
		free(v->kept[i]);
}
