/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the mask is after each kind of change, signal by signal; the ones that
 * can't be blocked, and those that libc keeps for itself.
 */
/* expect: events=405 */
#include "case.h"

static void each_signal(const char *who, int (*change)(int, const sigset_t *, sigset_t *))
{
	for (int sig = 1; sig <= 64; sig++) {
		sigset_t old, set;
		uint64_t blocked;

		sigemptyset(&set);
		((uint64_t *)&set)[0] |= BIT(sig);
		change(SIG_BLOCK, &set, &old);
		blocked = kernel_mask();
		change(SIG_SETMASK, &old, &set);
		say("%s %d: blocked %#llx old %#llx then %#llx", who, sig,
		    (unsigned long long)blocked, *(unsigned long long *)&old,
		    (unsigned long long)kernel_mask());
	}
}

static int raw_change(int how, const sigset_t *set, sigset_t *old)
{
	return (int)syscall(SYS_rt_sigprocmask, how, set, old, 8);
}

static void all_at_once(void)
{
	sigset_t full, empty, old;
	uint64_t every = ~0ull, some = BIT(32) | BIT(33) | BIT(SIGTERM);

	sigfillset(&full);
	sigemptyset(&empty);
	memset(&old, 0xa5, sizeof(old));
	CALL(sigprocmask(SIG_SETMASK, &full, &old));
	say("rest of old: %02x", ((unsigned char *)&old)[64]);
	show_mask("full");
	CALL(pthread_sigmask(SIG_SETMASK, &empty, &old));
	say("old %#llx", *(unsigned long long *)&old);
	CALL(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &every, NULL, 8));
	show_mask("every bit");
	CALL(sigprocmask(SIG_BLOCK, &full, NULL));
	CALL(sigprocmask(SIG_UNBLOCK, &full, NULL));
	show_mask("unblocked by libc, which spares its own");
	CALL(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &some, &every, 8));
	say("old %#llx", (unsigned long long)every);
	show_mask("unblocked");
}

static void pending(void)
{
	sigset_t set = set_of(SIGUSR1, SIGTERM, SIGRTMIN + 3, 0), empty;

	sigemptyset(&empty);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	kill(getpid(), SIGTERM);
	raise(SIGRTMIN + 3);
	show_mask("three are pending");
	signal(SIGUSR1, SIG_IGN);
	show_mask("one was discarded");
	signal(SIGTERM, SIG_IGN);
	signal(SIGRTMIN + 3, SIG_IGN);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	show_mask("none");
}

static void *other(void *arg)
{
	sigset_t set = set_of(SIGWINCH, 0);

	pthread_sigmask(SIG_BLOCK, &set, NULL);
	show_mask(arg);
	return NULL;
}

int main(void)
{
	sigset_t set = set_of(SIGHUP, 0), queried;
	pthread_t thread;

	each_signal("sigprocmask", sigprocmask);
	each_signal("pthread_sigmask", pthread_sigmask);
	each_signal("syscall", raw_change);
	all_at_once();
	pending();
	for (int i = 0; i < 2; i++) {
		pthread_sigmask(SIG_BLOCK, &set, NULL);
		pthread_create(&thread, NULL, other, "in a thread");
		pthread_join(thread, NULL);
		show_mask("its creator");
	}
	for (int i = 0; i < 9; i++)
		CALL(sigprocmask(0, NULL, i & 1 ? &queried : NULL));
	return sigismember(&queried, SIGHUP) ? 3 : 0;
}
