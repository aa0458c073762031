/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sent signals as their receiver sees them: all 64 bits of the value, code,
 * sender; and the limit of how many may be pending.
 */
#include <sys/resource.h>

#include "case.h"

static sigset_t set;

static void received(const char *how)
{
	siginfo_t info = {};
	struct timespec none = {};
	int sig;

	while ((sig = sigtimedwait(&set, &info, &none)) > 0)
		say("%s: signal %d code %d value %p int %d from %s uid %s", how, sig, info.si_code,
		    info.si_value.sival_ptr, info.si_value.sival_int,
		    info.si_pid == getpid() ? "myself" : "another",
		    info.si_uid == getuid() ? "mine" : "another");
}

static void handler(int sig, siginfo_t *info, void *context)
{
	(void)context;
	say("handler: signal %d code %d value %p errno %s", sig, info->si_code,
	    info->si_value.sival_ptr, error_name(errno));
	errno = EILSEQ;
}

static void values(void)
{
	static const uint64_t value[] = {
		0, 1, 0xffffffff, 0x100000000, 0x8000000000000000, 0xfedcba9876543210, ~0ull,
	};

	for (size_t i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
		union sigval v = { .sival_ptr = (void *)value[i] };

		CALL(sigqueue(getpid(), SIGRTMIN + (int)i, v));
		received("sigqueue");
		CALL(pthread_sigqueue(pthread_self(), SIGRTMIN + (int)i, v));
		received("pthread_sigqueue");
	}
}

static void raw(void)
{
	siginfo_t info = { .si_signo = 99, .si_errno = 42, .si_code = -1000 };

	info.si_pid = 0x7ffffff0;	/* nobody has it */
	info.si_uid = 1234;
	info.si_value.sival_ptr = (void *)0x1122334455667788;
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN + 9, &info));
	received("rt_sigqueueinfo");
	say("the caller's info still says %d", info.si_signo);
	CALL(syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGRTMIN + 9, &info));
	received("rt_tgsigqueueinfo");
}

static void delivered(void)
{
	union sigval v = { .sival_ptr = (void *)0xabcdef0123456789 };

	handle(SIGUSR1, handler, 0);
	CALL(sigqueue(getpid(), SIGUSR1, v));
	CALL(pthread_sigqueue(pthread_self(), SIGUSR1, v));
}

static void limit(void)
{
	struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };
	union sigval v = { .sival_int = 5 };
	siginfo_t info = { .si_code = SI_QUEUE };

	MUST(setrlimit(RLIMIT_SIGPENDING, &none));
	CALL(sigqueue(getpid(), SIGRTMIN + 1, v));
	CALL(pthread_sigqueue(pthread_self(), SIGRTMIN + 1, v));
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN + 1, &info));
	CALL(syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGRTMIN + 1, &info));
	show_mask("none was queued");
}

int main(void)
{
	sigemptyset(&set);
	for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
		sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
	values();
	raw();
	delivered();
	if (setuid(getuid() ? getuid() : 65534) == 0)
		limit();
	return 0;
}
