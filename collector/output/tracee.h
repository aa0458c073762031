/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events as the system calls that Tracee's consumers know: what its two
 * layouts share. For the files of this folder.
 */
#ifndef SIGSHIM_TRACEE_H
#define SIGSHIM_TRACEE_H

#include "json.h"

/*
 * The arguments of the event's system call in its order. A libc wrapper's
 * arguments are matched by name; those that libc makes itself are what it
 * makes: the kernel's set size, and 0 for a siginfo_t inside libc or a thread
 * that only libc can name. Returns how many.
 */
unsigned int tracee_args(const struct log_event *ev, uint64_t ret[static SIGSHIM_MAX_ARGS]);

/* What the kernel returned: -errno on failure, also where pthreads return the error. */
int64_t tracee_return(const struct log_event *ev);

/* Stable within a log's run, distinct for its processes and threads; 0 is none. */
uint32_t tracee_entity(const struct log_event *ev, int64_t process, int64_t thread);

#endif
