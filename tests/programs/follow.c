/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * follow FORM [NAME=VALUE]...: executes itself by that form of exec or spawn,
 * with these words as its environment. As `follow show` it prints the one that
 * it has, and blocks a signal.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char program[4096];

static int show(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (char **e = environ; e && *e; e++)
		puts(*e);
	return 0;
}

static int spawned(int error, pid_t pid)
{
	int status = 1;

	if (error == 0)
		waitpid(pid, &status, 0);
	return status != 0;
}

static int execute(const char *form, char **argv, char **env)
{
	pid_t pid = 0;

	if (strcmp(form, "execve") == 0)
		return execve(program, argv, env);
	if (strcmp(form, "execvpe") == 0)
		return execvpe(program, argv, env);
	if (strcmp(form, "execle") == 0)
		return execle(program, argv[0], argv[1], (char *)NULL, env);
	if (strcmp(form, "fexecve") == 0)
		return fexecve(open(program, O_RDONLY | O_CLOEXEC), argv, env);
	if (strcmp(form, "posix_spawn") == 0)
		return spawned(posix_spawn(&pid, program, NULL, NULL, argv, env), pid);
	if (strcmp(form, "posix_spawnp") == 0)
		return spawned(posix_spawnp(&pid, program, NULL, NULL, argv, env), pid);
	environ = env;
	if (strcmp(form, "execv") == 0)
		return execv(program, argv);
	if (strcmp(form, "execvp") == 0)
		return execvp(program, argv);
	if (strcmp(form, "execl") == 0)
		return execl(program, argv[0], argv[1], (char *)NULL);
	if (strcmp(form, "execlp") == 0)
		return execlp(program, argv[0], argv[1], (char *)NULL);
	return 2;
}

int main(int argc, char **argv)
{
	char *args[] = { (char *)"follow", (char *)"show", NULL };
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (n < 0 || argc < 2)
		return 2;
	if (strcmp(argv[1], "show") == 0)
		return show();
	return execute(argv[1], args, argv + 2) != 0;
}
