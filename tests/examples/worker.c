/* SPDX-License-Identifier: BSD-2-Clause */
/* Code under test; see worker.h. */
#include "worker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int leaks(const char *what)
{
	const char *leak = getenv("LEAK");

	return leak && strcmp(leak, what) == 0;
}

static void hold_off(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(how, &set, NULL);
}

void worker_work(void)
{
	hold_off(SIG_BLOCK);
	if (!leaks("mask"))
		hold_off(SIG_UNBLOCK);
}

void worker_dive(void)
{
	static char memory[64 * 1024];
	const stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) }, none = { .ss_flags = SS_DISABLE };

	sigaltstack(&stack, NULL);
	if (!leaks("altstack"))
		sigaltstack(&none, NULL);
}

void worker_write(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;

	sigaction(SIGPIPE, &ignore, &old);
	if (!leaks("action"))
		sigaction(SIGPIPE, &old, NULL);
}

void worker_listen(void)
{
	sigset_t set, old;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (!leaks("signalfd"))
		close(fd);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}
