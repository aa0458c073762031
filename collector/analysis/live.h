/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The masks that a running process has now, from /proc, to compare a log
 * with. cli/ uses it. MT-safe.
 */
#ifndef SIGSHIM_LIVE_H
#define SIGSHIM_LIVE_H

#include <stdint.h>

struct live_thread {
	int host_tid;
	int tid;		/* in its innermost pid namespace */
	uint64_t mask;		/* SigBlk */
};

/* All threads of a process, by tid. Returns how many, or -errno; free *ret. */
int live_threads(int host_pid, struct live_thread **ret);

#endif
