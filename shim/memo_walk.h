/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which words of memory a walk depends on. For memo.c. AS-safe, MT-safe.
 */
#ifndef SHIM_MEMO_WALK_H
#define SHIM_MEMO_WALK_H

#include <stdint.h>

struct stack;
struct memo_key;

struct memo_word {
	uintptr_t address;
	uint64_t value;
};

/* The most that a stack of n frames depends on. */
#define MEMO_WORDS(n) (3 * (n) + 1)

/* Rules of frames, by code address. A slot that was written halfway reads as another address's. */
struct frame_cache {
	uint64_t slot[512][2];
};

/*
 * Lists the words in the order in which a walk comes to them, each after those
 * that its address depends on. -1 when the stack has a frame that is not plain,
 * or is not the one that the frames' rules lead to.
 */
int memo_words(struct frame_cache *cache, const struct memo_key *key, const struct stack *st,
	       struct memo_word *ret);

#endif
