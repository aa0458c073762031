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

#include "shim.h"
#include "sys.h"
#include "unwinder.h"

#include "banned.h"

#define BIT(signo) (1ull << ((signo) - 1))
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))
#define OUTER_FRAMES (64 * 1024)	/* this far up it is the same stack */
#define LIBC_RESERVED (BIT(32) | BIT(33))	/* libcs may keep them out of a set */

static long call_real(const struct shim_event *ev, const long *a, long nr)
{
	shim_function *real;
	long ret;

	if (ev->via == SIGSHIM_VIA_SYSCALL)
		return shim_real_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	real = likely(shim_real[ev->id]) ? shim_real[ev->id] : real_late(ev);
	ret = real(a[0], a[1], a[2], a[3], a[4], a[5]);
	return ev->ret_size == sizeof(int) ? (int)ret : ret;
}

/* The call alone, with errno as the program left it. */
static long call_plain(const struct shim_event *ev, const long *a, long nr, int entry_errno)
{
	errno = entry_errno;
	return call_real(ev, a, nr);
}

/* An argument that the call may overwrite has to be read before it. */
static bool overwritten(const struct call *c, unsigned int in)
{
	unsigned int n = sigshim_kind_copy(c->ev->kind[in]);

	for (unsigned int i = 0; i < c->ev->nargs; i++)
		if (sigshim_kind_out(c->ev->kind[i]) && c->arg[i] &&
		    (uintptr_t)c->arg[i] - (uintptr_t)c->arg[in] + n <
		    n + sigshim_kind_copy(c->ev->kind[i]))
			return true;
	return false;
}

static void copy_before(struct call *c)
{
	for (unsigned int i = 0; i < c->ev->nargs; i++) {
		enum sigshim_kind kind = c->ev->kind[i];

		if (sigshim_kind_copy(kind) && !sigshim_kind_out(kind) && c->arg[i] && overwritten(c, i) &&
		    copy_argument(kind, c->copy[i], (uintptr_t)c->arg[i], false))
			c->copied |= 1u << i;
	}
}

/*
 * True when what argument i points to is there for certain, once the kernel
 * has accepted it. A handler that the call itself let in may have given the
 * memory back; not, though, a frame further out on this stack, or static data.
 */
static bool still_there(const struct call *c, unsigned int i)
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
static void copy_after(struct call *c)
{
	bool read = c->error == 0 || c->error == EINTR || c->error == EAGAIN;

	for (unsigned int i = 0; i < c->ev->nargs; i++) {
		enum sigshim_kind kind = c->ev->kind[i];

		if (!sigshim_kind_copy(kind) || !c->arg[i] || c->copied & 1u << i ||
		    (c->error && sigshim_kind_out(kind)))
			continue;
		if (copy_argument(kind, c->copy[i], (uintptr_t)c->arg[i],
				  read && still_there(c, i)))
			c->copied |= 1u << i;
	}
}

static uint64_t apply(int how, uint64_t mask, uint64_t set)
{
	set &= ~UNBLOCKABLE;
	return how == SIG_BLOCK ? mask | set : how == SIG_UNBLOCK ? mask & ~set : set;
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
	else if (c->t->mask_known && apply(how, c->t->mask, c->requested) == c->after)
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
		c->after = c->arg[1] ? apply((int)c->arg[0], c->before, c->requested) : c->before;
	c->flags |= SIGSHIM_EVF_AFTER;
}

/* Lays the record out behind its fixed part; returns where the addresses go. */
static uint64_t *fill_frame(struct sigshim_event *f, const struct call *c)
{
	char *p = (char *)(f + 1);

	*f = (struct sigshim_event){
		.h = { .type = SIGSHIM_FRAME_EVENT, .fixed = sizeof(*f) },
		.event = c->ev->id, .nargs = c->ev->nargs, .copied = (uint8_t)c->copied,
		.flags = (uint8_t)c->flags, .tid = c->t->tid, .thread = c->t->ordinal,
		.pid = c->t->pid, .error = c->error, .seq = c->seq, .start_ns = c->start,
		.duration_ns = c->end - c->start, .ret = c->ret,
		.mask_before = c->before, .mask_requested = c->requested, .mask_after = c->after,
	};
	memcpy(p, c->arg, c->ev->nargs * sizeof(long));
	p += c->ev->nargs * sizeof(long);
	for (unsigned int i = 0; i < c->ev->nargs; i++) {
		if (!(c->copied & 1u << i))
			continue;
		memcpy(p, c->copy[i], sigshim_kind_copy(c->ev->kind[i]));
		p += sigshim_kind_copy(c->ev->kind[i]);
	}
	return (uint64_t *)(void *)p;
}

/* `words` has room for FRAME_WORDS and as many addresses as the walk may give. */
static void record(const struct call *c, uint64_t *words, uintptr_t caller, bool tight)
{
	struct process *p = shim_process;
	struct sigshim_event *f = (void *)words;
	struct stack st = { .pc = fill_frame(f, c) };
	uint32_t epoch = p->epoch;
	uint64_t hash;

	stack_walk(&st, caller, c->t, tight);
	hash = stack_hash(&st);
	f->caller = caller;
	f->stack_id = stack_find(p, hash);
	if (!f->stack_id) {
		if (!tight && !module_cover(p, st.pc, st.n) && st.end == SIGSHIM_STACK_COMPLETE)
			st.end = SIGSHIM_STACK_BROKEN;
		f->stack_id = __atomic_add_fetch(&p->stacks, 1, __ATOMIC_RELAXED);
		f->flags |= SIGSHIM_EVF_NEW_STACK;
		f->npcs = (uint16_t)st.n;
		st.pc += st.n;
	}
	f->stack_end = (uint8_t)st.end;
	f->h.size = (uint32_t)((char *)st.pc - (char *)words);
	if (transport_send(p, &f->h, c->end) && f->flags & SIGSHIM_EVF_NEW_STACK)
		stack_sent(p, hash, f->stack_id, epoch);
}

void call_store(struct call *c, uint64_t *words, uintptr_t caller, bool tight)
{
	if (!tight)
		transport_check(shim_process, c->end);
	if (c->t->in_vfork)
		c->flags |= SIGSHIM_EVF_VFORK;
	record(c, words, caller, tight);
	c->t->mask = c->after;
	c->t->mask_known = 1;
}

static int error_of(const struct shim_event *ev, long ret, int err)
{
	if (ev->err == SIGSHIM_ERR_RETURN)
		return (int)ret;
	if (ev->err == SIGSHIM_ERR_NEVER)
		return 0;
	return ret == -1 ? err : 0;
}

/* Makes the call. A mask change without oldset gets ours: the kernel then tells the old mask. */
static void make_call(struct call *c, long nr, int entry_errno)
{
	long arg[SIGSHIM_MAX_ARGS];
	bool mask = c->ev->effect == SIGSHIM_EFFECT_MASK;

	memcpy(arg, c->arg, sizeof(arg));
	if (mask && !arg[2])
		arg[2] = (long)c->own;
	copy_before(c);
	if (c->ev->effect == SIGSHIM_EFFECT_QUERY)
		c->before = sys_mask();
	c->start = now_ns();
	errno = entry_errno;
	c->ret = call_real(c->ev, arg, nr);
	c->error = error_of(c->ev, c->ret, errno);
	c->end = now_ns();
	if (mask && c->error == 0 &&
	    copy_argument(SIGSHIM_KIND_SIGSET_OUT, c->copy[2], (uintptr_t)arg[2],
			  !c->arg[2] || still_there(c, 2))) {
		memcpy(&c->before, c->copy[2], sizeof(c->before));
		c->flags |= SIGSHIM_EVF_BEFORE;
		c->copied |= c->arg[2] ? 1u << 2 : 0;
	}
}

static long call_recorded(struct call *c, uint64_t *words, long nr, void *caller, int entry_errno,
			  bool tight)
{
	int saved;

	c->seq = __atomic_add_fetch(&c->t->seq, 1, __ATOMIC_RELAXED);
	make_call(c, nr, entry_errno);
	saved = errno;
	/* A child that fork has just made: the record is its parent's. */
	if (unlikely(!process_goes_on()))
		return c->ret;
	copy_after(c);
	if (c->ev->effect == SIGSHIM_EFFECT_MASK)
		masks_changed(c);
	else
		masks_asked(c);
	call_store(c, words, (uintptr_t)caller, tight);
	if (c->ev->kind[0] == SIGSHIM_KIND_STACK_IN && c->arg[0] && c->error == 0)
		stack_note_alternate(c->t, c->copy[0]);
	errno = saved;
	return c->ret;
}

static __attribute__((noinline)) long call_roomy(const struct shim_event *ev, const long *arg, long nr,
						 void *caller, int entry_errno, struct thread *t)
{
	struct call c = { .ev = ev, .arg = arg, .t = t };
	uint64_t words[FRAME_WORDS + shim_config.depth + STACK_SKIP];

	return call_recorded(&c, words, nr, caller, entry_errno, false);
}

/* On an alternate stack that the kernel's own frame has nearly filled. */
static __attribute__((noinline)) long call_tight(const struct shim_event *ev, const long *arg, long nr,
						 void *caller, int entry_errno, struct thread *t)
{
	struct scratch *s = scratch_take(shim_process, t->tid, (uintptr_t)__builtin_frame_address(0));
	long ret;

	if (!s) {
		process_lost();
		return call_plain(ev, arg, nr, entry_errno);
	}
	s->call = (struct call){ .ev = ev, .arg = arg, .t = t };
	ret = call_recorded(&s->call, s->words, nr, caller, entry_errno, true);
	scratch_give(s);
	return ret;
}

long shim_call(unsigned int id, const long arg[static SIGSHIM_MAX_ARGS], long nr, void *caller)
{
	const struct shim_event *ev = &shim_events[id];
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	int entry_errno = errno;
	struct thread *t;

	if (unlikely(!shim_real_syscall))
		real_resolve();
	if (unwinder_owns((uintptr_t)caller))
		return call_plain(ev, arg, nr, entry_errno);
	if (unlikely(!process_ready())) {
		process_lost();
		return call_plain(ev, arg, nr, entry_errno);
	}
	if (!shim_config.event[id] || (ev->effect == SIGSHIM_EFFECT_WHILE && gives_no_mask(ev, arg)))
		return call_plain(ev, arg, nr, entry_errno);
	t = thread_self();
	if (likely(!stack_is_tight(t, sp)))
		return call_roomy(ev, arg, nr, caller, entry_errno, t);
	if (!stack_is_full(t, sp))
		return call_tight(ev, arg, nr, caller, entry_errno, t);
	process_lost();
	return call_plain(ev, arg, nr, entry_errno);
}
