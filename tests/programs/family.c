/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes children in every common way; each makes one call with a signal of its
 * own, so the log shows who was recorded as whom: the parent SIGHUP, a forked
 * child SIGINT, its child SIGQUIT, a vfork child SIGILL, a program started by
 * posix_spawn SIGTRAP, one started by fork and exec SIGABRT, one with a
 * changed environment SIGBUS.
 */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void block(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void reap(pid_t pid)
{
	int status;

	if (pid <= 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "family: a child failed\n");
		exit(1);
	}
}

static void forked(void)
{
	pid_t pid = fork(), grandchild;

	if (pid == 0) {
		block(SIGINT);
		grandchild = fork();
		if (grandchild == 0) {
			block(SIGQUIT);
			_exit(0);
		}
		reap(grandchild);
		_exit(0);
	}
	reap(pid);
}

static void vforked(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		block(SIGILL);
		_exit(0);
	}
	reap(pid);
}

static void execed(char *self, char *number, char **env)
{
	char *argv[] = { self, number, NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execve(self, argv, env);
		_exit(127);
	}
	reap(pid);
}

int main(int argc, char **argv)
{
	char *spawned[] = { argv[0], (char *)"5", NULL };
	pid_t pid;

	if (argc > 1) {
		block(atoi(argv[1]));
		return 0;
	}
	block(SIGHUP);
	forked();
	vforked();
	if (posix_spawn(&pid, argv[0], NULL, NULL, spawned, environ) != 0)
		return 1;
	reap(pid);
	execed(argv[0], (char *)"6", environ);
	setenv("FAMILY", "changed", 1);
	execed(argv[0], (char *)"7", environ);
	printf("%d\n", (int)getpid());
	return 0;
}
