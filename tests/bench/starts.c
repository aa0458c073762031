/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts a program again and again, in turns as it is and with a library
 * preloaded, and waits for it each time: starts N LIBRARY PROGRAM. Writes a
 * line with both times in nanoseconds for each pair.
 */
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t start(char *program, char **env)
{
	char *argv[] = { program, NULL };
	uint64_t begin = now();
	int status = 0, error;
	pid_t pid;

	error = posix_spawn(&pid, program, NULL, NULL, argv, env);
	if (error || waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "starts: %s: %s\n", program, error ? strerror(error) : "did not end as it should");
		exit(1);
	}
	return now() - begin;
}

/* The environment with one more variable. */
static char **preloading(const char *library)
{
	size_t n = 0;
	char **env, *variable;

	while (environ[n])
		n++;
	env = calloc(n + 2, sizeof(*env));
	if (!env || asprintf(&variable, "LD_PRELOAD=%s", library) < 0)
		exit(1);
	memcpy(env, environ, n * sizeof(*env));
	env[n] = variable;
	return env;
}

int main(int argc, char **argv)
{
	char **env;

	if (argc != 4) {
		fprintf(stderr, "usage: starts N LIBRARY PROGRAM\n");
		return 2;
	}
	env = preloading(argv[2]);
	for (int i = atoi(argv[1]); i > 0; i--) {
		uint64_t plain = start(argv[3], environ);

		printf("%lu %lu\n", plain, start(argv[3], env));
	}
	return 0;
}
