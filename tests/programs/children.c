/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that fork, in the ways that test_children.py asks for:
 *
 *   tree N M      N children one after the other, each with M of its own; every
 *                 one makes one call and ends with _exit
 *   killed N      N children that are killed right after their first call
 *   calls N M US  N children at the same time that make M calls, US apart
 *   daemon M US   a child that makes M calls, US apart, while its parent has ended
 *   exec CMD...   a child that makes a call and executes CMD
 *   user          a child that makes its first call as another user
 *   stop PID N M  stops that process, then N children one after the other, M calls each
 *   pidns         a child that is the first of a pid namespace
 *   quiet         a child that makes no call, but a child that makes one
 *   guest         a child whose first call is made by another, on its memory, and then one itself
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void call(int n)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + n % 30);
	sigprocmask(n & 1 ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

static void calls(int n, int us)
{
	for (int i = 0; i < n; i++) {
		call(i);
		if (us)
			usleep((useconds_t)us);
	}
}

static void reap(void)
{
	while (wait(NULL) > 0)
		;
}

static void tree(int n, int m)
{
	for (int i = 0; i < n; i++) {
		if (fork() == 0) {
			call(0);
			tree(m, 0);
			_exit(0);
		}
		reap();
	}
}

static int guest(void *arg)
{
	call(0);
	_exit(0);
}

static void host(void)
{
	static char stack[1 << 16] __attribute__((aligned(16)));

	clone(guest, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
	call(1);
	reap();
}

static int child(int argc, char **argv)
{
	const char *how = argv[1];

	if (!strcmp(how, "killed")) {
		call(0);
		raise(SIGKILL);
	} else if (!strcmp(how, "calls")) {
		calls(atoi(argv[3]), atoi(argv[4]));
	} else if (!strcmp(how, "daemon")) {
		setsid();
		calls(atoi(argv[2]), atoi(argv[3]));
	} else if (!strcmp(how, "exec")) {
		call(0);
		execv(argv[2], argv + 2);
	} else if (!strcmp(how, "quiet")) {
		tree(1, 0);
	} else if (!strcmp(how, "guest")) {
		host();
	} else {
		if (!strcmp(how, "user") && setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		call(0);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int n = 1;

	call(0);
	if (!strcmp(how, "tree")) {
		tree(atoi(argv[2]), atoi(argv[3]));
		return 0;
	}
	if (!strcmp(how, "stop")) {
		kill(atoi(argv[2]), SIGSTOP);
		for (n = atoi(argv[3]); n > 0; n--, reap())
			if (fork() == 0)
				return calls(atoi(argv[4]), 0), 0;
		return 0;
	}
	if (!strcmp(how, "killed") || !strcmp(how, "calls"))
		n = atoi(argv[2]);
	if (!strcmp(how, "pidns") && unshare(CLONE_NEWPID) < 0)
		return 1;
	for (int i = 0; i < n; i++)
		if (fork() == 0)
			return child(argc, argv);
	if (strcmp(how, "daemon") != 0)
		reap();
	return 0;
}
