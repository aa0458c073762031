/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments at the very end of mapped memory, in memory that can be read only,
 * that overlap, and that another call may take away: nobody may look further
 * than the kernel does.
 */
#include "case.h"

static void sets(void)
{
	uint64_t *set = page_end(8, PROT_READ | PROT_WRITE);
	uint64_t *old = page_end(8, PROT_READ | PROT_WRITE);

	*set = BIT(SIGUSR1) | BIT(40);
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, set, old, 8));
	say("old %#llx", (unsigned long long)*old);
	CALL(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, set, NULL, 8));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (char *)set + 1, NULL, 8));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, set, (char *)old + 4, 8));
	CALL(syscall(SYS_rt_sigprocmask, 55, set, old, 8));
	show_mask("sets at the end of a page");
	CALL(syscall(SYS_rt_sigprocmask, SIG_SETMASK, set, set, 8));
	say("set %#llx", (unsigned long long)*set);
	show_mask("the same set twice");
	CALL(sigprocmask(SIG_BLOCK, (sigset_t *)set, (sigset_t *)old));
	say("old %#llx", (unsigned long long)*old);
	CALL(pthread_sigmask(SIG_SETMASK, (sigset_t *)set, (sigset_t *)old));
	say("old %#llx", (unsigned long long)*old);
	CALL(signalfd(-1, (sigset_t *)set, 0));
	CALL(syscall(SYS_signalfd4, -1, set, 8, 0));
	CALL(syscall(SYS_signalfd4, -1, (char *)set + 1, 8, 0));
	show_descriptors("three signalfds or what came of them");
}

static void aliases(void)
{
	sigset_t set = set_of(SIGUSR1, SIGTERM, 0), *read_only;
	uint64_t overlap[3] = { BIT(SIGHUP), BIT(SIGINT), 0 };

	CALL(sigprocmask(SIG_SETMASK, &set, &set));
	say("usr1 %d hup %d", sigismember(&set, SIGUSR1), sigismember(&set, SIGHUP));
	CALL(sigprocmask(SIG_SETMASK, &set, &set));
	say("usr1 %d hup %d", sigismember(&set, SIGUSR1), sigismember(&set, SIGHUP));
	CALL(syscall(SYS_rt_sigprocmask, SIG_SETMASK, (char *)overlap + 4, overlap, 8));
	say("%#llx %#llx", (unsigned long long)overlap[0], (unsigned long long)overlap[1]);
	show_mask("overlapping");
	read_only = page_end(128, PROT_READ);
	CALL(sigprocmask(SIG_BLOCK, read_only, NULL));
	CALL(sigprocmask(SIG_SETMASK, &set, read_only));
	show_mask("oldset read-only");
	CALL(syscall(SYS_rt_sigprocmask, SIG_SETMASK, read_only, read_only, 8));
	CALL(pthread_sigmask(SIG_BLOCK, &set, read_only));
	show_mask("oldset read-only, again");
}

static void stacks(void)
{
	static char memory[65536];
	stack_t *ss = page_end(sizeof(stack_t), PROT_READ | PROT_WRITE);
	stack_t *read_only = page_end(sizeof(stack_t), PROT_READ);

	*ss = (stack_t){ .ss_sp = memory, .ss_size = sizeof(memory) };
	CALL(sigaltstack(ss, ss));
	say("old is %s, size %zu, flags %#x", ss->ss_sp ? "set" : "null", ss->ss_size,
	    ss->ss_flags);
	CALL(sigaltstack(NULL, ss));
	say("now %s, size %zu, flags %#x", ss->ss_sp == memory ? "ours" : "not ours", ss->ss_size,
	    ss->ss_flags);
	CALL(sigaltstack(ss, read_only));
	CALL(sigaltstack(read_only, NULL));
	CALL(sigaltstack((stack_t *)((char *)ss + 1), NULL));
	CALL(syscall(SYS_sigaltstack, ss, (char *)ss + 8));
	show_altstack("at the end");
}

static void infos(void)
{
	siginfo_t *info = page_end(48, PROT_READ | PROT_WRITE);
	siginfo_t got;
	sigset_t set = set_of(SIGRTMIN, 0);

	sigprocmask(SIG_BLOCK, &set, NULL);
	memset(info, 0, 48);
	info->si_code = -60;
	info->si_pid = 1234;
	info->si_value.sival_ptr = (void *)0xfedcba9876543210;
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, info));
	CALL(sigwaitinfo(&set, &got));
	say("code %d pid %d value %p", got.si_code, got.si_pid, got.si_value.sival_ptr);
	CALL(syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGRTMIN, info));
	CALL(sigwaitinfo(&set, &got));
	say("code %d pid %d value %p", got.si_code, got.si_pid, got.si_value.sival_ptr);
	mprotect((void *)((uintptr_t)info & ~4095ul), 4096, PROT_READ);
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, info));
	CALL(sigwaitinfo(&set, &got));
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, (char *)info + 8));
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, (char *)info + 40));
	show_mask("at the end");
}

int main(void)
{
	sets();
	aliases();
	stacks();
	infos();
	return 0;
}
