/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks that were walked before, known again without a walk: by the registers
 * at the call and the words in memory that the walk depended on. One memo a
 * thread; a handler may interrupt it anywhere and use it too, and may never
 * return. For call.c. AS-safe; a memo is its thread's alone.
 */
#ifndef SHIM_MEMO_H
#define SHIM_MEMO_H

#include <stdbool.h>
#include <stdint.h>

struct thread;
struct stack;

/* What a walk begins with: the registers after the wrapped call's return. */
struct memo_key {
	uintptr_t pc, sp, fp;
};

struct memo_stack {
	uint32_t id;
	uint8_t end;		/* enum sigshim_stack_end */
};

/* Where a search ended; memo_learn goes on from there. */
struct memo_miss {
	struct memo *memo;	/* NULL: there is none to learn */
	uint32_t turn;		/* of the memo, in which the rest is meant */
	uint64_t key[3];	/* of the block to add */
	unsigned int matched;	/* words of the stack that are known */
	uintptr_t address;	/* of the word that is not, where any are */
};

/*
 * True with *ret when the stack is known, of this epoch of stack ids, and is
 * the one that a walk would give now; else *ret_miss is for memo_learn.
 */
bool memo_find(struct thread *t, const struct memo_key *key, uint32_t epoch,
	       struct memo_stack *ret, struct memo_miss *ret_miss);
/*
 * Notes a stack that was just walked and that was seen before. Nothing happens
 * when it has a frame of a kind that is not looked into.
 */
void memo_learn(const struct memo_miss *miss, const struct memo_key *key,
		const struct stack *st, const struct memo_stack *known);

/* The thread will need none any more. */
void memo_release(struct thread *t);
/* In a forked child: the memos of all threads that are not in it. */
void memo_begin(void);

#endif
