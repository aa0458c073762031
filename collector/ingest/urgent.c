/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the thread that empties rings run soon when it has something to do:
 * it needs little of a CPU, but a ring that a tight loop fills is full in a few
 * milliseconds. main-only.
 */
#include "urgent.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS 100000		/* a short slice has an early deadline (Linux 6.12) */
#define NICE (-15)		/* beside a hundred busy threads too; what it takes, they give it */
#define RESET_ON_FORK 1		/* what we start runs as if nothing were */

/* The kernel's struct sched_attr, as of its first version. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

void urgent_begin(void)
{
	struct attributes attr = {
		.size = sizeof(attr), .policy = SCHED_OTHER, .flags = RESET_ON_FORK, .nice = NICE,
		.runtime = SLICE_NS,
	};

	/* Who chose something else for us meant it. */
	if (sched_getscheduler(0) != SCHED_OTHER || getpriority(PRIO_PROCESS, 0) != 0)
		return;
	if (syscall(SYS_sched_setattr, 0, &attr, 0) == 0)
		return;
	attr.nice = 0;		/* more is not allowed */
	syscall(SYS_sched_setattr, 0, &attr, 0);
}
