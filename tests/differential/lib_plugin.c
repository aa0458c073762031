/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plug-in, to be loaded and unloaded over and over.
 */
#include <signal.h>
#include <stddef.h>

int plugin_call(int how);

int plugin_call(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return sigprocmask(how, &set, NULL);
}

static __attribute__((constructor)) void begin(void)
{
	plugin_call(SIG_BLOCK);
}

static __attribute__((destructor)) void end(void)
{
	plugin_call(SIG_UNBLOCK);
}
