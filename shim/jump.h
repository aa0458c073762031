/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jumps whose mask the library sets itself; see jump.c. AS-safe, MT-safe.
 */
#ifndef SHIM_JUMP_H
#define SHIM_JUMP_H

#include "shim.h"

/* Finds out whose functions the wrappers stand in front of; needs dlopen: constructor only. */
void jump_resolve(void);
/*
 * What takes the place of the jump that event `id` stands for once its mask has
 * been set; NULL: there is nothing, and the mask is not to be set.
 */
shim_function *jump_unmasked(unsigned int id);
/* What takes the place of setcontext or swapcontext, and records it; NULL: there is nothing. */
shim_function *jump_switch(unsigned int id);

#endif
