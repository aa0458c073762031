/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread says about the intercepted call that it is in, for a verifier
 * in the kernel (wire.h, struct sigshim_claim): a few stores around the real
 * call. Calls nest in handlers. For call.c and mask.c. AS-safe, MT-safe.
 */
#ifndef SHIM_CLAIM_H
#define SHIM_CLAIM_H

#include "shim.h"
#include "sys.h"

/* What was claimed before. */
struct outer_claim {
	uint64_t call, sp;
};

static inline __attribute__((always_inline)) struct outer_claim claim_begin(const struct thread *t, uint64_t call)
{
	volatile struct sigshim_claim *claim = &shim_thread.claim;	/* where the kernel finds it */
	struct outer_claim outer = { claim->call, claim->sp };

	claim->instance = t->instance;
	claim->thread = t->ordinal;
	claim->sp = sys_sp();
	claim->call = call;
	return outer;
}

static inline __attribute__((always_inline)) void claim_end(struct outer_claim outer)
{
	volatile struct sigshim_claim *claim = &shim_thread.claim;

	claim->call = outer.call;
	claim->sp = outer.sp;
}

#endif
