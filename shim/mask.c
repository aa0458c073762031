/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported wrappers of mask changes, the calls that programs make most:
 * when everything is as it nearly always is, they are recorded without a
 * detour; else call.c does it. One frame lies between the program and libc, and
 * nothing is looked at twice. AS-safe, MT-safe.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "claim.h"
#include "clock.h"
#include "history.h"
#include "mask.h"
#include "memo.h"
#include "record.h"

#include "banned.h"

/* No new thread or process, no sandbox, a collector with a ring, and room on the stack. */
static inline bool is_ordinary(const struct process *p, struct thread *t, uintptr_t sp)
{
	return likely(p && t->instance == p->instance && shim_wipes_on_fork && !shim_sandboxed &&
		      !shim_tls_shared && !t->in_vfork &&
		      __atomic_load_n(&p->link, __ATOMIC_RELAXED) == LINK_RING && p->ticks &&
		      !stack_is_tight(t, sp));
}

/* The record is straight in the ring. False: it has to be made in another way. */
static inline bool record_directly(struct process *p, const struct call *c)
{
	size_t size = sizeof(struct sigshim_event) + 3 * sizeof(long) +
		SIGSHIM_COPY_SIGSET * (unsigned int)__builtin_popcount(c->copied);
	struct memo_stack known;
	struct memo_miss miss;
	struct ring_place at;
	struct sigshim_event *f;
	char *to;

	if (unlikely(!ring_is_read(p, c->end) || !memo_find(c->t, &c->from, p->epoch, &known, &miss) ||
		     ring_take(p, size, &at) < 0))
		return false;
	f = at.frame;
	to = (char *)(f + 1);
	record_begin(f, c);
	f->h.size = (uint32_t)size;
	f->stack_id = known.id;
	f->stack_end = known.end;
	for (unsigned int i = 0; i < 3; i++, to += sizeof(long))
		memcpy(to, &c->arg[i], sizeof(long));
	for (unsigned int i = 1; i < 3; i++)
		if (c->copied & 1u << i) {
			memcpy(to, c->copy[i], SIGSHIM_COPY_SIGSET);
			to += SIGSHIM_COPY_SIGSET;
		}
	ring_commit(&at, size);
	c->t->mask = c->after;
	c->t->mask_known = 1;
	if (unlikely(c->t->history))
		history_add(c);
	return true;
}

/* All that is left when something was out of the ordinary. */
static __attribute__((noinline)) void finish(struct call *c, uintptr_t old)
{
	uint64_t words[FRAME_WORDS + shim_config.depth + STACK_SKIP];

	c->flags = c->copied = 0;
	c->before = c->requested = c->after = 0;
	call_made(c, words, old, false);
}

/*
 * True when the sets are there after the call as they were before: no handler
 * was let in, or they lie further out on this stack.
 */
static inline bool sets_stay(int how, uintptr_t set, uintptr_t old, uintptr_t sp)
{
	return !set || how == SIG_BLOCK || (set - sp < OUTER_FRAMES && old - sp < OUTER_FRAMES);
}

static inline __attribute__((always_inline)) long change_mask(unsigned int id, const long *arg,
							      const struct frame *frame)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0), set = (uintptr_t)arg[1], old = (uintptr_t)arg[2];
	struct process *p = shim_process;
	struct thread *t = &shim_thread;
	struct outer_claim outer;
	struct call c;
	int how = (int)arg[0];

	if (unlikely(!is_ordinary(p, t, sp) || !shim_config.event[id] || set - old + 7 < 15))
		return shim_call(id, arg, 0, frame);
	call_begin(&c, &shim_events[id], arg, t, frame_key(frame));
	if (!old)
		old = (uintptr_t)c.own;
	c.seq = thread_count(t);
	c.start = (struct moment){ read_ticks(), true };
	outer = claim_begin(t, c.seq);
	c.ret = (int)shim_real[id](how, (long)set, (long)old, 0, 0, 0);
	claim_end(outer);
	c.end = (struct moment){ read_ticks(), true };
	c.error = likely(c.ret == 0) ? 0 : c.ret == -1 ? errno : (int)c.ret;
	if (unlikely(c.ret != 0 || !process_goes_on() || !sets_stay(how, set, old, sp))) {
		finish(&c, old);
		return c.ret;
	}
	memcpy(c.copy[2], (const void *)old, SIGSHIM_COPY_SIGSET);
	memcpy(&c.before, c.copy[2], sizeof(c.before));
	c.after = c.before;
	c.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER;
	c.copied = arg[2] ? 1u << 2 : 0;
	if (set) {
		memcpy(c.copy[1], (const void *)set, SIGSHIM_COPY_SIGSET);
		memcpy(&c.requested, c.copy[1], sizeof(c.requested));
		c.after = mask_apply(how, c.before, c.requested);
		c.flags |= SIGSHIM_EVF_REQUESTED;
		c.copied |= 1u << 1;
	}
	if (unlikely(c.requested & LIBC_RESERVED) || unlikely(!record_directly(p, &c)))
		finish(&c, old);
	return c.ret;
}

#define UNPACK(...) __VA_ARGS__
#define WRAP_SYSCALL(id, ident, RET, PARAMS, RAW)
#define WRAP_LIBC(id, ident, RET, PARAMS, RAW)					\
	SHIM_API RET wrap_##ident PARAMS __asm__(#ident);			\
	SHIM_API RET wrap_##ident PARAMS					\
	{									\
		const long arg[SIGSHIM_MAX_ARGS] = { UNPACK RAW };		\
										\
		return (RET)change_mask(id, arg, __builtin_frame_address(0));	\
	}
#define OF_MASK(via, ...) WRAP_##via(__VA_ARGS__)
#define OF_NONE(via, ...)
#define OF_APART(via, ...)
#define OF_QUERY(via, ...)
#define OF_WHILE(via, ...)
#define OF_JUMP(via, ...)
#define SIGSHIM_EVENT(id, ident, name, via, sys, err, effect, RET, PARAMS, RAW, ARGS, DOC) \
	OF_##effect(via, id, ident, RET, PARAMS, RAW)
#include <sigshim/events.def>
