/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a process that has others than we: a container's, or after
 * chroot(2). Held open from its hello, when it waits for the answer, so that
 * they are there when it has long ended. Used by ingest/. main-only.
 */
#ifndef SIGSHIM_ROOT_H
#define SIGSHIM_ROOT_H

#include <stdbool.h>

struct root;

/* Whether a process, in that container or none (""), has a root of its own. */
bool root_is_foreign(int pid, const char *container);
/* NULL when it can't be had. */
struct root *root_open(int pid);
void root_close(struct root *r);

/*
 * A descriptor of a regular file, by its path in there, never outside, on a
 * file system that the kernel itself serves. It does not block: nothing is
 * read from a disk for it. -errno.
 */
int root_open_file(const struct root *r, const char *path);

#endif
