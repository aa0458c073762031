/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which container a process is in, from what the kernel says of its control
 * groups and namespaces. Used by ingest/. MT-safe.
 */
#ifndef SIGSHIM_CONTAINER_H
#define SIGSHIM_CONTAINER_H

#define CONTAINER_ID 72

/*
 * The engine's id of 64 hex digits, else the name that a runtime knows it by,
 * else "mnt:INODE"; "" for one of the host.
 */
void container_of_process(int pid, char ret[static CONTAINER_ID]);

/* The engine's id alone; "" if the control group has none. */
void container_of_cgroup(int pid, char ret[static CONTAINER_ID]);

/* The id that the text of a /proc/PID/cgroup has; "" if none. */
void container_in_cgroups(const char *text, char ret[static CONTAINER_ID]);

#endif
