/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the measured program share: a worker's state, and the ways
 * down to its call.
 */
#ifndef BENCH_H
#define BENCH_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#define TREE_LEVELS 48

enum call {
	CALL_SIGPROCMASK,
	CALL_SIGALTSTACK,
	CALL_SIGNALFD,
	CALL_SIGQUEUE,
	CALL_GETPPID,	/* a system call that nobody is to see */
};

/* A worker: one thread, or the only one of a process. */
struct job {
	enum call call;
	unsigned int number;
	unsigned int levels;
	uint64_t pool;		/* how many stacks there are; 0: a new one each time */
	uint64_t made;
	uint64_t failed;
	pid_t pid;
	int fd;
	sigset_t set, old;
	stack_t alternate, old_alternate;
	union sigval value;
};

typedef long tree_entry(struct job *job, uint64_t path);
extern tree_entry *const tree_entries[TREE_LEVELS][4];

#endif
