/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Alternate stacks: set, queried and refused in every state, from on and off
 * the stack; SS_AUTODISARM; what threads and children get of it.
 */
#include "case.h"

static char memory[2][65536];

static bool on_it(const void *p, int which)
{
	return (uintptr_t)p - (uintptr_t)memory[which] < sizeof(memory[0]);
}

static void query(const char *when)
{
	stack_t old = { .ss_size = 1 };

	CALL(sigaltstack(NULL, &old));
	say("%s: stack %d, size %zu, flags %#x", when,
	    old.ss_sp == memory[0] ? 0 : old.ss_sp == memory[1] ? 1 : -1, old.ss_size,
	    (unsigned int)old.ss_flags);
}

static void handler(int sig, siginfo_t *info, void *context)
{
	stack_t other = { .ss_sp = memory[1], .ss_size = sizeof(memory[1]) };
	stack_t off = { .ss_flags = SS_DISABLE };
	stack_t *saved = &((ucontext_t *)context)->uc_stack;

	(void)info;
	say("handler of %d: on stack 0 %d, on stack 1 %d", sig, on_it(&other, 0), on_it(&other, 1));
	query("in the handler");
	CALL(sigaltstack(&other, NULL));
	CALL(sigaltstack(&off, NULL));
	query("in the handler, after a change");
	say("the frame has size %zu, flags %#x", saved->ss_size, (unsigned int)saved->ss_flags);
	if (sig == SIGUSR1)
		raise(SIGUSR2);
}

static void set(int which, unsigned int flags)
{
	stack_t ss = {
		.ss_sp = memory[which], .ss_size = sizeof(memory[which]), .ss_flags = (int)flags,
	};

	CALL(sigaltstack(&ss, NULL));
	query("after setting");
}

static void *thread(void *arg)
{
	query("in a thread");
	set(1, 0);
	show_altstack(arg);
	return NULL;
}

static void children(void)
{
	pthread_t other;
	pid_t pid;

	pthread_create(&other, NULL, thread, "thread");
	pthread_join(other, NULL);
	query("its creator");
	pid = fork();
	if (pid == 0) {
		query("in a child");
		raise(SIGUSR2);
		_exit(0);
	}
	show_end("child", pid);
}

int main(void)
{
	handle(SIGUSR1, handler, SA_ONSTACK);
	handle(SIGUSR2, handler, SA_ONSTACK | SA_NODEFER);
	query("at first");
	set(0, 0);
	raise(SIGUSR1);
	query("after the handler");
	set(0, SS_AUTODISARM);
	show_altstack("with SS_AUTODISARM");
	raise(SIGUSR1);
	query("after the handler");
	set(1, SS_ONSTACK);
	set(1, SS_ONSTACK | SS_AUTODISARM);
	raise(SIGUSR2);
	set(0, SS_DISABLE);
	set(0, SS_DISABLE | SS_AUTODISARM);
	raise(SIGUSR2);
	set(0, 0);
	children();
	show_state("at the end");
	return 0;
}
