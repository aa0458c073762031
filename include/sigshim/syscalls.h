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
#define SIGSHIM_NR_rt_sigaction SYS_rt_sigaction
#define SIGSHIM_NR_rt_sigsuspend SYS_rt_sigsuspend
#define SIGSHIM_NR_rt_sigtimedwait SYS_rt_sigtimedwait
#define SIGSHIM_NR_pselect6 SYS_pselect6
#define SIGSHIM_NR_ppoll SYS_ppoll
#define SIGSHIM_NR_epoll_pwait SYS_epoll_pwait
/* The generic number, for headers older than the call (Linux 5.11, 5.1). */
#define SIGSHIM_NR_epoll_pwait2 441
#define SIGSHIM_NR_pidfd_send_signal 424
#define SIGSHIM_NR_kill SYS_kill
#define SIGSHIM_NR_tkill SYS_tkill
#define SIGSHIM_NR_tgkill SYS_tgkill

#endif
