/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration files: `key = value` lines with the names of a command's long
 * options; # begins a comment. For the commands. main-only.
 */
#ifndef SIGSHIM_CONFIG_H
#define SIGSHIM_CONFIG_H

#include "cli.h"

/*
 * Calls set with the index of the option in cmd->options and its value, which
 * stays valid. A key that is `skip` is not one. Prints what is wrong and
 * returns EXIT_USAGE or EXIT_FAILED.
 */
int config_read(const char *path, const struct cli_command *cmd, const char *skip,
		int (*set)(int option, const char *value, void *arg), void *arg);

#endif
