/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executed programs and what is added to their environments: follow.c stands
 * in front of exec, environ.c makes the new environment. AS-safe but for
 * follow_begin, which runs once at the start.
 */
#ifndef SHIM_ENVIRON_H
#define SHIM_ENVIRON_H

#include "shim.h"

/* Puts functions in front of exec that add what `env` has of ours. Once, after real_resolve. */
void follow_begin(char **env);

/* Notes what a new program needs. False when our own path is not known. */
bool environ_keep(char **env);
/* What a program is to get, and how it has to change. */
struct environ_change {
	char *const *env;
	const char *preload;	/* LD_PRELOAD's value in it, NULL for none */
	size_t length;		/* of the value */
	unsigned int n, at;	/* entries; the one that LD_PRELOAD has or gets */
	uint32_t present;	/* bit i: our variable i is there */
};
/* The room that environ_write needs; 0 when the environment is to be passed on as it is. */
size_t environ_measure(struct environ_change *c, char *const *env);
/* Makes the new one in the room. */
char **environ_write(const struct environ_change *c, void *room);

#endif
