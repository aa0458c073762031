/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder share: an opened ELF image, a module with its
 * debug files, the table of function symbols, and DWARF's scopes. No other
 * folder includes this. Same safety class as symbols.h: one thread at a time.
 *
 * All addresses are ELF virtual addresses: images are opened so that libdwfl
 * adds no bias, and what would need one is not used.
 */
#ifndef SIGSHIM_SYMBOLS_INTERNAL_H
#define SIGSHIM_SYMBOLS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <elfutils/libdwfl.h>

#include "symbols.h"

/* weight.c: bytes that are read and kept when a file is looked into. */
struct weight {
	uint64_t names, debug;
	bool debug_is_fit;	/* debug information is not too large to be used */
};
/* -EFBIG: it is too large for anything. */
int weight_of(Elf *elf, struct weight *ret);

/*
 * image.c: one ELF file, opened with distrust. Its bytes are read, never
 * mapped: a file that is truncated while in use then gives errors, not SIGBUS.
 */
struct image {
	char *path;
	int fd;
	int64_t size;
	struct timespec mtime;
	Elf *elf;
	Dwfl *dwfl;
	Dwfl_Module *mod;
	struct weight weight;
	bool debuginfod;	/* libdwfl may ask the servers for the debug file */
};

int image_open(const char *path, struct image **ret);
void image_close(struct image *im);
/* Whether the file was written to since it was opened. */
bool image_changed(const struct image *im);
/* Whether it still is what `path` leads to. */
bool image_is_at(const struct image *im, const char *path);
/* The build id in hex, "" if it has none. */
#define BUILD_ID_HEX_MAX 129
void image_build_id(const struct image *im, char hex[static BUILD_ID_HEX_MAX]);
/* It was found in another root: paths that it names mean nothing here. */
bool image_is_foreign(const struct image *im);
bool image_has_section(const struct image *im, const char *name);
bool elf_has_symtab(Elf *elf);
/* Ends DWARF's string sections with a NUL, as libdw trusts them to. After dwfl_module_getdwarf. */
void image_end_strings(struct image *im);

/* debugfile.c: where debug information that was split off is found. */
int debugfile_open(const struct image *main, struct image **ret);
/* What dwz moved out of `dwarf`, a part of `from`; -ENODATA if it moved nothing. */
int debugfile_open_alt(const struct image *from, Dwarf *dwarf, struct image **ret);

/* functab.c: function symbols, sorted by address. */
struct func {
	uint64_t start, end;
	const char *name;	/* mangled, maybe with "@version" */
	unsigned int rank;	/* the lowest of aliases is used, */
	int order;		/* then the first in the file */
};

struct functab {
	struct func *func;
	uint64_t *reach;	/* reach[i]: the highest end of func[0..i] */
	size_t n;
};

int functab_load(struct image *im, struct functab *ret);
void functab_free(struct functab *t);
const struct func *functab_find(const struct functab *t, uint64_t addr);

/* scopes.c: compilation units, functions, inlined calls and lines. */
struct unit {
	uint64_t start, end;
	Dwarf_Off die;
};

struct unittab {
	struct unit *unit;
	size_t n;
};

int unittab_load(Dwarf *dwarf, struct unittab *ret);
void unittab_free(struct unittab *t);
/*
 * Fills set->level for `addr`, without the line of the innermost, with names
 * still mangled and function_offset counted for `offset`. Names may be NULL.
 */
void scopes_find(Dwarf *dwarf, const struct unittab *t, uint64_t addr, uint64_t offset,
		 struct symbol_set *set);
void scopes_find_line(Dwarf *dwarf, const struct unittab *t, uint64_t addr, struct symbol *ret);

/* module.c: a file with all that belongs to it. */
struct module {
	char *path;
	char *build_id;
	struct image *main, *debug, *alt;
	Dwarf *dwarf;		/* NULL: none */
	Dwarf_CFI *eh_frame, *debug_frame;
	struct functab funcs;
	struct unittab units;
};

int module_open(const char *file, const char *path, const char *build_id, bool debuginfod, struct module **ret);
void module_close(struct module *m);
/* Bytes of memory that it may take. */
uint64_t module_weight(const struct module *m);
/* Whether what was opened no longer is what the path and build id ask for. */
bool module_is_stale(const struct module *m, const char *file);
void module_lookup(struct module *m, uint64_t offset, bool exact, struct symbol_set *ret);

#endif
