/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves, when it is compiled, that flags.def and syscalls.def agree with the
 * kernel's own headers. There is no code in it.
 */
#include <stddef.h>

#include <linux/signal.h>
#include <linux/signalfd.h>

#include <sigshim/flags.def>

#define SIGSHIM_FLAG(list, name, value) _Static_assert(name == (value), #name);
SIGSHIM_FLAG_HOW
SIGSHIM_FLAG_SS
SIGSHIM_FLAG_SFD
SIGSHIM_FLAG_SA
SIGSHIM_FLAG_SI
SIGSHIM_FLAG_SIGNAL
#undef SIGSHIM_FLAG

/* Only x86 has the i386 table at hand. */
#ifdef __x86_64__
#include <asm/unistd_32.h>

#define SIGSHIM_SYSARG(name, type)
#define SIGSHIM_SYSCALL(name, compat, tracee_v0, tracee_v1, args) \
	_Static_assert(__NR_##name == (compat), #name);
#include <sigshim/syscalls.def>
#endif
