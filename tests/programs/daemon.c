/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon FILE: becomes a daemon by two forks, which makes a thread, a vfork
 * child, and executes this program anew, whose exit handler has the last word:
 * its pid, in FILE. Every call that it wraps is for tests/e2e/test_lives.py.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *file;

static void change(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(how, &set, NULL);
}

static void last_word(void)
{
	FILE *out = fopen(file, "w");

	change(SIG_BLOCK, SIGUSR2);
	if (out) {
		fprintf(out, "%d\n", (int)getpid());
		fclose(out);
	}
}

static void *work(void *arg)
{
	change(SIG_UNBLOCK, SIGHUP);
	return arg;
}

static void serve(char **argv)
{
	char *again[] = { argv[0], argv[1], (char *)"executed", NULL };
	pthread_t thread;
	pid_t pid;

	change(SIG_BLOCK, SIGHUP);
	pthread_create(&thread, NULL, work, NULL);
	pthread_join(thread, NULL);
	pid = vfork();
	if (pid == 0) {
		change(SIG_BLOCK, SIGTERM);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	execv(argv[0], again);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	file = argv[1];
	if (argc > 2) {
		atexit(last_word);
		exit(0);
	}
	pid = fork();
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (pid != 0)
		return 0;
	setsid();
	if (fork() != 0)
		_exit(0);
	serve(argv);
	return 1;
}
