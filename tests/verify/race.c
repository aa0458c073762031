/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes calls while another thread changes what their argument points to:
 * "set", "stack" or "info"; with "none" nobody does. Second argument: how
 * often.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static sigset_t set;
static stack_t stack;
static siginfo_t info;
static char room[2][65536];
static volatile int stop;
static const char *what;

static void flip(uint64_t n)
{
	*(volatile unsigned char *)&set = (unsigned char)(n & 1 ? 0x22 : 0x44);
	*(void *volatile *)&stack.ss_sp = room[n & 1];
	*(volatile int *)&info.si_value.sival_int = (int)n;
}

static void *change(void *arg)
{
	for (uint64_t n = 0; !stop; n++)
		flip(n);
	return arg;
}

static void make_calls(int n)
{
	static const sigset_t none;

	for (int i = 0; i < n; i++) {
		if (strcmp(what, "stack") == 0) {
			sigaltstack(&stack, NULL);
		} else if (strcmp(what, "info") == 0) {
			syscall(SYS_rt_sigqueueinfo, getpid(), SIGCHLD, &info);
		} else {
			sigprocmask(SIG_SETMASK, &set, NULL);
			sigprocmask(SIG_SETMASK, &none, NULL);
		}
	}
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 3)
		return 2;
	what = argv[1];
	stack = (stack_t){ .ss_sp = room[0], .ss_size = sizeof(room[0]) };
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	flip(0);
	if (strcmp(what, "none") != 0 && pthread_create(&thread, NULL, change, NULL) != 0)
		return 3;
	make_calls(atoi(argv[2]));
	if (strcmp(what, "none") == 0)
		return 0;
	stop = 1;
	pthread_join(thread, NULL);
	return 0;
}
