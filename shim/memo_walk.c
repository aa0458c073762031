/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows a stack by the rules of cfi.c, and lists the words of memory that
 * lead from frame to frame: of one that libunwind has walked (both must come to
 * the same return addresses), or, for threads that make few calls, in its
 * place. AS-safe, MT-safe.
 */
#include <signal.h>
#include <ucontext.h>

#include "cfi.h"
#include "copy.h"
#include "memo.h"
#include "memo_walk.h"
#include "shim.h"

#include "banned.h"

#if defined(__x86_64__)

#define MIX 0x9e3779b97f4a7c15ull
#define LOWEST_CODE 0x4000	/* below, libunwind takes it for the end */
#define FARTHEST 0x4000		/* from a stack pointer, what libunwind takes for a frame pointer */
#define PAGE 4096ul
#define REGISTER(name) (offsetof(ucontext_t, uc_mcontext.gregs) + sizeof(greg_t) * (name))

/* A rule in one word: way 3 bits, by_rbp 1, cfa 30, rbp 30. */
#define FIELD (1l << 29)
static bool fits(const struct frame_rule *r)
{
	return r->cfa >= -FIELD && r->cfa < FIELD &&
		(r->rbp == RBP_KEPT || (r->rbp >= -FIELD && r->rbp < FIELD - 1));
}

static uint64_t pack(const struct frame_rule *r)
{
	uint64_t rbp = (uint64_t)((r->rbp == RBP_KEPT ? FIELD - 1 : r->rbp) + FIELD);

	return (uint64_t)r->way | (uint64_t)r->by_rbp << 3 | (uint64_t)(r->cfa + FIELD) << 4 | rbp << 34;
}

static struct frame_rule unpack(uint64_t w)
{
	int32_t rbp = (int32_t)((long)(w >> 34) - FIELD);

	return (struct frame_rule){
		.way = w & 7, .by_rbp = w >> 3 & 1,
		.cfa = (int32_t)((long)(w >> 4 & (2 * FIELD - 1)) - FIELD),
		.rbp = rbp == FIELD - 1 ? RBP_KEPT : rbp,
	};
}

/*
 * Rules by code address, for all threads. A slot that was written halfway, or
 * before other objects came to lie there, reads as another address's.
 */
static uint64_t cache[2048][2];

static struct frame_rule rule_of(uintptr_t pc, bool exact, uint32_t epoch)
{
	uint64_t key = (pc << 1 | exact) ^ epoch * MIX, word, check;
	uint64_t *slot = cache[key * MIX >> 53];
	struct frame_rule rule;

	word = __atomic_load_n(&slot[0], __ATOMIC_RELAXED);
	check = __atomic_load_n(&slot[1], __ATOMIC_RELAXED);
	if (likely((check ^ word * MIX) == key))
		return unpack(word);
	rule = cfi_rule(pc, exact);
	if (!fits(&rule))
		return (struct frame_rule){ .way = FRAME_OTHER };
	/* It may be that the object is not yet known. */
	if (rule.way == FRAME_WITHOUT)
		return rule;
	word = pack(&rule);
	__atomic_store_n(&slot[0], word, __ATOMIC_RELAXED);
	__atomic_store_n(&slot[1], key ^ word * MIX, __ATOMIC_RELAXED);
	return rule;
}

/* A walk under way. */
struct follow {
	uintptr_t pc, sp, fp;
	bool exact;
	bool guesses;		/* as libunwind does where it finds no tables */
	uint32_t epoch;
	uintptr_t page;		/* known to be readable */
	struct memo_word *word;
	int n;
};

/* Notes the word at an address; false if it can't be read. */
static bool note(struct follow *f, uintptr_t address, uintptr_t *ret)
{
	uint64_t value;

	if (address & 7 || !address)
		return false;
	if ((address & -PAGE) != f->page) {
		if (!copy_checked(&value, address, sizeof(value)))
			return false;
		f->page = address & -PAGE;
	}
	value = *(const volatile uint64_t *)address;
	f->word[f->n++] = (struct memo_word){ address, value };
	*ret = value;
	return true;
}

static bool follow_plain(struct follow *f, const struct frame_rule *rule)
{
	uintptr_t cfa = (rule->by_rbp ? f->fp : f->sp) + (uintptr_t)rule->cfa;

	if (cfa <= f->sp || !note(f, cfa - 8, &f->pc))
		return false;
	f->sp = cfa;
	return rule->rbp == RBP_KEPT || note(f, cfa + (uintptr_t)rule->rbp, &f->fp);
}

/* As libunwind does where it has no tables. */
static bool follow_pointer(struct follow *f)
{
	uintptr_t fp = f->fp;

	if (!note(f, fp + 8, &f->pc))
		return false;
	f->sp = fp + 16;
	return note(f, fp, &f->fp);
}

static bool follow_signal(struct follow *f)
{
	uintptr_t context = f->sp;

	f->exact = true;
	return note(f, context + REGISTER(REG_RSP), &f->sp) && note(f, context + REGISTER(REG_RBP), &f->fp) &&
		note(f, context + REGISTER(REG_RIP), &f->pc);
}

/* To the caller's frame; false where the rule says nothing of it. */
static bool follow_rule(struct follow *f, const struct frame_rule *rule)
{
	f->exact = false;
	switch (rule->way) {
	case FRAME_PLAIN:
		return follow_plain(f, rule);
	case FRAME_WITHOUT:
		return follow_pointer(f);
	case FRAME_SIGNAL:
		return follow_signal(f);
	default:
		return false;
	}
}

enum step { STEP_ON, STEP_END, STEP_STUCK };

/* To the caller's frame, or to the end, which every walk finds here. */
static enum step step(struct follow *f)
{
	struct frame_rule rule = rule_of(f->pc, f->exact, f->epoch);

	if (rule.way == FRAME_OUTERMOST)
		return STEP_END;
	if (rule.way == FRAME_WITHOUT && f->fp - f->sp > FARTHEST)
		return f->guesses ? STEP_END : STEP_STUCK;
	if ((rule.way == FRAME_WITHOUT && !f->guesses) || !follow_rule(f, &rule))
		return STEP_STUCK;
	return f->pc < LOWEST_CODE ? STEP_END : STEP_ON;
}

int memo_words(const struct memo_key *key, uint32_t epoch, const struct stack *st, struct memo_word *ret)
{
	struct follow f = {
		.pc = key->pc, .sp = key->sp, .fp = key->fp, .epoch = epoch, .guesses = true, .word = ret,
	};

	for (unsigned int i = 0; i < st->n; i++) {
		bool last = i + 1 == st->n;
		enum step s;

		if (f.pc != st->pc[i])
			return -1;
		if (last && st->end == SIGSHIM_STACK_DEPTH)
			return f.n;
		s = step(&f);
		if (s != STEP_ON)
			return s == STEP_END && last ? f.n : -1;
	}
	return -1;
}

bool memo_walk(const struct memo_key *key, uint32_t epoch, unsigned int depth, struct stack *st)
{
	struct memo_word word[3];
	struct follow f = { .pc = key->pc, .sp = key->sp, .fp = key->fp, .epoch = epoch, .word = word };
	enum step s = STEP_ON;

	for (st->n = 0; s == STEP_ON && st->n < depth; f.n = 0) {
		st->pc[st->n++] = f.pc;
		s = step(&f);
	}
	st->end = s == STEP_ON ? SIGSHIM_STACK_DEPTH : SIGSHIM_STACK_COMPLETE;
	return s != STEP_STUCK;
}

#else

bool memo_walk(const struct memo_key *key, uint32_t epoch, unsigned int depth, struct stack *st)
{
	return false;
}

#endif
