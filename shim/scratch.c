/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for calls made on an alternate stack without room: a few places
 * shared by all threads, without locks. AS-safe, MT-safe.
 */
#include "shim.h"

#include "banned.h"

struct scratch *scratch_take(struct process *p, int32_t tid, uintptr_t sp)
{
	for (unsigned int i = 0; i < SHIM_SCRATCHES; i++) {
		struct scratch *s = &p->scratch[i];
		int32_t owner = __atomic_load_n(&s->owner, __ATOMIC_ACQUIRE);

		/*
		 * Ours, from a frame further in: a handler has jumped out of it. Without
		 * an sp it is being taken by the very call that this one interrupts.
		 */
		if (owner == tid && s->sp && s->sp <= sp) {
			s->sp = sp;
			return s;
		}
		if (owner == 0 && __atomic_compare_exchange_n(&s->owner, &owner, tid, false,
							      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			s->sp = sp;
			return s;
		}
	}
	return NULL;
}

void scratch_give(struct scratch *s)
{
	s->sp = 0;
	__atomic_store_n(&s->owner, 0, __ATOMIC_RELEASE);
}
