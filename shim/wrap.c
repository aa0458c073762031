/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported wrappers of libc functions, expanded from the table: each hands
 * its arguments and its return address to shim_call. They have names of their
 * own in C, since libc's headers rename some of the functions (sigpause), and
 * the table spells some parameters as void pointers. AS-safe as the functions
 * themselves are.
 */
#include <pthread.h>
#include <signal.h>

#include "shim.h"

#include "banned.h"

#define UNPACK(...) __VA_ARGS__
#define WRAP_SYSCALL(id, ident, RET, PARAMS, RAW)
#define WRAP_JUMP(id, ident, RET, PARAMS, RAW)	/* jump_entry.S */
#define WRAP_LIBC(id, ident, RET, PARAMS, RAW)					\
	SHIM_API RET wrap_##ident PARAMS __asm__(#ident);			\
	SHIM_API RET wrap_##ident PARAMS					\
	{									\
		const long arg[SIGSHIM_MAX_ARGS] = { UNPACK RAW };		\
										\
		return (RET)shim_call(id, arg, 0, __builtin_return_address(0));	\
	}
#define SIGSHIM_EVENT(id, ident, name, via, sys, err, effect, RET, PARAMS, RAW, ARGS, DOC) \
	WRAP_##via(id, ident, RET, PARAMS, RAW)
#include <sigshim/events.def>
