/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program closes every descriptor and uses the numbers itself: nothing is
 * read from its files or written to them, whoever had the number before.
 */
#include <fcntl.h>

#include "case.h"

static void calls(const char *when)
{
	sigset_t set = set_of(SIGUSR1, 0), old;
	uint64_t bits = BIT(SIGUSR2);
	pid_t pid;

	sigprocmask(SIG_BLOCK, &set, &old);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &bits, NULL, 8);
	sigaltstack(NULL, NULL);
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_BLOCK, &set, &old);
		show_descriptors("child");
		_exit(0);
	}
	show_end("child", pid);
	show_descriptors(when);
}

/* Puts the ends of a pipe on every number from `from` to `to`, with something to read. */
static void occupy(int from, int to, int ends[2])
{
	MUST(pipe(ends));
	ends[0] = (int)MUST(fcntl(ends[0], F_DUPFD, 1100));
	ends[1] = (int)MUST(fcntl(ends[1], F_DUPFD, 1100));
	MUST(fcntl(ends[0], F_SETFL, O_NONBLOCK));
	MUST(fcntl(ends[1], F_SETFL, O_NONBLOCK));
	MUST(write(ends[1], "0123456789", 10));
	for (int fd = from; fd < to; fd++)
		MUST(dup2(ends[fd & 1], fd));
}

static void untouched(const char *what, int ends[2])
{
	char text[64] = {};
	ssize_t n = read(ends[0], text, sizeof(text));

	say("%s: %zd bytes, %.20s", what, n, text);
}

int main(void)
{
	struct { unsigned long soft, hard; } many = { 1200, 1200 };
	int low[2], high[2];

	kernel(SYS_prlimit64, 0, 7 /* RLIMIT_NOFILE */, &many, 0);
	calls("at first");
	syscall(SYS_close_range, 3L, ~0u, 0L);
	calls("after close_range");
	for (int fd = 3; fd < 1200; fd++)
		close(fd);
	calls("after closing one by one");
	syscall(SYS_close_range, 3L, ~0u, 0L);
	occupy(3, 20, low);
	occupy(890, 1060, high);
	for (int i = 0; i < 200; i++) {
		sigset_t set = set_of(SIGUSR1, 0);

		sigprocmask(i & 1, &set, NULL);
	}
	for (int fd = 890; fd < 1060; fd++)
		close(fd);
	calls("after occupying numbers");
	untouched("low numbers", low);
	untouched("high numbers", high);
	close_range(0, ~0u, 0);
	calls("with nothing open at all");
	return 9;
}
