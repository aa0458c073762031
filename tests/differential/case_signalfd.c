/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signalfds of every make: their numbers and flags, what is read from them,
 * changed masks, and no descriptor left.
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "case.h"

static int flagged(const char *how, long fd)
{
	say("%s: descriptor %ld, close-on-exec %d, nonblocking %d", how, fd,
	    fcntl((int)fd, F_GETFD) & FD_CLOEXEC, !!(fcntl((int)fd, F_GETFL) & O_NONBLOCK));
	return (int)fd;
}

static void receive(int fd, int sig)
{
	struct signalfd_siginfo got = {};
	union sigval value = { .sival_ptr = (void *)0x0123456789abcdef };

	CALL(sigqueue(getpid(), sig, value));
	CALL(read(fd, &got, sizeof(got)));
	say("read signal %u code %d value %#llx", got.ssi_signo, got.ssi_code,
	    (unsigned long long)got.ssi_ptr);
}

static void flags(const sigset_t *set)
{
	uint64_t bits = BIT(SIGUSR1);

	flagged("none", CALL(signalfd(-1, set, 0)));
	flagged("close-on-exec", CALL(signalfd(-1, set, SFD_CLOEXEC)));
	flagged("nonblocking", CALL(signalfd(-1, set, SFD_NONBLOCK)));
	flagged("both", CALL(signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC)));
	flagged("raw, none", CALL(syscall(SYS_signalfd4, -1, &bits, 8, 0)));
	flagged("raw, both",
		CALL(syscall(SYS_signalfd4, -1, &bits, 8, SFD_CLOEXEC | SFD_NONBLOCK)));
#ifdef SYS_signalfd
	flagged("raw, old", CALL(syscall(SYS_signalfd, -1, &bits, 8)));
#endif
}

static void exhausted(const sigset_t *set)
{
	struct rlimit few = { .rlim_cur = 64, .rlim_max = 64 };
	int fd, n = 0;

	MUST(setrlimit(RLIMIT_NOFILE, &few));
	while ((fd = signalfd(-1, set, 0)) >= 0)
		n += fd;
	say("sum of descriptors %d, then %s", n, error_name(errno));
	CALL(signalfd(-1, set, SFD_CLOEXEC));
	CALL(signalfd(5, set, 0));
	CALL(syscall(SYS_signalfd4, -1, set, 8, 0));
	show_descriptors("full");
}

int main(void)
{
	sigset_t set = set_of(SIGUSR1, 0), more = set_of(SIGUSR2, SIGRTMIN, SIGKILL, 0), all = set;
	int fd;

	sigaddset(&all, SIGUSR2);
	sigaddset(&all, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &all, NULL);
	show_descriptors("at first");
	flags(&set);
	fd = flagged("one more", CALL(signalfd(-1, &set, SFD_NONBLOCK)));
	receive(fd, SIGUSR1);
	say("the same descriptor: %d", CALL(signalfd(fd, &more, 0)) == fd);
	receive(fd, SIGRTMIN);
	receive(fd, SIGUSR2);
	flagged("after a change", fd);
	CALL(signalfd(fd, &set, SFD_CLOEXEC));
	flagged("after a change with flags", fd);
	close(fd);
	CALL(signalfd(fd, &set, 0));
	exhausted(&set);
	return 0;
}
