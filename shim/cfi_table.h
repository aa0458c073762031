/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the unwind tables of a function are. For cfi.c. AS-safe, MT-safe.
 */
#ifndef SHIM_CFI_TABLE_H
#define SHIM_CFI_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* What is left to read. Past its end everything reads as 0, and `bad` is set. */
struct bytes {
	const unsigned char *p, *end;
	bool bad;
};

uint64_t bytes_number(struct bytes *b, unsigned int size);
uint64_t bytes_uleb(struct bytes *b);
int64_t bytes_sleb(struct bytes *b);
void bytes_skip(struct bytes *b, uint64_t n);

/* The tables of one function. */
struct entry {
	struct bytes code, common;	/* instructions: its own, and those of its CIE */
	uintptr_t start;
	uint64_t code_align;
	int64_t data_align;
	bool signal;		/* the kernel's frame for a handler */
};

#define CFI_RETURN 16		/* the column of the return address */

enum entry_found {
	ENTRY_FOUND,
	ENTRY_NONE,		/* there are tables, but not for pc */
	ENTRY_STRANGE,		/* not of the form that compilers for x86-64 write */
};
/* Those of the function at pc. */
enum entry_found entry_find(uintptr_t pc, struct entry *ret);

#endif
