/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported wrappers of libc functions, expanded from the table: each hands
 * its arguments and its frame to shim_call. They have names of their
 * own in C, since libc's headers rename some of the functions (sigpause), and
 * the table spells some parameters as void pointers. AS-safe as the functions
 * themselves are.
 */
#include <pthread.h>
#include <signal.h>

#include "life.h"
#include "shim.h"

#include "banned.h"

#define UNPACK(...) __VA_ARGS__
#define WRAP_SYSCALL(id, ident, RET, PARAMS, RAW)
#define WRAP_NOTE(id, ident, RET, PARAMS, RAW)
#define WRAP_JUMP(id, ident, RET, PARAMS, RAW)	/* jump_entry.S */
#define WRAP_LIBC(id, ident, RET, PARAMS, RAW)					\
	SHIM_API RET wrap_##ident PARAMS __asm__(#ident);			\
	SHIM_API RET wrap_##ident PARAMS					\
	{									\
		const long raw_[SIGSHIM_MAX_ARGS] = { UNPACK RAW };		\
										\
		return (RET)shim_call(id, raw_, 0, __builtin_frame_address(0));	\
	}
/* mask.c has those of mask changes. */
#define OF_NONE(via, ...) WRAP_##via(__VA_ARGS__)
#define OF_APART(via, ...) WRAP_##via(__VA_ARGS__)
#define OF_QUERY(via, ...) WRAP_##via(__VA_ARGS__)
#define OF_WHILE(via, ...) WRAP_##via(__VA_ARGS__)
#define OF_MASK(via, ...)
#define OF_JUMP(via, ...)	/* jump_entry.S */
#define SIGSHIM_EVENT(id, ident, name, via, sys, err, effect, RET, PARAMS, RAW, ARGS, DOC) \
	OF_##effect(via, id, ident, RET, PARAMS, RAW)
#include <sigshim/events.def>
