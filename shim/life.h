/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lives of threads (life.c), for the wrappers and the image's start.
 */
#ifndef SHIM_LIFE_H
#define SHIM_LIFE_H

#include <stdint.h>

/* A number for a thread that is being created, which no other of this image has. */
uint64_t life_number(void);

/* Puts functions in front of those that create threads. Once, after real_resolve. */
void life_begin(void);

#endif
