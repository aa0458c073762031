/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a command; see launch.h. main-only.
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

int launch_prepare(struct inherited *ret)
{
	static const int taken[] = { SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	struct sigaction wait_for_it = { .sa_handler = SIG_DFL };
	sigset_t set;
	int fd;

	getrlimit(RLIMIT_NOFILE, &ret->files);
	/* Ignored, it would take the command's status from us. */
	sigaction(SIGCHLD, &wait_for_it, &ret->child);
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		sigaddset(&set, taken[i]);
	sigprocmask(SIG_BLOCK, &set, &ret->mask);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	/* A log that may not grow is a log that can't be written, not the end of us. */
	sigaddset(&set, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return fd < 0 ? -errno : fd;
}

static size_t name_length(const char *word)
{
	return (size_t)(strchrnul(word, '=') - word);
}

/* Whether one of the words sets the variable of this entry. */
static int is_replaced(const char *entry, const char *const *words)
{
	size_t n = name_length(entry);

	if (strncmp(entry, "LD_PRELOAD=", n + 1) == 0)
		return 1;
	for (; *words; words++)
		if (name_length(*words) == n && strncmp(*words, entry, n) == 0)
			return 1;
	return 0;
}

char **launch_environment(const char *library, const char *const *words)
{
	const char *preload = getenv("LD_PRELOAD");
	size_t n = 2, i = 0;
	char **env, *first;

	for (char **e = environ; *e; e++)
		n++;
	for (const char *const *w = words; *w; w++)
		n++;
	env = calloc(n, sizeof(*env));
	if (!env || asprintf(&first, "LD_PRELOAD=%s%s%s", library, preload && *preload ? ":" : "",
			     preload ? preload : "") < 0) {
		free(env);
		return NULL;
	}
	env[i++] = first;
	for (char **e = environ; *e; e++)
		if (!is_replaced(*e, words))
			env[i++] = *e;
	for (const char *const *w = words; *w; w++)
		env[i++] = (char *)*w;
	return env;
}

/* In the child: as if nothing had been between. */
static void become(char **argv, char **env, const struct inherited *in, int tell)
{
	int error;

	setrlimit(RLIMIT_NOFILE, &in->files);
	sigaction(SIGCHLD, &in->child, NULL);
	sigprocmask(SIG_SETMASK, &in->mask, NULL);
	execvpe(argv[0], argv, env);
	error = errno;
	if (write(tell, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

int launch_command(char **argv, char **env, const struct inherited *in, pid_t *ret_pid, int *ret_error)
{
	int tell[2], error = 0;
	pid_t pid;

	if (pipe2(tell, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		become(argv, env, in, tell[1]);
	close(tell[1]);
	if (pid > 0 && read(tell[0], &error, sizeof(error)) == sizeof(error))
		waitpid(pid, NULL, 0);
	close(tell[0]);
	if (pid < 0)
		return -errno;
	*ret_pid = pid;
	*ret_error = error;
	return 0;
}
