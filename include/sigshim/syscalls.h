/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native numbers of the system calls in syscalls.def: SIGSHIM_NR_<name>, -1
 * where the architecture has no such call (aarch64 has no signalfd).
 */
#ifndef SIGSHIM_SYSCALLS_H
#define SIGSHIM_SYSCALLS_H

#include <sys/syscall.h>

#define SIGSHIM_NR_rt_sigprocmask SYS_rt_sigprocmask
#define SIGSHIM_NR_rt_sigqueueinfo SYS_rt_sigqueueinfo
#define SIGSHIM_NR_sigaltstack SYS_sigaltstack
#ifdef SYS_signalfd
#define SIGSHIM_NR_signalfd SYS_signalfd
#else
#define SIGSHIM_NR_signalfd (-1)
#endif
#define SIGSHIM_NR_signalfd4 SYS_signalfd4
#define SIGSHIM_NR_rt_tgsigqueueinfo SYS_rt_tgsigqueueinfo

#endif
