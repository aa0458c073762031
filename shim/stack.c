/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking the call stack: libunwind, frame pointers, or the caller alone.
 * stack_load runs once at the start and may allocate; the walks are AS-safe.
 */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "copy.h"
#include "memo_walk.h"
#include "shim.h"
#include "sys.h"
#include "unwinder.h"

#include "banned.h"

/* On other stacks a handler may come in the midst of it. */
#define ROOM (STACK_HEADROOM + 4 * 1024)
/* Below this not even a record without a stack fits. */
#define FULL 896

static uintptr_t main_stack_low, main_stack_high;

extern void *__libc_stack_end __attribute__((weak));

static void find_main_stack(void)
{
	struct rlimit limit = {};
	uint64_t size = 8 << 20;

	sys(SYS_prlimit64, 0, RLIMIT_STACK, 0, &limit);
	if (limit.rlim_cur && limit.rlim_cur < size)
		size = limit.rlim_cur;
	if (&__libc_stack_end && __libc_stack_end) {
		main_stack_high = (uintptr_t)__libc_stack_end;
		main_stack_low = main_stack_high - size;
	}
}

bool stack_load(void)
{
	void *pc[8];

	find_main_stack();
	if (shim_config.stack != SIGSHIM_STACK_UNWIND)
		return true;
	if (!unwinder_load())
		return false;
	/* The first walk fills libunwind's caches and resolves what it needs. */
	unwinder_walk(pc, 8);
	return true;
}

/* Keeps what lies outward of our own frames, which end where `caller` begins. */
static bool drop_own_frames(struct stack *st, uintptr_t caller)
{
	for (unsigned int i = 0; i < st->n && i < STACK_SKIP; i++) {
		if (st->pc[i] != caller)
			continue;
		st->n -= i;
		memmove(st->pc, st->pc + i, st->n * sizeof(*st->pc));
		return true;
	}
	return false;
}

static void caller_only(struct stack *st, uintptr_t caller, enum sigshim_stack_end why)
{
	st->pc[0] = caller;
	st->n = 1;
	st->end = why;
}

void stack_alone(struct stack *st, uintptr_t caller)
{
	caller_only(st, caller, SIGSHIM_STACK_COMPLETE);
}

bool stack_is_full(const struct thread *t, uintptr_t sp)
{
	return sp - t->alt_low < t->alt_high - t->alt_low && sp - t->alt_low < FULL;
}

/* An alternate stack that was set a moment ago, or not through us. */
static bool on_unknown_alternate(struct thread *t, uintptr_t sp)
{
	stack_t ss = {};

	if (shim_sandboxed || sys(SYS_sigaltstack, 0, &ss) != 0 || !(ss.ss_flags & SS_ONSTACK) ||
	    sp - (uintptr_t)ss.ss_sp >= ss.ss_size)
		return false;
	stack_note_alternate(t, (unsigned char *)&ss);
	return true;
}

/* A handler may come in between and do the same: at worst a stack is looked at again. */
static void put_first(struct thread *t, unsigned int i, uint64_t room)
{
	for (; i > 0; i--)
		t->room[i] = t->room[i - 1];
	t->room[0] = room;
}

/* Notes that there is room below sp: with a stack that is known, or in the place of the oldest. */
static void note_room(struct thread *t, uintptr_t sp)
{
	uintptr_t low = 0, high = 0;
	unsigned int i;

	sp &= ~15ul;
	for (i = 0; i < SHIM_ROOMS; i++) {
		low = room_low(t->room[i]);
		high = low + ((t->room[i] & ROOM_LONGEST) << 4);
		if (sp + ROOM >= low && sp <= high + ROOM)
			break;
	}
	if (i == SHIM_ROOMS) {
		i--;
		low = high = sp;
	}
	if (sp < low)
		low = sp;
	if (sp > high)
		high = sp;
	if (high - low > ROOM_LONGEST << 4)
		low = high = sp;
	put_first(t, i, ROOM_OF(low, high));
}

__attribute__((noinline)) bool stack_look(struct thread *t, uintptr_t sp)
{
	uint64_t word;

	for (unsigned int i = 1; i < SHIM_ROOMS; i++)
		if (room_holds(t->room[i], sp)) {
			put_first(t, i, t->room[i]);
			return true;
		}
	if (on_unknown_alternate(t, sp))
		return sp >= t->alt_tight;
	for (uintptr_t p = (sp - ROOM) & ~7ul; p < sp && !shim_config.blind; p += 4096)
		if (!copy_checked(&word, p, sizeof(word)))
			return false;
	note_room(t, sp);
	return true;
}

bool stack_has(const struct thread *t, uintptr_t sp, size_t size)
{
	uint64_t word;

	if (sp - t->alt_low < t->alt_high - t->alt_low)
		return sp - t->alt_low >= size + STACK_HEADROOM;
	/* Each page: beyond a guard page may be somebody else's memory. */
	for (uintptr_t p = sp & ~7ul; sp - p < size + ROOM; p -= 4096)
		if (!copy_checked(&word, p, sizeof(word)))
			return false;
	return true;
}

/* On aarch64 libunwind gives the byte before a return address; instructions are 4 bytes. */
static void to_return_addresses(struct stack *st)
{
#if defined(__aarch64__)
	for (unsigned int i = 0; i < st->n; i++)
		st->pc[i] = (st->pc[i] + 3) & ~3ull;
#endif
}

static void walk_unwind(struct stack *st, uintptr_t caller)
{
	int n = unwinder_walk((void **)st->pc, (int)shim_config.depth + STACK_SKIP);

	st->n = n > 0 ? (unsigned int)n : 0;
	st->end = n == (int)shim_config.depth + STACK_SKIP ? SIGSHIM_STACK_DEPTH : SIGSHIM_STACK_COMPLETE;
	to_return_addresses(st);
	if (!drop_own_frames(st, caller)) {
		caller_only(st, caller, SIGSHIM_STACK_BROKEN);
	} else if (st->n > shim_config.depth) {
		st->n = shim_config.depth;
		st->end = SIGSHIM_STACK_DEPTH;
	}
}

/* The span in which frame records may be read without asking the kernel. */
static uintptr_t safe_high(const struct thread *t, uintptr_t sp)
{
	if (sp - t->alt_low < t->alt_high - t->alt_low)
		return t->alt_high;
	if (sp - main_stack_low < main_stack_high - main_stack_low)
		return main_stack_high;
	return 0;
}

/* { saved frame pointer, return address } is the frame record of both ABIs. */
static void walk_fp(struct stack *st, uintptr_t caller, const struct thread *t)
{
	uintptr_t fp = (uintptr_t)__builtin_frame_address(0), high = safe_high(t, fp);
	unsigned int max = shim_config.depth + STACK_SKIP;

	st->n = 0;
	st->end = SIGSHIM_STACK_BROKEN;
	while (st->n < max) {
		uintptr_t record[2];

		if (fp & (sizeof(long) - 1))
			break;
		if (fp < high && high - fp >= sizeof(record))
			memcpy(record, (const void *)fp, sizeof(record));
		else if (!copy_checked(record, fp, sizeof(record)))
			break;
		if (record[1])
			st->pc[st->n++] = record[1];
		/* The outermost function was entered with a frame pointer of 0. */
		if (!record[0] || !record[1])
			st->end = SIGSHIM_STACK_COMPLETE;
		if (record[0] <= fp)
			break;
		fp = record[0];
	}
	if (!drop_own_frames(st, caller)) {
		caller_only(st, caller, SIGSHIM_STACK_BROKEN);
	} else if (st->n > shim_config.depth) {
		st->n = shim_config.depth;
		st->end = SIGSHIM_STACK_DEPTH;
	}
}

void stack_note_alternate(struct thread *t, const unsigned char *ss)
{
	stack_t new;
	size_t need;

	memcpy(&new, ss, sizeof(new));
	need = new.ss_size / 4 * 3;
	if (need < STACK_HEADROOM)
		need = STACK_HEADROOM;
	if (need > STACK_NESTING)
		need = STACK_NESTING;
	t->alt_low = new.ss_flags & SS_DISABLE ? 0 : (uintptr_t)new.ss_sp;
	t->alt_high = new.ss_flags & SS_DISABLE ? 0 : t->alt_low + new.ss_size;
	t->alt_tight = t->alt_low + need;
}

/* A thread that has made few calls may make few more: libunwind would cost it most. */
static bool walk_at_first(struct stack *st, const struct memo_key *from, const struct thread *t)
{
	return from->sp && shim_config.memo && !t->memo &&
		memo_walk(from, shim_process->epoch, shim_config.depth, st);
}

void stack_walk(struct stack *st, const struct memo_key *from, const struct thread *t, bool tight)
{
	uintptr_t caller = from->pc;

	if (shim_config.stack == SIGSHIM_STACK_NONE)
		caller_only(st, caller, SIGSHIM_STACK_CALLER_ONLY);
	else if (tight)
		caller_only(st, caller, SIGSHIM_STACK_NO_ROOM);
	else if (shim_config.stack == SIGSHIM_STACK_FP)
		walk_fp(st, caller, t);
	else if (!unwinder_walk)
		caller_only(st, caller, SIGSHIM_STACK_NO_UNWINDER);
	else if (!walk_at_first(st, from, t))
		walk_unwind(st, caller);
}
