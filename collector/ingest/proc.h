/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel says about a peer: credentials of its socket, /proc, how it
 * ended. Used by ingest/. Pids are the collector's own, "host" pids.
 * Functions keep no state: MT-safe.
 */
#ifndef SIGSHIM_PROC_H
#define SIGSHIM_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "container.h"

#define PROC_TEXT 4096

struct proc_info {
	int ppid;		/* 0: unknown, as all that follows when empty */
	uint64_t started;	/* clock ticks since boot: with the pid, a process's name */
	bool ignored_known;
	uint64_t ignored;	/* the signals that it ignores */
	char comm[32];
	char exe[PROC_TEXT];
	char cwd[PROC_TEXT];
	char cmdline[PROC_TEXT];	/* arguments joined by spaces */
	char container[CONTAINER_ID];	/* as of container.h */
};

/* Reads what there is; a process that has gone leaves fields empty. */
void proc_read(int pid, struct proc_info *ret);

/* A descriptor for the process at the other end of the socket; -errno. */
int proc_pidfd(int sock, int pid);
/* Whether two are of the same process; false where the kernel can't tell. */
bool proc_same(int pidfd, int other);
/* True once it has ended. False for a pidfd of -1. */
bool proc_ended(int pidfd);
/*
 * How it ended, as of waitpid. Tries what the kernel offers to a process that
 * is not its parent; -ENODATA when it is too late or not allowed.
 */
int proc_exit_status(int pidfd, int pid, int *ret_status);

/* The pid in its own namespace; -errno. *ret_nested: that is not ours, though the numbers may be equal. */
int proc_ns_pid(int pid, bool *ret_nested);
/* Whether it runs as root of the host, by every of its user ids. */
bool proc_is_roots(int pid);
/* Its parent; 0: unknown. */
int proc_parent(int pid);
/* When it was started, in clock ticks since boot; 0: unknown. */
uint64_t proc_started(int pid);
/* Whether the process there was started before that CLOCK_MONOTONIC time. */
bool proc_is_older(int pid, uint64_t mono_ns);
/* Whether it is ending, or gone: true before its children have another parent. */
bool proc_is_leaving(int pid);

/* The thread that is `tid` in its own namespace; 0 if it isn't there. */
int proc_host_tid(int pid, int tid);

/* Some process with this text in its environment; 0 if none can be seen. */
int proc_with_environment(const char *text);

/* Whether some mapping of the process has this text in its name; -errno if that can't be seen. */
int proc_maps(int pid, const char *text);

#endif
