/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children that are forked inside a sandbox which kills on system calls that
 * the program doesn't make itself, and a sandbox set through syscall(2).
 */
/* only: ring-unwind ring-fp ring-none ring-block absent */
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
		ALLOW(SYS_rt_sigprocmask), ALLOW(SYS_sigaltstack), ALLOW(SYS_write),
		ALLOW(SYS_exit_group), ALLOW(SYS_rt_sigpending), ALLOW(SYS_clone),
		ALLOW(SYS_wait4), ALLOW(SYS_set_robust_list),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	CALL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

static void calls(void)
{
	sigset_t set = set_of(SIGUSR1, 0), old;

	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	CALL(pthread_sigmask(SIG_SETMASK, &old, NULL));
	CALL(sigaltstack(NULL, NULL));
}

int main(void)
{
	enter();
	for (int i = 0; i < 3; i++) {
		pid_t pid = i == 1 ? (pid_t)syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L) : fork();

		if (pid == 0) {
			calls();
			_exit(30 + i);
		}
		show_end("child", pid);
		calls();
	}
	show_mask("at the end");
	return 5;
}
