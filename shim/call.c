/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One intercepted call: made exactly as the program asked, then recorded. The
 * program's pointers are followed only when the kernel has accepted them, or
 * after asking it (copy.c). errno on return is what the call itself left.
 * AS-safe; a handler may interrupt it anywhere and make calls of its own.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "claim.h"
#include "clock.h"
#include "copy.h"
#include "mask.h"
#include "record.h"
#include "sys.h"
#include "transport.h"

#include "banned.h"

/* With `third` in the place of the third argument. */
static inline long call_real(const struct shim_event *ev, const long *a, long third, long nr)
{
	shim_function *real;
	long ret;

	if (ev->via == SIGSHIM_VIA_SYSCALL)
		return shim_real_syscall(nr, a[0], a[1], third, a[3], a[4], a[5]);
	real = likely(shim_real[ev->id]) ? shim_real[ev->id] : real_late(ev);
	ret = real(a[0], a[1], third, a[3], a[4], a[5]);
	return ev->ret_size == sizeof(int) ? (int)ret : ret;
}

/* The same, with the thread's claim to be in call `number` meanwhile. */
static inline __attribute__((always_inline)) long call_claimed(const struct thread *t, uint64_t number,
							       const struct shim_event *ev, const long *a,
							       long third, long nr)
{
	struct outer_claim outer = claim_begin(t, number);
	long ret = call_real(ev, a, third, nr);

	claim_end(outer);
	return ret;
}

/* The call alone, with errno as the program left it. */
static __attribute__((noinline)) long call_plain(const struct shim_event *ev, const long *a, long nr,
						 int entry_errno, uint64_t why)
{
	errno = entry_errno;
	return call_claimed(&shim_thread, why, ev, a, a[2], nr);
}

/* An argument that the call may overwrite has to be read before it. */
static inline bool overwritten(const struct call *c, unsigned int in)
{
	unsigned int n = sigshim_kind_copy(c->ev->kind[in]);

	for (unsigned int m = c->ev->out; m; m &= m - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(m);

		if (c->arg[i] && (uintptr_t)c->arg[i] - (uintptr_t)c->arg[in] + n <
		    n + sigshim_kind_copy(c->ev->kind[i]))
			return true;
	}
	return false;
}

static inline void copy_before(struct call *c)
{
	for (unsigned int m = c->ev->out ? c->ev->in : 0; m; m &= m - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(m);

		if (c->arg[i] && unlikely(overwritten(c, i)) &&
		    copy_argument(c->ev->kind[i], c->copy[i], (uintptr_t)c->arg[i], false))
			c->copied |= 1u << i;
	}
}

/*
 * True when what argument i points to is there for certain, once the kernel
 * has accepted it. A handler that the call itself let in may have given the
 * memory back; not, though, a frame further out on this stack, or static data.
 */
static inline bool still_there(const struct call *c, unsigned int i)
{
	bool lets_in = c->ev->effect == SIGSHIM_EFFECT_MASK ? c->arg[1] && (int)c->arg[0] != SIG_BLOCK :
		c->ev->effect == SIGSHIM_EFFECT_WHILE || c->ev->kind[i] == SIGSHIM_KIND_SIGINFO_IN;

	if (c->flags & SIGSHIM_EVF_BEFORE && !c->before)
		lets_in = false;	/* nothing was blocked */
	if (!lets_in)
		return true;
	return c->ev->kind[i] != SIGSHIM_KIND_SIGSET_PAIR &&
		((uintptr_t)c->arg[i] - (uintptr_t)__builtin_frame_address(0) < OUTER_FRAMES ||
		 module_holds((uintptr_t)c->arg[i]));
}

/*
 * After success all pointers are good. An interrupted wait and a full queue
 * come after the arguments were read; of other failures the kernel is asked.
 */
static inline void copy_after(struct call *c)
{
	bool read = c->error == 0 || c->error == EINTR || c->error == EAGAIN;
	unsigned int m = (c->error ? c->ev->in : c->ev->in | c->ev->out) & ~c->copied;

	for (; m; m &= m - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(m);
		enum sigshim_kind kind = c->ev->kind[i];

		if (c->arg[i] && copy_here(kind, c->copy[i], (uintptr_t)c->arg[i], read && still_there(c, i)))
			c->copied |= 1u << i;
	}
}

static bool is_while(uint8_t kind)
{
	return kind == SIGSHIM_KIND_SIGSET_WHILE || kind == SIGSHIM_KIND_SIGSET_PAIR;
}

/* The masks of calls other than sigprocmask's kin. */
static void masks_asked(struct call *c)
{
	c->after = sys_mask();
	if (c->ev->effect != SIGSHIM_EFFECT_QUERY)
		c->before = c->after;
	c->flags |= SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER;
	for (unsigned int i = 0; i < c->ev->nargs; i++) {
		if (!is_while(c->ev->kind[i]) || !(c->copied & 1u << i))
			continue;
		memcpy(&c->requested, c->copy[i], sizeof(c->requested));
		c->flags |= SIGSHIM_EVF_REQUESTED;
	}
}

/* Waits that leave the mask alone are no events. */
static bool gives_no_mask(const struct shim_event *ev, const long *arg)
{
	for (unsigned int i = 0; i < ev->nargs; i++)
		if (is_while(ev->kind[i]))
			return !arg[i];
	return false;
}

/* A call that failed with EFAULT for oldset has changed the mask all the same. */
static void masks_after_failure(struct call *c)
{
	int how = (int)c->arg[0];
	bool applied = c->error == EFAULT && (!c->arg[1] || c->flags & SIGSHIM_EVF_REQUESTED);

	c->after = sys_mask();
	c->flags |= SIGSHIM_EVF_AFTER;
	if (!applied || !c->arg[1])
		c->before = c->after;
	else if (c->t->mask_known && mask_apply(how, c->t->mask, c->requested) == c->after)
		c->before = c->t->mask;
	else
		return;
	c->flags |= SIGSHIM_EVF_BEFORE;
}

static void masks_changed(struct call *c)
{
	if (c->copied & 1u << 1) {
		memcpy(&c->requested, c->copy[1], sizeof(c->requested));
		c->flags |= SIGSHIM_EVF_REQUESTED;
	}
	if (c->error) {
		masks_after_failure(c);
		return;
	}
	if (!(c->flags & SIGSHIM_EVF_BEFORE) || c->requested & LIBC_RESERVED ||
	    (c->arg[1] && !(c->flags & SIGSHIM_EVF_REQUESTED)))
		c->after = sys_mask();
	else
		c->after = c->arg[1] ? mask_apply((int)c->arg[0], c->before, c->requested) : c->before;
	c->flags |= SIGSHIM_EVF_AFTER;
}

static inline int error_of(const struct shim_event *ev, long ret, int err)
{
	if (ev->err == SIGSHIM_ERR_RETURN)
		return (int)ret;
	if (ev->err == SIGSHIM_ERR_NEVER)
		return 0;
	return ret == -1 ? err : 0;
}

void call_made(struct call *c, uint64_t *words, uintptr_t old, bool tight)
{
	bool mask = c->ev->effect == SIGSHIM_EFFECT_MASK;
	int saved = errno;

	if (mask && c->error == 0 &&
	    copy_here(SIGSHIM_KIND_SIGSET_OUT, c->copy[2], old, !c->arg[2] || still_there(c, 2))) {
		memcpy(&c->before, c->copy[2], sizeof(c->before));
		c->flags |= SIGSHIM_EVF_BEFORE;
		c->copied |= c->arg[2] ? 1u << 2 : 0;
	}
	/* A child that fork has just made: the record is its parent's. */
	if (unlikely(!process_goes_on()))
		return;
	copy_after(c);
	/* At once: handlers run on it from now on. */
	if (c->ev->kind[0] == SIGSHIM_KIND_STACK_IN && c->arg[0] && c->error == 0)
		stack_note_alternate(c->t, c->copy[0]);
	if (mask)
		masks_changed(c);
	else if (c->ev->effect != SIGSHIM_EFFECT_APART)
		masks_asked(c);
	record_call(c, words, tight);
	errno = saved;
}

/* Makes the call. A mask change without oldset gets ours: the kernel then tells the old mask. */
static inline __attribute__((always_inline)) long make_call(struct call *c, uint64_t *words, long nr,
							    int entry_errno, bool tight)
{
	bool lend = c->ev->effect == SIGSHIM_EFFECT_MASK && !c->arg[2];
	long third = lend ? (long)c->own : c->arg[2];
	/* Then a stamp is a system call, and such a call takes no longer than one. */
	bool one_stamp = shim_clock_denied && c->ev->effect == SIGSHIM_EFFECT_APART;
	int *err = &errno;

	c->seq = thread_count(c->t);
	copy_before(c);
	if (c->ev->effect == SIGSHIM_EFFECT_QUERY)
		c->before = sys_mask();
	c->start = likely(!one_stamp) ? moment_now(shim_process) : (struct moment){};
	*err = entry_errno;
	c->ret = call_claimed(c->t, c->seq, c->ev, c->arg, third, nr);
	c->error = error_of(c->ev, c->ret, *err);
	c->end = moment_now(shim_process);
	if (unlikely(one_stamp))
		c->start = c->end;
	call_made(c, words, (uintptr_t)third, tight);
	return c->ret;
}

static __attribute__((noinline)) long call_roomy(const struct shim_event *ev, const long *arg, long nr,
						 const struct frame *frame, int entry_errno, struct thread *t)
{
	struct call c;
	uint64_t words[FRAME_WORDS + shim_config.depth + STACK_SKIP];

	call_begin(&c, ev, arg, t, frame_key(frame));
	return make_call(&c, words, nr, entry_errno, false);
}

/* On an alternate stack that the kernel's own frame has nearly filled. */
static __attribute__((noinline)) long call_tight(const struct shim_event *ev, const long *arg, long nr,
						 const struct frame *frame, int entry_errno, struct thread *t)
{
	struct scratch *s = scratch_take(shim_process, t->tid, (uintptr_t)__builtin_frame_address(0));
	long ret;

	if (!s) {
		process_lost();
		return call_plain(ev, arg, nr, entry_errno, SIGSHIM_CLAIM_LOST);
	}
	call_begin(&s->call, ev, arg, t, frame_key(frame));
	ret = make_call(&s->call, s->words, nr, entry_errno, true);
	scratch_give(s);
	return ret;
}

long shim_call(unsigned int id, const long arg[static SIGSHIM_MAX_ARGS], long nr, const struct frame *frame)
{
	const struct shim_event *ev = &shim_events[id];
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	int entry_errno = errno;
	struct thread *t;

	if (unlikely(!shim_real_syscall))
		real_resolve();
	if (unlikely(!process_ready())) {
		process_lost();
		return call_plain(ev, arg, nr, entry_errno, SIGSHIM_CLAIM_LOST);
	}
	if (!shim_config.event[id] || (ev->effect == SIGSHIM_EFFECT_WHILE && gives_no_mask(ev, arg)))
		return call_plain(ev, arg, nr, entry_errno, SIGSHIM_CLAIM_UNSELECTED);
	if (unlikely(!transport_hopes(shim_process))) {
		process_lost();
		return call_plain(ev, arg, nr, entry_errno, SIGSHIM_CLAIM_LOST);
	}
	t = thread_self();
	if (likely(!stack_is_tight(t, sp)))
		return call_roomy(ev, arg, nr, frame, entry_errno, t);
	if (!stack_is_full(t, sp))
		return call_tight(ev, arg, nr, frame, entry_errno, t);
	process_lost();
	return call_plain(ev, arg, nr, entry_errno, SIGSHIM_CLAIM_LOST);
}
