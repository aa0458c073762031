/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which words of memory a walk depends on. For memo.c. AS-safe, MT-safe.
 */
#ifndef SHIM_MEMO_WALK_H
#define SHIM_MEMO_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct stack;
struct memo_key;

struct memo_word {
	uintptr_t address;
	uint64_t value;
};

/* The most that a stack of n frames depends on. */
#define MEMO_WORDS(n) (3 * (n) + 1)

/*
 * Lists the words in the order in which a walk comes to them, each after those
 * that its address depends on. -1 when the stack has a frame that is not plain,
 * or is not the one that the frames' rules lead to.
 */
int memo_words(const struct memo_key *key, uint32_t epoch, const struct stack *st, struct memo_word *ret);

/*
 * Walks a stack without libunwind, whose first walk in a thread takes 100 µs
 * and 256 KiB. False where a frame is not plain: then st is not filled in.
 */
bool memo_walk(const struct memo_key *key, uint32_t epoch, unsigned int depth, struct stack *st);

#endif
