/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of the program's memory; see copy.c. AS-safe, MT-safe.
 */
#ifndef SHIM_COPY_H
#define SHIM_COPY_H

#include "shim.h"

/*
 * Copies n bytes (at least 8) from the program's memory, asking the kernel
 * first whether they can be read. False if not.
 */
bool copy_checked(void *to, uintptr_t from, size_t n);
/*
 * Copies what an argument of this kind points to, sigshim_kind_copy(kind)
 * bytes. Unless the kernel has accepted the address it is asked first; false
 * if it can't be read.
 */
bool copy_argument(enum sigshim_kind kind, unsigned char *to, uintptr_t from, bool accepted);
/* The same, with the commonest at once. */
static inline bool copy_here(enum sigshim_kind kind, unsigned char *to, uintptr_t from, bool accepted)
{
	if (likely(accepted && (kind == SIGSHIM_KIND_SIGSET_IN || kind == SIGSHIM_KIND_SIGSET_OUT))) {
		__builtin_memcpy(to, (const void *)from, SIGSHIM_COPY_SIGSET);
		return true;
	}
	return copy_argument(kind, to, from, accepted);
}

#endif
