/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syscall(2): the numbers of the table are recorded, all others go straight on
 * with all six arguments. The exported symbol is in syscall_entry.S: a jump
 * that neither leaves a frame behind (a child that returns on the same stack
 * would trample it) nor touches the caller's, where the seventh argument may
 * or may not be. AS-safe.
 */
#include <sigshim/syscalls.h>
#include <sys/syscall.h>

#include "clone.h"
#include "shim.h"

#include "banned.h"

/* Event id by system call number, 0: not in the table. */
#define MAP_SIZE 512
#define NO_EVENT UINT8_MAX	/* only looked at */
#define AT(nr) [(nr) < 0 ? MAP_SIZE - 1 : (nr)]
#define MAP_LIBC(id, sys)
#define MAP_JUMP(id, sys)
#define MAP_NOTE(id, sys)
#define MAP_SYSCALL(id, sys) AT(SIGSHIM_NR_##sys) = SIGSHIM_NR_##sys < 0 ? 0 : (id),
const uint8_t shim_syscall_map[MAP_SIZE] = {
#define SIGSHIM_EVENT(id, ident, name, via, sys, ...) MAP_##via(id, sys)
#include <sigshim/events.def>
	[SYS_prctl] = NO_EVENT, [SYS_seccomp] = NO_EVENT,
	[SYS_clone] = NO_EVENT, [CLONE3_NR] = NO_EVENT,	/* by syscall_entry.S */
};

long shim_syscall_recorded(long nr, long a, long b, long c, long d, long e, long f);
long shim_syscall_early(long nr, long a, long b, long c, long d, long e, long f);

long shim_syscall_recorded(long nr, long a, long b, long c, long d, long e, long f)
{
	const long arg[SIGSHIM_MAX_ARGS] = { a, b, c, d, e, f };

	if (shim_syscall_map[nr] == NO_EVENT) {
		sandbox_note(nr, a, b);
		return shim_real_syscall ? shim_real_syscall(nr, a, b, c, d, e, f) :
			shim_syscall_early(nr, a, b, c, d, e, f);
	}
	return shim_call(shim_syscall_map[nr], arg, nr, __builtin_frame_address(0));
}

/* Before the originals are known. */
long shim_syscall_early(long nr, long a, long b, long c, long d, long e, long f)
{
	real_resolve();
	return shim_real_syscall(nr, a, b, c, d, e, f);
}
