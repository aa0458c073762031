/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every error that a wrapped function can give, and errno on success: the
 * same number in the same place, and what the failed call did all the same.
 */
#include "case.h"

static sigset_t usr1;
static uint64_t bits = BIT(SIGUSR2);

static void masks(void)
{
	sigset_t old;
	uint64_t raw_old;

	CALL(sigprocmask(SIG_BLOCK, &usr1, NULL));
	CALL(sigprocmask(SIG_BLOCK, &usr1, &old));
	CALL(sigprocmask(SIG_UNBLOCK, NULL, &old));
	CALL(sigprocmask(99, &usr1, NULL));
	CALL(sigprocmask(99, NULL, NULL));
	CALL(sigprocmask(-1, &usr1, &old));
	CALL(sigprocmask(SIG_UNBLOCK, &usr1, nowhere()));
	show_mask("unblocked, with a bad oldset");
	CALL(pthread_sigmask(SIG_BLOCK, &usr1, NULL));
	CALL(pthread_sigmask(99, &usr1, NULL));
	CALL(pthread_sigmask(99, NULL, &old));
	CALL(pthread_sigmask(SIG_UNBLOCK, &usr1, nowhere()));
	show_mask("the same with pthread_sigmask");
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &bits, &raw_old, 8));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &bits, &raw_old, 16));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &bits, NULL, 0));
	CALL(syscall(SYS_rt_sigprocmask, 3, &bits, NULL, 8));
	CALL(syscall(SYS_rt_sigprocmask, ~0, &bits, NULL, 8));
	CALL(syscall(SYS_rt_sigprocmask, ~0, nowhere(), NULL, 8));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void *)-8, NULL, 8));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void *)8, NULL, 8));
	CALL(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &bits, nowhere(), 8));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, nowhere(), &raw_old, 8));
	CALL(syscall(SYS_rt_sigprocmask, 99, NULL, NULL, 8));
	show_mask("after raw calls");
}

/* What a failed call may not touch. */
static void untouched(void)
{
	sigset_t old;
	stack_t ss = { .ss_flags = 0x77 }, old_ss;

	memset(&old, 0xa5, sizeof(old));
	memset(&old_ss, 0xa5, sizeof(old_ss));
	CALL(sigprocmask(99, &usr1, &old));
	CALL(pthread_sigmask(99, &usr1, &old));
	CALL(syscall(SYS_rt_sigprocmask, 99, &bits, &old, 8));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, nowhere(), &old, 8));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &bits, &old, 4));
	say("oldset %#llx", *(unsigned long long *)&old);
	CALL(sigaltstack(&ss, &old_ss));
	say("old_ss %#zx %#x", old_ss.ss_size, (unsigned int)old_ss.ss_flags);
}

static void stacks(void)
{
	static char memory[65536];
	stack_t ss = { .ss_sp = memory, .ss_size = sizeof(memory) }, old;

	CALL(sigaltstack(NULL, NULL));
	CALL(sigaltstack(NULL, &old));
	CALL(sigaltstack(nowhere(), NULL));
	CALL(sigaltstack(NULL, nowhere()));
	CALL(sigaltstack((void *)-16, (void *)-16));
	ss.ss_size = 1;
	CALL(sigaltstack(&ss, NULL));
	ss.ss_size = 0;
	CALL(sigaltstack(&ss, &old));
	ss.ss_size = sizeof(memory);
	ss.ss_flags = 0x1234;
	CALL(sigaltstack(&ss, NULL));
	ss.ss_flags = 0;
	CALL(sigaltstack(&ss, nowhere()));
	show_altstack("set, with a bad old_ss");
	ss.ss_flags = SS_DISABLE;
	CALL(syscall(SYS_sigaltstack, &ss, &old));
	CALL(syscall(SYS_sigaltstack, nowhere(), &old));
	CALL(syscall(SYS_sigaltstack, NULL, NULL));
	show_altstack("disabled");
}

static void descriptors(void)
{
	CALL(signalfd(-1, &usr1, 0x40000000));
	CALL(signalfd(-1, nowhere(), 0));
	CALL(signalfd(-1, NULL, 0));
	CALL(signalfd(1, &usr1, 0));
	CALL(signalfd(777, &usr1, 0));
	CALL(signalfd(-2, &usr1, 0));
	CALL(syscall(SYS_signalfd4, -1, &bits, 8, 0xdead));
	CALL(syscall(SYS_signalfd4, -1, &bits, 16, 0));
	CALL(syscall(SYS_signalfd4, -1, nowhere(), 8, 0));
	CALL(syscall(SYS_signalfd4, 0, &bits, 8, 0));
#ifdef SYS_signalfd
	CALL(syscall(SYS_signalfd, -1, &bits, 4));
	CALL(syscall(SYS_signalfd, -1, nowhere(), 8));
	CALL(syscall(SYS_signalfd, 500, &bits, 8));
#endif
}

static void queues(void)
{
	union sigval value = { .sival_ptr = (void *)0x123456789abcdef0 };
	siginfo_t info = { .si_code = SI_QUEUE };

	CALL(sigqueue(getpid(), 0, value));
	CALL(sigqueue(getpid(), 65, value));
	CALL(sigqueue(getpid(), -1, value));
	CALL(sigqueue(0x7ffffff0, SIGUSR1, value));
	CALL(sigqueue(0, 0, value));
	CALL(sigqueue(-1, 0, value));
	CALL(pthread_sigqueue(pthread_self(), 0, value));
	CALL(pthread_sigqueue(pthread_self(), 65, value));
	CALL(pthread_sigqueue(pthread_self(), 32, value));
	CALL(pthread_sigqueue(pthread_self(), 33, value));
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), 0, &info));
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), 65, &info));
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, nowhere()));
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, NULL));
	CALL(syscall(SYS_rt_sigqueueinfo, -1, 0, &info));
	CALL(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), 0, &info));
	CALL(syscall(SYS_rt_tgsigqueueinfo, getpid(), 0, 0, &info));
	CALL(syscall(SYS_rt_tgsigqueueinfo, -1, -1, 0, &info));
	CALL(syscall(SYS_rt_tgsigqueueinfo, getpid(), 0x7ffffff0, 0, &info));
	CALL(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, nowhere()));
	info.si_code = SI_USER;
	CALL(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info));
	info.si_code = SI_TKILL;
	CALL(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info));
	info.si_code = SI_KERNEL;
	CALL(syscall(SYS_rt_tgsigqueueinfo, getppid(), getppid(), 0, &info));
}

int main(void)
{
	usr1 = set_of(SIGUSR1, 0);
	masks();
	untouched();
	stacks();
	descriptors();
	queues();
	show_state("at the end");
	return 7;
}
