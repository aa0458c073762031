/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things are: the collector's socket and log, libsigshim.so, a private
 * socket for one run. For the commands. main-only.
 */
#ifndef SIGSHIM_PATHS_H
#define SIGSHIM_PATHS_H

#include <limits.h>
#include <stddef.h>

/* As the shim does: $XDG_RUNTIME_DIR/sigshim/collector.sock, else under /run. */
void paths_socket(char *ret, size_t size);
/* As the shim does, $SIGSHIM_SOCKET before it. */
void paths_peer_socket(char *ret, size_t size);
/* The daemon's log: $SIGSHIM_LOG, else one for the system or the user. */
void paths_daemon_log(char *ret, size_t size);
/* Makes the directories above a file. 0 or -errno. */
int paths_make_parents(const char *file);

/*
 * libsigshim.so as an absolute path: `asked` (--shim), $SIGSHIM_LIBRARY, beside
 * this program, or where it was installed. Prints what to do and returns
 * -ENOENT when there is none.
 */
int paths_library(const char *asked, char *ret, size_t size);
/* The same for containers: the portable one, in a directory of its own. */
int paths_portable(const char *asked, char *ret, size_t size);
/* A path as it reads from everywhere. -ENAMETOOLONG or -errno. */
int paths_absolute(const char *path, char *ret, size_t size);

/* A socket that only those find who are told; its directory is removed with it. */
struct private_socket {
	char dir[PATH_MAX], path[PATH_MAX];
	int fd;			/* listening; ingest's once it has it */
};
int private_socket_open(struct private_socket *ret);
void private_socket_remove(struct private_socket *p);

#endif
