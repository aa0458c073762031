/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sandbox that kills on any system call but those that the program makes
 * itself. Once begun, the library needs no others with the ring; a packet
 * is a system call of its own, so the socket can't be used here.
 */
/* only: ring-unwind ring-fp ring-none */
/* expect: events=6012 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "case.h"

#define ALLOW(nr) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void enter(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_rt_sigprocmask), ALLOW(SYS_sigaltstack),
		ALLOW(SYS_rt_sigreturn), ALLOW(SYS_write), ALLOW(SYS_exit_group),
		ALLOW(SYS_rt_sigpending), ALLOW(SYS_gettid), ALLOW(SYS_tgkill),
		ALLOW(SYS_rt_tgsigqueueinfo), ALLOW(SYS_getpid), ALLOW(SYS_getuid),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void handler(int sig, siginfo_t *info, void *context)
{
	sigset_t set = set_of(SIGWINCH, 0);

	(void)sig;
	(void)info;
	(void)context;
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static NOINLINE int deeper(int n, const sigset_t *set)
{
	volatile int kept = n;

	if (n == 0)
		return sigprocmask(SIG_BLOCK, set, NULL);
	return deeper(n - 1, set) + kept - kept;
}

int main(void)
{
	sigset_t set = set_of(SIGUSR1, 0), old;
	union sigval value = { .sival_int = 1 };
	int wrong = 0;

	handle(SIGUSR2, handler, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	enter();
	for (int i = 0; i < 2000; i++) {
		wrong += sigprocmask(SIG_BLOCK, &set, &old) != 0;
		wrong += pthread_sigmask(SIG_SETMASK, &old, NULL) != 0;
		wrong += syscall(SYS_rt_sigprocmask, 7, &set, NULL, 8) != -1;
	}
	for (int i = 0; i < 6; i++)
		wrong += deeper(10 * i, &set);
	CALL(sigaltstack(NULL, NULL));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 64, NULL, 8));
	raise(SIGUSR2);
	CALL(pthread_sigqueue(pthread_self(), SIGUSR2, value));
	say("wrong results: %d", wrong);
	return 4;
}
