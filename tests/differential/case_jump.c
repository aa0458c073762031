/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers that never return: siglongjmp out of them, from anywhere in a
 * wrapped call, under a storm of timer signals and by the call's own doing.
 */
#include <setjmp.h>

#include "case.h"

static sigjmp_buf back;
static volatile sig_atomic_t may_jump, jumps;

static void jump(int sig, siginfo_t *info, void *context)
{
	sigset_t set = set_of(SIGWINCH, 0);

	(void)info;
	(void)context;
	sigprocmask(SIG_BLOCK, &set, NULL);
	jumps++;
	if (!may_jump)
		return;
	/* siglongjmp restores the mask first: the next signal comes before it has jumped. */
	may_jump = 0;
	siglongjmp(back, sig);
}

static void by_the_call(void)
{
	sigset_t set = set_of(SIGUSR1, 0);

	for (int i = 0; i < 100; i++) {
		may_jump = 1;
		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGUSR1);
		if (sigsetjmp(back, 1) == 0)
			sigprocmask(SIG_UNBLOCK, &set, NULL);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	say("%d jumps out of the calls that let them in", jumps);
	show_mask("afterwards");
}

static void in_a_storm(void)
{
	sigset_t set = set_of(SIGUSR2, SIGRTMIN + 5, 0), old;
	static char memory[65536];
	stack_t ss = { .ss_sp = memory, .ss_size = sizeof(memory) };
	volatile long wrong = 0, calls = 0;

	sigaltstack(&ss, NULL);
	jumps = 0;
	/*
	 * siglongjmp unblocks the signal while it is still on the alternate stack.
	 * With an interval as short as a slow handler each would nest in the last,
	 * until the stack is full.
	 */
	storm(1000);
	while (jumps < 500) {
		if (sigsetjmp(back, 1) != 0)
			continue;
		may_jump = 1;
		errno = SENTINEL;
		wrong += sigprocmask(SIG_BLOCK, &set, &old) != 0 || errno != SENTINEL;
		wrong += pthread_sigmask(SIG_UNBLOCK, &set, NULL) != 0 || errno != SENTINEL;
		wrong += syscall(SYS_rt_sigprocmask, 9, &set, NULL, 8) != -1 || errno != EINVAL;
		calls++;
		may_jump = 0;
	}
	storm(0);
	say("enough jumps, some calls %d, wrong results %ld", calls > 0, (long)wrong);
}

int main(void)
{
	sigset_t empty;

	handle(SIGUSR1, jump, 0);
	handle(SIGALRM, jump, SA_ONSTACK);
	by_the_call();
	in_a_storm();
	may_jump = 0;
	sigemptyset(&empty);
	CALL(sigprocmask(SIG_SETMASK, &empty, NULL));
	show_state("at the end");
	return 0;
}
