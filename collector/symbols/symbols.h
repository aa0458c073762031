/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for code addresses, by elfutils: function, offset, source line and
 * inlined frames. Only this folder sees libdwfl. Uses nothing of the collector
 * but this face; ingest, and commands that read an unfinished log, use it. A
 * symbolizer belongs to one thread at a time.
 */
#ifndef SIGSHIM_SYMBOLS_H
#define SIGSHIM_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct symbolizer;

struct symbols_options {
	bool debuginfod;	/* ask debuginfod servers when DEBUGINFOD_URLS is set */
	unsigned int max_modules;	/* files kept open at once; 0: 256 */
};

/* opt may be NULL. 0 or -errno. */
int symbols_open(const struct symbols_options *opt, struct symbolizer **ret);
void symbols_close(struct symbolizer *s);

#define SYMBOLS_MAX_LEVELS 32

struct symbol {
	char *function;		/* demangled; NULL: unknown */
	uint64_t function_offset;	/* of the address from the function's start */
	char *file;		/* NULL: unknown */
	int line;
	bool inlined;		/* inlined into the next level */
};

struct symbol_set {
	struct symbol level[SYMBOLS_MAX_LEVELS];	/* innermost first */
	unsigned int n;
	bool signal;		/* the kernel's signal trampoline (CFI augmentation S) */
};

/*
 * Names the address `offset` (an ELF virtual address) of the file at `path`,
 * which must still have the build id `build_id` (hex, "" if unknown: then the
 * file is taken as it is). `exact`: an interrupted instruction, else a return
 * address, for which the call before it is named. Strings in *ret live until
 * symbols_free_set. Returns 0 with n levels (0: no name), or
 *   -ENOENT  the file is gone         -ESTALE  its build id differs
 *   -EINVAL  not ELF                  -errno   otherwise
 * and then a caller shows module+offset. Results for a module are cached.
 */
int symbols_lookup(struct symbolizer *s, const char *path, const char *build_id,
		   uint64_t offset, bool exact, struct symbol_set *ret);
/* The same, where the file that is `path` to its process is found at `file`. */
int symbols_lookup_at(struct symbolizer *s, const char *file, const char *path, const char *build_id,
		      uint64_t offset, bool exact, struct symbol_set *ret);
void symbols_free_set(struct symbol_set *set);

/* Demangles C++ and Rust names (v0 and legacy); returns a malloced copy in any case. */
char *symbols_demangle(const char *name);

#endif
