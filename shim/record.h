/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records on their way; see record.c. AS-safe, MT-safe.
 */
#ifndef SHIM_RECORD_H
#define SHIM_RECORD_H

#include "ring.h"

/*
 * Records a call that is all filled in but for its stack. `words` has room for
 * FRAME_WORDS and as many addresses as a walk may give.
 */
void record_call(struct call *c, uint64_t *words, bool tight);

/* What every record begins with, but for its size and its stack. */
static inline void record_begin(struct sigshim_event *f, const struct call *c)
{
	*f = (struct sigshim_event){
		.h = { .type = SIGSHIM_FRAME_EVENT, .fixed = sizeof(*f) },
		.event = c->ev->id, .nargs = c->ev->nargs, .copied = (uint8_t)c->copied,
		.flags = (uint8_t)(c->flags | (c->start.ticks ? SIGSHIM_EVF_TICKS : 0)),
		.tid = c->t->tid, .thread = c->t->ordinal,
		.pid = c->t->pid, .error = c->error, .seq = c->seq, .start_ns = c->start.at,
		.duration_ns = c->end.at - c->start.at, .ret = c->ret,
		.mask_before = c->before, .mask_requested = c->requested, .mask_after = c->after,
		.caller = c->from.pc,
	};
}

/* Where the wrapper with this frame was called. */
static inline struct memo_key frame_key(const struct frame *frame)
{
	return (struct memo_key){ frame->ret, (uintptr_t)(frame + 1), frame->fp };
}

/* A new call: all but the copies, which are written before they are read. */
static inline void call_begin(struct call *c, const struct shim_event *ev, const long *arg, struct thread *t,
			      struct memo_key from)
{
	c->ev = ev;
	c->arg = arg;
	c->t = t;
	c->from = from;
	c->flags = c->copied = 0;
	c->before = c->requested = c->after = 0;
}

#endif
