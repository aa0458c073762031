/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events that are recorded as they begin, because the call may not return:
 * jumps that restore a mask, exec, exit. jump_entry.S comes here with the
 * arguments and goes on to the real function, or to what takes its place
 * (jump.c). And notes of what is no call at all: threads that begin and end
 * (life.c). AS-safe, MT-safe.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "clock.h"
#include "copy.h"
#include "history.h"
#include "jump.h"
#include "mask.h"
#include "memo.h"
#include "record.h"
#include "sys.h"

#include "banned.h"

/* The argument that says where a jump goes; nargs for none. */
static unsigned int target_of(const struct shim_event *ev)
{
	unsigned int i = 0;

	while (i < ev->nargs && ev->kind[i] != SIGSHIM_KIND_JMPBUF && ev->kind[i] != SIGSHIM_KIND_UCONTEXT)
		i++;
	return i;
}

/*
 * False for a jump that restores no mask: it is no event. Asked before all
 * else, since most are of this kind.
 */
static bool is_event(const struct shim_event *ev, const long *arg)
{
	unsigned int i;

	if (ev->effect != SIGSHIM_EFFECT_JUMP)
		return true;
	i = target_of(ev);
	return i < ev->nargs && (ev->kind[i] != SIGSHIM_KIND_JMPBUF ||
				 ((const struct __jmp_buf_tag *)arg[i])->__mask_was_saved);
}

/*
 * What a jump leaves as the mask. A jmp_buf has been looked into already, as
 * the jump itself does; a context that is nowhere is an error to libc.
 */
static void take_mask(struct call *c)
{
	unsigned int i = target_of(c->ev);

	if (c->ev->effect != SIGSHIM_EFFECT_JUMP ||
	    !copy_argument(c->ev->kind[i], c->copy[i], (uintptr_t)c->arg[i], c->ev->kind[i] == SIGSHIM_KIND_JMPBUF))
		return;
	c->copied |= 1u << i;
	memcpy(&c->requested, c->copy[i], sizeof(c->requested));
	c->after = c->requested & ~UNBLOCKABLE;
	c->flags |= SIGSHIM_EVF_REQUESTED;
}

/* A note's text: the program's word that it is one. What follows it must not travel. */
static void take_text(struct call *c)
{
	for (unsigned int i = 0; i < c->ev->nargs; i++) {
		const char *text = (const char *)c->arg[i];
		unsigned int n = 0;

		if (c->ev->kind[i] != SIGSHIM_KIND_TEXT || !text)
			continue;
		while (n < SIGSHIM_COPY_TEXT - 1 && text[n])
			n++;
		memset(c->copy[i], 0, SIGSHIM_COPY_TEXT);
		memcpy(c->copy[i], text, n);
		c->copied |= 1u << i;
	}
}

/* `restore`: the mask is set here, which tells what it was, and not by the jump. */
static void announce(struct call *c, uint64_t *words, bool tight, bool restore)
{
	c->ret = c->error = 0;
	take_mask(c);
	take_text(c);
	c->seq = thread_count(c->t);
	c->start = c->end = moment_now(shim_process);
	if (restore)
		sys(SYS_rt_sigprocmask, SIG_SETMASK, &c->requested, &c->before, sizeof(c->before));
	else
		c->before = sys_mask();
	if (!(c->flags & SIGSHIM_EVF_REQUESTED))
		c->after = c->before;
	c->flags |= SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER;
	record_call(c, words, tight);
}

/* What to go on with; NULL for the real function. */
static __attribute__((noinline)) shim_function *announce_roomy(const struct shim_event *ev, const long *arg,
							       struct memo_key from, struct thread *t)
{
	shim_function *unmasked = jump_unmasked(ev->id);
	struct call c;
	uint64_t words[FRAME_WORDS + shim_config.depth + STACK_SKIP];

	call_begin(&c, ev, arg, t, from);
	announce(&c, words, false, unmasked);
	return unmasked;
}

static __attribute__((noinline)) void announce_tight(const struct shim_event *ev, const long *arg,
						     struct memo_key from, struct thread *t)
{
	struct scratch *s = scratch_take(shim_process, t->tid, (uintptr_t)__builtin_frame_address(0));

	if (!s) {
		process_lost();
		return;
	}
	call_begin(&s->call, ev, arg, t, from);
	announce(&s->call, s->words, true, false);
	scratch_give(s);
}

/*
 * A note needs no walk, and so little of the stack that a thread whose stack
 * is small is not made to pay for it.
 */
#define NOTE_ROOM (6 * 1024)

static bool note_has_room(const struct thread *t, uintptr_t sp)
{
	uint64_t word;

	if (sp - t->alt_low < t->alt_high - t->alt_low)
		return sp - t->alt_low >= NOTE_ROOM;
	return shim_config.blind || (copy_checked(&word, (sp - NOTE_ROOM) & ~7ul, sizeof(word)) &&
				     copy_checked(&word, (sp - NOTE_ROOM / 2) & ~7ul, sizeof(word)));
}

static __attribute__((noinline)) void note_roomy(const struct shim_event *ev, const long *arg,
						 struct memo_key from, struct thread *t)
{
	struct call c;
	uint64_t words[FRAME_WORDS + 1];

	call_begin(&c, ev, arg, t, from);
	announce(&c, words, false, false);
}

static void note_here(const struct shim_event *ev, const long *arg, struct memo_key from)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	struct thread *t = thread_self();

	if (likely(note_has_room(t, sp)))
		note_roomy(ev, arg, from, t);
	else if (!stack_is_full(t, sp))
		announce_tight(ev, arg, from, t);
	else
		process_lost();
	if (ev->id == SIGSHIM_EV_thread_end) {
		memo_release(t);
		history_release(t);
	}
}

void shim_note(unsigned int id, const long arg[static SIGSHIM_MAX_ARGS], uintptr_t caller)
{
	const struct memo_key from = { .pc = caller };
	int saved = errno;

	if (!shim_config.event[id])
		return;
	if (process_ready())
		note_here(&shim_events[id], arg, from);
	else
		process_lost();
	errno = saved;
}

static shim_function *announce_here(const struct shim_event *ev, const long *arg, const struct frame *frame)
{
	const struct memo_key from = frame_key(frame);
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	struct thread *t = thread_self();
	shim_function *own = jump_switch(ev->id);

	if (likely(!stack_is_tight(t, sp)))
		return own ? own : announce_roomy(ev, arg, from, t);
	if (!stack_is_full(t, sp))
		announce_tight(ev, arg, from, t);
	else
		process_lost();
	return NULL;
}

void *shim_announce(unsigned int id, const long arg[static SIGSHIM_MAX_ARGS], const struct frame *frame)
{
	shim_function *next = NULL;
	int saved = errno;

	/* It may leave the call that a handler interrupted. */
	if (shim_events[id].effect == SIGSHIM_EFFECT_JUMP)
		shim_thread.claim.call = 0;
	if (unlikely(!shim_real_syscall))
		real_resolve();
	if (is_event(&shim_events[id], arg)) {
		if (unlikely(!process_ready()))
			process_lost();
		else if (shim_config.event[id])
			next = announce_here(&shim_events[id], arg, frame);
	}
	/* No destructor follows. */
	if ((id == SIGSHIM_EV__exit || id == SIGSHIM_EV__Exit) && !shim_sandboxed)
		process_bye();
	if (!next)
		next = likely(shim_real[id]) ? shim_real[id] : real_late(&shim_events[id]);
	errno = saved;
	return (void *)next;
}
