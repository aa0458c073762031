/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which stacks the collector already has: a table without locks from a stack's
 * hash to the id under which it was sent. An entry is made only after the
 * stack went out, so an id in it is always good; a full neighbourhood only
 * means that a stack is sent again. AS-safe, MT-safe.
 */
#include "shim.h"

#include "banned.h"

#define PROBES 8

/* 64 bits of multiply and fold over all addresses; 0 is kept for "free". */
uint64_t stack_hash(const struct stack *st)
{
	uint64_t h = st->n ^ ((uint64_t)st->end << 32);

	for (unsigned int i = 0; i < st->n; i++) {
		h = (h ^ st->pc[i]) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	return h ? h : 1;
}

uint32_t stack_find(const struct process *p, uint64_t hash)
{
	for (unsigned int i = 0; i < PROBES; i++) {
		const struct stack_slot *slot = &p->slot[(hash + i) & (SHIM_STACK_SLOTS - 1)];
		uint32_t id = __atomic_load_n(&slot->id, __ATOMIC_ACQUIRE);

		if (id && slot->hash == hash && slot->epoch == p->epoch &&
		    __atomic_load_n(&slot->id, __ATOMIC_ACQUIRE) == id)
			return id;
	}
	return 0;
}

void stack_sent(struct process *p, uint64_t hash, uint32_t id, uint32_t epoch)
{
	for (unsigned int i = 0; i < PROBES; i++) {
		struct stack_slot *slot = &p->slot[(hash + i) & (SHIM_STACK_SLOTS - 1)];
		uint32_t old = __atomic_load_n(&slot->id, __ATOMIC_ACQUIRE);

		if (old == UINT32_MAX || (old && slot->epoch == p->epoch))
			continue;
		/* UINT32_MAX: being filled, by this thread until it stores the id. */
		if (!__atomic_compare_exchange_n(&slot->id, &old, UINT32_MAX, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		slot->hash = hash;
		slot->epoch = epoch;
		__atomic_store_n(&slot->id, id, __ATOMIC_RELEASE);
		return;
	}
}
