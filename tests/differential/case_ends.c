/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways in which a program ends: its exit status or signal, what its exit
 * handlers print, and that exit handlers and destructors may make calls.
 */
#include <sys/resource.h>

#include "case.h"

static void in_exit_handler(void)
{
	sigset_t set = set_of(SIGUSR1, 0);

	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	say("exit handler");
}

static __attribute__((destructor(101))) void last(void)
{
	sigset_t set = set_of(SIGUSR2, 0);

	CALL(pthread_sigmask(SIG_BLOCK, &set, NULL));
	show_mask("last destructor");
}

static void fail(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	say("handler of %d", sig);
	in_exit_handler();
	_exit(50);
}

static void end(int how)
{
	sigset_t set = set_of(SIGABRT, SIGTERM, SIGSEGV, 0);

	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	switch (how) {
	case 0: exit(10);
	case 1: _exit(11);
	case 2: quick_exit(12);
	case 3: abort();
	case 4: kill(getpid(), SIGKILL); break;
	case 5: *(volatile int *)8 = 1; break;
	case 6: sigprocmask(SIG_UNBLOCK, &set, NULL); raise(SIGTERM); break;
	case 7: handle(SIGABRT, fail, 0); abort();
	case 8: pthread_exit(NULL);
	case 9:
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		handle(SIGSEGV, fail, 0);
		*(volatile int *)8 = 1;
		break;
	case 10: __builtin_trap();
	case 11: sigprocmask(SIG_BLOCK, (sigset_t *)8, NULL); break;
	case 12: signalfd(-1, (sigset_t *)8, 0); break;
	case 13: syscall(SYS_exit_group, 13L); break;
	case 14: kill(getpid(), SIGSTOP); break;
	}
	_exit(99);
}

int main(void)
{
	char who[16];
	pid_t pid;

	for (int how = 0; how < 14; how++) {
		pid = fork();
		if (pid == 0) {
			atexit(in_exit_handler);
			at_quick_exit(in_exit_handler);
			end(how);
		}
		snprintf(who, sizeof(who), "end %d", how);
		show_end(who, pid);
	}
	atexit(in_exit_handler);
	end(6);
	return 0;
}
