/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules that can't be opened by their path, since they are in a container:
 * open files by path and build id, at most FILES_MAX. The thread that meets
 * them puts them in, the naming thread asks. Used by ingest/. MT-safe.
 */
#ifndef SIGSHIM_FILES_H
#define SIGSHIM_FILES_H

#include <stdbool.h>
#include <stdint.h>

#define FILES_MAX 1024
#define FILES_OWNED (FILES_MAX / 4)	/* of one container */

struct files;
struct root;

struct files *files_open(void);	/* NULL: no memory */
void files_close(struct files *f);
bool files_has(struct files *f, const char *path, const char *build_id);
/*
 * Takes the descriptor. A negative one says that the file could not be had.
 * The oldest goes when there are too many; that of the same owner (0: none),
 * when it has too many.
 */
void files_put(struct files *f, uint64_t owner, const char *path, const char *build_id, int fd);
/*
 * Puts in the file that a root has under this path, unless it is there already.
 * False for what must not be opened: no regular file, or not one of that root.
 */
bool files_find(struct files *f, const struct root *root, uint64_t owner, const char *path, const char *build_id);
/* A descriptor of the caller's own; -ENOENT: nothing is known; -EACCES: it could not be had. */
int files_get(struct files *f, const char *path, const char *build_id);

#endif
