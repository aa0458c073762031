/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules that can't be opened by their path, since they are in a container:
 * open files by path and build id, at most FILES_MAX. The thread that meets
 * them puts them in, the naming thread asks. Used by ingest/. MT-safe.
 */
#ifndef SIGSHIM_FILES_H
#define SIGSHIM_FILES_H

#include <stdbool.h>

#define FILES_MAX 256

struct files;

struct files *files_open(void);	/* NULL: no memory */
void files_close(struct files *f);
bool files_has(struct files *f, const char *path, const char *build_id);
/*
 * Takes the descriptor. A negative one says that the file could not be had.
 * The oldest goes when there are too many.
 */
void files_put(struct files *f, const char *path, const char *build_id, int fd);
/* A descriptor of the caller's own; -ENOENT: nothing is known; -EACCES: it could not be had. */
int files_get(struct files *f, const char *path, const char *build_id);

#endif
