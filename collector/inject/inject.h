/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting the library into containers without touching their images: one
 * editor of OCI runtime specifications (config.json), and the channels around
 * it. For cli/. Functions return 0 or more, or -errno, never print, and leave
 * ret_ outputs alone when they fail. -EBADMSG: not a specification (or JSON
 * that could not be kept whole). MT-safe but for the umask.
 */
#ifndef SIGSHIM_INJECT_H
#define SIGSHIM_INJECT_H

#include <stdbool.h>
#include <stddef.h>

#define INJECT_ANNOTATION "sigshim.dev/inject"
#define INJECT_CDI_KIND "sigshim.dev/shim"

/* Where a container finds them. Nobody else's, and no tmpfs is put over it. */
#define INJECT_LIBRARY_DIR "/.sigshim/lib"
#define INJECT_SOCKET_DIR "/.sigshim/run"

#define INJECT_MAX_ENV 32
#define INJECT_MAX_SPEC (16u << 20)	/* bytes of a config.json */

/* What to inject. Paths are the host's, absolute, and name the files. */
struct inject_settings {
	const char *library, *socket;
	const char *env[INJECT_MAX_ENV];	/* more words SIGSHIM_NAME=value */
	unsigned int nenv;
};

struct inject_text {
	char *bytes;	/* free() it */
	size_t len;
};

/* --- the editor (spec.c) --- */

/* 1: the annotation asks for it; 0: it doesn't. */
int spec_wants(const char *text, size_t len);
/*
 * The specification with library, socket and environment in it. Editing twice
 * changes nothing more.
 */
int spec_inject(const char *text, size_t len, const struct inject_settings *s, struct inject_text *ret);
/* Takes it out again, as far as it can be told apart. 0 and no output: there is nothing of ours. */
int spec_strip(const char *text, size_t len, struct inject_text *ret);

/* --- channels --- */

/* What spec_wants says of DIR/config.json. */
int bundle_wants(const char *dir);
/* Edits DIR/config.json and keeps what it was beside it. 1: changed; 0: was so already. */
int bundle_inject(const char *dir, const struct inject_settings *s);
/*
 * Gives back what it was, byte for byte; where somebody else has changed the
 * file since, takes ours out of that. 1: changed, 0: nothing was injected.
 */
int bundle_undo(const char *dir);

/*
 * The bundle that an OCI runtime's arguments name (argv[0] is the runtime): 1
 * and the directory, which is one of the arguments or "."; 0 where they create
 * no container.
 */
int runtime_bundle(char **argv, const char **ret_dir);

/* A CDI specification; the hooks.d file that names this program with its options. */
int cdi_text(const struct inject_settings *s, struct inject_text *ret);
int hook_text(const char *const *argv, struct inject_text *ret);
/* -e and -v words for docker and podman, or a fragment for docker compose. */
int flags_text(const struct inject_settings *s, bool compose, struct inject_text *ret);

/*
 * A line for `library` at the beginning of ROOT/etc/ld.so.preload, or without
 * it. Never follows a link out of ROOT. 1: changed, 0: was so already.
 */
int preload_file_edit(const char *root, const char *library, bool undo);

/* Writes a file by putting a new one in its place. -errno. */
int inject_write_file(const char *path, const struct inject_text *text);
/* Everything up to INJECT_MAX_SPEC bytes that a descriptor gives; -EFBIG beyond. */
int inject_read_all(int fd, struct inject_text *ret);

#endif
