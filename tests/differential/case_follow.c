/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executing with environments that were emptied, replaced, or are none at all,
 * while the library follows: results, arguments and the program's own
 * variables are the same, and its arrays are as they were. Each new program
 * that is reached with an environment of less than thousands makes one call. (fexecve takes a null one for an error.)
 */
/* env: SIGSHIM_FOLLOW=1 */
/* expect: events=32 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>

#include "case.h"

#define PROGRAM "/proc/self/exe"
#define MANY 5000

static char **env, *args[] = { "case", "one", "", "three", NULL };
static pid_t spawned;

static void show_strings(const char *who, char **strings)
{
	for (; strings && *strings; strings++)
		if (strncmp(*strings, "LD_PRELOAD=", 11) != 0 && strncmp(*strings, "SIGSHIM_", 8) != 0)
			say("%s: %.60s", who, *strings);
}

static int executed(char **argv)
{
	sigset_t set = set_of(SIGUSR2, 0);

	show_strings("argument", argv);
	show_strings("variable", environ);
	show_state("new program");
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	return 7;
}

static long by_execve(const char *path)
{
	return CALL(execve(path, args, env));
}

static long by_execv(const char *path)
{
	environ = env;
	return CALL(execv(path, args));
}

static long by_execvp(const char *path)
{
	environ = env;
	return CALL(execvp(path, args));
}

static long by_execvpe(const char *path)
{
	return CALL(execvpe(path, args, env));
}

static long by_execl(const char *path)
{
	environ = env;
	return CALL(execl(path, "case", "1", "2", "3", "4", "5", "6", "7", "8", (char *)NULL));
}

static long by_execlp(const char *path)
{
	environ = env;
	return CALL(execlp(path, "case", "1", (char *)NULL));
}

static long by_execle(const char *path)
{
	return CALL(execle(path, "case", "1", "2", "3", "4", "5", "6", "7", (char *)NULL, env));
}

static long by_fexecve(const char *path)
{
	return CALL(fexecve(open(path, O_RDONLY | O_CLOEXEC), args, env));
}

/* Nothing is printed while the child prints. */
static long spawn_end(const char *who, int error)
{
	if (error == 0)
		show_end(who, spawned);
	say("%s = %s", who, error_name(error));
	return error;
}

static long by_spawn(const char *path)
{
	int error = posix_spawn(&spawned, path, NULL, NULL, args, env);

	return spawn_end("posix_spawn", error);
}

static long by_spawnp(const char *path)
{
	int error = posix_spawnp(&spawned, path, NULL, NULL, args, env);

	return spawn_end("posix_spawnp", error);
}

static long (*const forms[])(const char *) = {
	by_execve, by_execv, by_execvp, by_execvpe, by_execl, by_execlp, by_execle, by_fexecve, by_spawn, by_spawnp,
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

static void in_child(long (*form)(const char *), const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		form(path);
		_exit(8);
	}
	show_end("child", pid);
}

static void all_forms(const char *what, char **environment)
{
	say("-- %s", what);
	env = environment;
	for (size_t i = 0; i < FORMS; i++)
		in_child(forms[i], PROGRAM);
}

static void failures(char **environment)
{
	char *before[5];

	say("-- what is not there");
	memcpy(before, environment, sizeof(before));
	env = environment;
	for (size_t i = 0; i < FORMS; i++)
		in_child(forms[i], "/nonexistent/program");
	CALL(execve("/nonexistent", args, env));
	CALL(execle("/nonexistent", "case", (char *)NULL, env));
	CALL(posix_spawn(NULL, "/nonexistent", NULL, NULL, args, env));
	say("the array is %s", memcmp(before, env, sizeof(before)) == 0 ? "as it was" : "changed");
}

static void hostile(char **environment)
{
	char **bad = page_end(2 * sizeof(char *), PROT_READ | PROT_WRITE);

	say("-- environments that can't be read");
	bad[0] = environment[0];
	bad[1] = environment[0];
	CALL(execve(PROGRAM, args, bad));
	bad[1] = nowhere();
	CALL(execve(PROGRAM, args, bad));
	CALL(execve(PROGRAM, args, nowhere()));
	CALL(execve(PROGRAM, args, (char **)((uintptr_t)nowhere() + 1)));
	CALL(execve(NULL, args, environment));
	CALL(execve(PROGRAM, nowhere(), environment));
	say("-- at the end of a page");
	bad[0] = strcpy(page_end(4, PROT_READ | PROT_WRITE), "A=1");
	bad[1] = NULL;
	mprotect((void *)((uintptr_t)bad & ~4095ul), 4096, PROT_READ);
	env = bad;
	in_child(by_execve, PROGRAM);
}

static void many(void)
{
	static char *entries[MANY + 1];
	static char huge[200000] = "LD_PRELOAD=";

	say("-- many and large");
	for (int i = 0; i < MANY; i++)
		entries[i] = "=";
	entries[0] = "FIRST=1";
	env = entries;
	memset(huge + 11, ':', sizeof(huge) - 12);
	CALL(execve(PROGRAM, args, (char *[]){ huge, NULL }));
	if (fork() == 0) {
		execve("/bin/true", args, env);
		_exit(9);
	}
	show_end("many", -1);
}

/* Where the program's own environment just fits, there is no place for more. */
static void nearly_too_large(void)
{
	enum { LARGEST = 128 * 1024, STEP = 8, STEPS = 50 };
	static char filler[LARGEST] = "F=";
	struct rlimit limit = { .rlim_cur = 4 * LARGEST, .rlim_max = RLIM_INFINITY };
	int fit = 0, status;

	memset(filler + 2, 'x', sizeof(filler) - 3);
	for (int i = 0; i < STEPS; i++) {
		pid_t pid = fork();

		filler[LARGEST - 1 - i * STEP] = '\0';
		if (pid == 0) {
			setrlimit(RLIMIT_STACK, &limit);
			execve("/bin/true", args, (char *[]){ filler, NULL });
			_exit(9);
		}
		waitpid(pid, &status, 0);
		fit += status == 0;
	}
	say("-- %d of %d lengths fit", fit, STEPS);
}

static void handler(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	by_execve(PROGRAM);
}

static void places(char **environment)
{
	static char memory[65536];
	stack_t ss = { .ss_sp = memory, .ss_size = sizeof(memory) };
	pid_t pid;

	say("-- in a vfork child");
	env = environment;
	pid = vfork();
	if (pid == 0) {
		execve("/nonexistent", args, env);
		execve(PROGRAM, args, env);
		_exit(1);
	}
	show_end("vfork child", pid);
	say("-- in a handler on an alternate stack");
	handle(SIGUSR1, handler, SA_ONSTACK);
	pid = fork();
	if (pid == 0) {
		kernel(SYS_sigaltstack, &ss, 0, 0, 0);
		raise(SIGUSR1);
		_exit(1);
	}
	show_end("handler", pid);
}

int main(int argc, char **argv)
{
	char *none[] = { NULL }, *few[] = { "PATH=/bin", "A=", "B=1", "LD_PRELOAD=", NULL };

	if (argc > 1)
		return executed(argv);
	all_forms("emptied", none);
	all_forms("few", few);
	all_forms("null", NULL);
	failures(few);
	hostile(few);
	many();
	nearly_too_large();
	places(few);
	show_strings("passed", few);
	show_strings("variable", environ);
	return 0;
}
