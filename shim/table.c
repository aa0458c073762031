/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event table, as small as the shim needs it. Constant data.
 */
#include "shim.h"

/* Which of up to six kinds are copied from the program's memory, as bits; fewer kinds are filled up. */
#define BITS_OF(test, ...) BITS6(test, __VA_ARGS__ 0, 0, 0, 0, 0, 0, 0)
#define BITS6(test, a, b, c, d, e, f, ...) \
	(test(a) | test(b) << 1 | test(c) << 2 | test(d) << 3 | test(e) << 4 | test(f) << 5)
#define IS_READ(kind) (SIGSHIM_KINDS_READ >> (kind) & 1)
#define IS_WRITTEN(kind) (SIGSHIM_KINDS_WRITTEN >> (kind) & 1)

#define SIGSHIM_ARG(name, ctype, kind, tags, doc) SIGSHIM_KIND_##kind,
#define SIGSHIM_EVENT(id_, ident, name_, via_, sys, err_, effect_, RET, PARAMS, RAW, ARGS, DOC) \
	[id_] = {							\
		.id = (id_),						\
		.nargs = sizeof((uint8_t[]){ ARGS }),			\
		.err = SIGSHIM_ERR_##err_,				\
		.effect = SIGSHIM_EFFECT_##effect_,			\
		.via = SIGSHIM_VIA_##via_,				\
		.ret_size = SIGSHIM_VIA_##via_ >= SIGSHIM_VIA_JUMP ? 0 : sizeof(RET), \
		.in = BITS_OF(IS_READ, ARGS), .out = BITS_OF(IS_WRITTEN, ARGS),	\
		.kind = { ARGS },					\
		.name = (name_),					\
	},
const struct shim_event shim_events[SIGSHIM_EV_END] = {
#include <sigshim/events.def>
};

_Static_assert(SIGSHIM_EV_END <= UINT8_MAX, "event ids fit in a byte");
