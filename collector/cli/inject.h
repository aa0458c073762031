/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `sigshim inject` was told, for its channels. Used by cmd_inject and
 * inject_channels. main-only.
 */
#ifndef SIGSHIM_CLI_INJECT_H
#define SIGSHIM_CLI_INJECT_H

#include <limits.h>

#include "../inject/inject.h"

enum { INJECT_SHIM, INJECT_SOCKET, INJECT_ENV, INJECT_OUTPUT, INJECT_UNDO, INJECT_PRINT_HOOK, INJECT_COMPOSE,
	INJECT_YES, INJECT_OPTIONS };

struct injection {
	const char *value[INJECT_OPTIONS];	/* NULL: not given */
	char **operands;
	char library[PATH_MAX], socket[PATH_MAX];
	struct inject_settings settings;
};

/* Finds the library and the socket's path. Prints why not and returns -errno. */
int injection_find(struct injection *i);

/* The channels; each returns an exit code. */
int channel_bundle(struct injection *i);
int channel_oci_hook(struct injection *i);
int channel_oci_runtime(struct injection *i);
int channel_cdi(struct injection *i);
int channel_env(struct injection *i);
int channel_ld_so_preload(struct injection *i);

#endif
