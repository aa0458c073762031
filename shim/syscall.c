/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syscall(2): the numbers of the table are recorded, all others go straight on
 * with all six arguments, by a jump that leaves no frame of ours behind (a
 * child that returns on the same stack would trample it). AS-safe.
 */
#include <sigshim/syscalls.h>

#include "shim.h"

#include "banned.h"

/* unistd.h declares it variadic; the ABI passes the same registers. */
SHIM_API long shim_syscall(long nr, long a, long b, long c, long d, long e, long f) __asm__("syscall");

#define MATCH_LIBC(id, sys)
#define MATCH_SYSCALL(id, sys) if (SIGSHIM_NR_##sys >= 0 && nr == SIGSHIM_NR_##sys) return id;
static inline unsigned int event_of(long nr)
{
#define SIGSHIM_EVENT(id, ident, name, via, sys, ...) MATCH_##via(id, sys)
#include <sigshim/events.def>
	return SIGSHIM_EV_NONE;
}

static __attribute__((noinline)) long recorded(unsigned int id, void *caller, long nr, long a, long b,
					       long c, long d, long e, long f)
{
	const long arg[SIGSHIM_MAX_ARGS] = { a, b, c, d, e, f };

	return shim_call(id, arg, nr, caller);
}

long shim_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	unsigned int id = event_of(nr);

	if (unlikely(id != SIGSHIM_EV_NONE))
		return recorded(id, __builtin_return_address(0), nr, a, b, c, d, e, f);
	if (unlikely(!shim_real_syscall))
		real_resolve();
	return shim_real_syscall(nr, a, b, c, d, e, f);
}
