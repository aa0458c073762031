/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The face of libunwind. Two files implement it, and the Makefile picks one:
 * unwinder_dlopen.c opens the distribution's libunwind.so.8, and
 * unwinder_linked.c stands for the libunwind inside the portable library
 * (portable.mk). For stack.c.
 */
#ifndef SHIM_UNWINDER_H
#define SHIM_UNWINDER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * unw_backtrace; NULL while there is none. A pointer, so that no frame of ours
 * is added to those that the walk begins with.
 */
extern int (*unwinder_walk)(void **pc, int size);

/* Makes it ready; may allocate. False, aloud, when stacks can't be walked. */
bool unwinder_load(void);

/* Points what a libunwind.so imports at functions of ours. */
struct link_map;
bool imports_replace(const struct link_map *lib);

#endif
