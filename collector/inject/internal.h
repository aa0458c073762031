/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder share: whole files relative to a directory,
 * and the words that are put into an environment.
 */
#ifndef SIGSHIM_INJECT_INTERNAL_H
#define SIGSHIM_INJECT_INTERNAL_H

#include <json-c/json.h>
#include <sys/types.h>

#include "inject.h"

/* Never follows a link that is the file itself. -ENOENT and so on. */
int file_read(int dir, const char *name, struct inject_text *ret);
/* Replaces it at once, with the mode and owner that it had, or `mode`. */
int file_replace(int dir, const char *name, const char *bytes, size_t len, mode_t mode);

/* The library's and the socket's path as the container has them; `size` is enough for any file name. */
#define CONTAINER_PATH 512
int container_library(const struct inject_settings *s, char *ret, size_t size);
int container_socket(const struct inject_settings *s, char *ret, size_t size);
/* The directory of a path, to be freed; NULL without memory. */
char *directory_of(const char *path);

/* Mount options. connect(2) needs no writable file system. */
#define LIBRARY_OPTIONS "ro", "rbind", "nosuid", "nodev", NULL
#define SOCKET_OPTIONS "ro", "rbind", "nosuid", "nodev", "noexec", NULL
struct json_object *string_array(const char *const *words);

/* Consumes the object. Numbers stay as they were written. */
int json_text(struct json_object *o, int flags, struct inject_text *ret);

#endif
