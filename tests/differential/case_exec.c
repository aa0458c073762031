/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chains of exec: masks and pending signals go along, alternate stacks and
 * our descriptor don't; also with an environment that was emptied or changed.
 */
#include "case.h"

extern char **environ;

static void calls(const char *who)
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN + 1, 0);
	static char memory[65536];
	stack_t ss = { .ss_sp = memory, .ss_size = sizeof(memory) };

	show_state(who);
	CALL(sigaltstack(&ss, NULL));
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	raise(SIGUSR1);
}

static void *exec_in_thread(void *arg)
{
	char **argv = arg;

	execve("/proc/self/exe", argv, environ);
	_exit(1);
}

int main(int argc, char **argv)
{
	int step = argc > 1 ? atoi(argv[1]) : 0;
	char next[16], who[32], *args[] = { "case", next, NULL }, *none[] = { NULL };
	char *few[] = { "PATH=/bin", "LD_PRELOAD=", NULL };
	pthread_t thread;

	snprintf(next, sizeof(next), "%d", step + 1);
	snprintf(who, sizeof(who), "program %d", step);
	calls(who);
	if (step < 3)
		execve("/proc/self/exe", args, environ);
	if (step == 3) {
		pthread_create(&thread, NULL, exec_in_thread, args);
		pthread_join(thread, NULL);
	}
	if (step == 4) {
		pid_t pid = vfork();

		if (pid == 0) {
			execve("/nonexistent", args, environ);
			execve("/proc/self/exe", args, few);
			_exit(1);
		}
		show_end("the one in a changed environment", pid);
		execve("/proc/self/exe", (char *[]){ "case", "6", NULL }, none);
	}
	if (step == 6) {
		clearenv();
		execl("/bin/grep", "grep", "-E", "Sig(Blk|Pnd)|ShdPnd|Threads",
		      "/proc/self/status", NULL);
	}
	return step;
}
