/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the cases of the rules share: a case is a program with three variants,
 * chosen by its argument: `bad` triggers the rule, `good` is the same program
 * mended, `unsure` can't be judged. See README.md. For the cases alone.
 */
#ifndef CASE_H
#define CASE_H

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))
#define NOINLINE __attribute__((noinline, noclone))

static UNUSED sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, a);
	if (b)
		sigaddset(&set, b);
	return set;
}

static UNUSED void change(int how, int a, int b)
{
	sigset_t set = set_of(a, b);

	pthread_sigmask(how, &set, NULL);
}

static UNUSED void on_signal(int signo)
{
	(void)signo;
}

static UNUSED void handle(int signo, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	sigaction(signo, &sa, NULL);
}

static UNUSED void run_true(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

/*
 * Loses records for certain: the recorder, our parent, stands still until the
 * small buffer has overflowed. What `meanwhile` does is not recorded.
 */
static UNUSED void lose_records(void (*meanwhile)(void))
{
	sigset_t now;

	kill(getppid(), SIGSTOP);
	for (int i = 0; i < 3000; i++)
		pthread_sigmask(SIG_BLOCK, NULL, &now);
	if (meanwhile)
		meanwhile();
	kill(getppid(), SIGCONT);
}

static void bad(void);
static void good(void);
static void unsure(void);

int main(int argc, char **argv)
{
	const char *variant = argc > 1 ? argv[1] : "";

	if (strcmp(variant, "bad") == 0)
		bad();
	else if (strcmp(variant, "good") == 0)
		good();
	else if (strcmp(variant, "unsure") == 0)
		unsure();
	else
		return 2;
	exit(0);
}

#endif
