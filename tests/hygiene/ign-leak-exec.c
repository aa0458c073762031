/* SPDX-License-Identifier: BSD-2-Clause */
/* The scheduler of CUPS ignored SIGPIPE, and so did the filters it started:
 * https://github.com/apple/cups/issues/3399 */
#include "case.h"

static void bad(void)
{
	signal(SIGPIPE, SIG_IGN);
	run_true();
}

static void good(void)
{
	pid_t pid;

	signal(SIGPIPE, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static void unsure(void)
{
	lose_records(NULL);
	good();
}
