/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts a command with libsigshim.so preloaded, otherwise exactly as if it
 * had been started without us. For cmd_run. main-only.
 */
#ifndef SIGSHIM_LAUNCH_H
#define SIGSHIM_LAUNCH_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What a command inherits, as it was when this program began. */
struct inherited {
	sigset_t mask;
	struct sigaction child;		/* disposition of SIGCHLD */
	struct rlimit files;
};

/*
 * Saves it; then blocks the signals that `run` takes from a signalfd, which is
 * returned, or -errno.
 */
int launch_prepare(struct inherited *ret);

/* Environment of the command: ours, the preload, and these NAME=value words. */
char **launch_environment(const char *library, const char *const *words);

/*
 * Runs argv. *ret_error is the errno of a failed exec, else 0; the process is
 * then ended and waited for.
 */
int launch_command(char **argv, char **env, const struct inherited *in, pid_t *ret_pid, int *ret_error);

#endif
