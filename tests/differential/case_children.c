/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes made in every way, each of which calls wrapped functions: fork,
 * daemons by a double fork, vfork, raw clone and clone3, clone with shared
 * memory on a stack of its own; and children of children.
 */
/* expect: events=24 */
#include <linux/sched.h>
#include <sched.h>

#include "case.h"

static void child_calls(const char *who)
{
	sigset_t set = set_of(SIGUSR1, 0), old;

	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	CALL(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	show_state(who);
}

static void forks(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		child_calls("child");
		pid = fork();
		if (pid == 0) {
			child_calls("grandchild");
			_exit(5);
		}
		show_end("grandchild", pid);
		_exit(6);
	}
	show_end("child", pid);
}

static void daemons(void)
{
	int ends[2], status = 0;
	pid_t pid;

	MUST(pipe(ends));
	pid = fork();
	if (pid == 0) {
		setsid();
		if (fork() != 0)
			_exit(0);
		close(ends[0]);
		child_calls("daemon");
		MUST(write(ends[1], "done", 4));
		_exit(0);
	}
	close(ends[1]);
	while (read(ends[0], &status, 4) > 0)
		;
	show_end("the daemon's parent", pid);
	close(ends[0]);
}

static void vforks(void)
{
	for (volatile int i = 0; i < 2; i++) {
		pid_t pid = vfork();

		if (pid == 0) {
			child_calls("vfork child");
			_exit(20 + i);
		}
		show_end("vfork child", pid);
	}
	show_mask("its parent");
}

static void clones(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L);

	if (pid == 0) {
		child_calls("child of clone");
		_exit(30);
	}
	show_end("child of clone", pid);
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		child_calls("child of clone3");
		_exit(31);
	}
	if (pid > 0)
		show_end("child of clone3", pid);
	else
		say("clone3: %s", error_name(errno));
}

static int on_own_stack(void *arg)
{
	child_calls(arg);
	return 40;
}

static void shared_memory(void)
{
	static char stack[262144] __attribute__((aligned(64)));
	char *top = stack + sizeof(stack);
	pid_t pid = clone(on_own_stack, top, CLONE_VM | SIGCHLD, "child in our memory");

	show_end("child in our memory", pid);
	pid = clone(on_own_stack, top, CLONE_VM | CLONE_VFORK | SIGCHLD, "child that we wait for");
	show_end("child that we wait for", pid);
	pid = clone(on_own_stack, top, SIGCHLD, "child on a stack of its own");
	show_end("child on a stack of its own", pid);
}

int main(void)
{
	child_calls("parent");
	forks();
	daemons();
	vforks();
	clones();
	shared_memory();
	child_calls("parent, at the end");
	return 0;
}
