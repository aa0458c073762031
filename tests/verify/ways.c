/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
/*
 * Makes every call of the table in every way that a shimmed process has, over
 * and over in some threads, and prints how often: "WAY COUNT" a line, COUNT of
 * each call. WAY is the origin that a verifier should give. Arguments: rounds,
 * threads, a shared library, then programs to execute (their WAY is unshimmed).
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ways.h"

static int rounds;
static void (*in_library)(struct ways *w);
static _Thread_local struct ways room, *mine;
static long done_inline, done_syscall, done_libc;

static void count(long *n, long by)
{
	__atomic_fetch_add(n, by, __ATOMIC_RELAXED);
}

static long by_syscall(long n, const long *a)
{
	return syscall(n, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long by_page(long n, const long *a)
{
	register long r10 __asm__("r10") = a[3];
	register long r8 __asm__("r8") = a[4];
	register long r9 __asm__("r9") = a[5];
	long ret;

	__asm__ volatile("call *%7" : "=a"(ret)
			 : "0"(n), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(mine->area->code), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/* One kernel call for each line, and each function once. */
static void by_libc(struct ways *w)
{
	const struct timespec zero = { 0 };
	union sigval value = { .sival_int = 7 };
	struct epoll_event event;
	struct sigaction action;
	sigset_t set, old;
	stack_t stack;
	siginfo_t info;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, &old);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigaltstack(NULL, &stack);
	close(signalfd(-1, &set, 0));
	sigqueue(w->pid, 0, value);
	pthread_sigqueue(pthread_self(), 0, value);
	sigaction(SIGUSR1, NULL, &action);
	sigtimedwait(&set, &info, &zero);
	pselect(0, NULL, NULL, NULL, &zero, &set);
	ppoll(NULL, 0, &zero, &set);
	epoll_pwait((int)w->call[11].arg[0], &event, 1, 0, &set);
	kill(w->pid, 0);
	pthread_kill(pthread_self(), 0);
	tgkill(w->pid, w->tid, 0);
}

static void in_handler(int signo)
{
	int saved = errno;

	(void)signo;
	ways_each(mine, ways_inline, 0);
	ways_each(mine, by_syscall, 0);
	by_libc(mine);
	errno = saved;
}

/* The child is on its parent's memory and may do little, but system calls. */
static void in_vfork_child(struct ways *w)
{
	pid_t pid = vfork();

	if (pid == 0) {
		ways_each(w, ways_inline, 0);
		ways_each(w, by_syscall, 0);
		by_libc(w);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void one_round(struct ways *w)
{
	ways_each(w, ways_inline, 0);
	ways_each(w, ways_int80, 1);
	ways_each(w, by_page, 0);
	in_library(w);
	count(&done_inline, 4);
	ways_each(w, by_syscall, 0);
	count(&done_syscall, 1);
	by_libc(w);
	count(&done_libc, 1);
	/* In the middle of a wrapper's call. */
	raise(SIGUSR2);
	count(&done_inline, 1);
	count(&done_syscall, 1);
	count(&done_libc, 1);
	in_vfork_child(w);
	count(&done_inline, 1);
	count(&done_syscall, 1);
	count(&done_libc, 1);
}

static void *work(void *arg)
{
	const int epfd = epoll_create1(0), pidfd = (int)syscall(434 /* pidfd_open */, getpid(), 0);

	mine = &room;
	if (ways_prepare(mine, epfd, pidfd) < 0)
		return arg;
	for (int i = 0; i < rounds; i++)
		one_round(mine);
	return NULL;
}

static void execute(const char *path, const char *times)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl(path, path, times, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = in_handler };
	int threads = argc > 3 ? atoi(argv[2]) : 0;
	void *library = argc > 3 ? dlopen(argv[3], RTLD_NOW) : NULL;
	pthread_t thread[64];

	in_library = library ? (void (*)(struct ways *))dlsym(library, "ways_library") : NULL;
	if (!in_library || threads > 64)
		return 2;
	rounds = atoi(argv[1]);
	sigaction(SIGUSR2, &act, NULL);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, NULL) != 0)
			return 3;
	for (int i = 0; i < threads; i++) {
		void *failed;

		pthread_join(thread[i], &failed);
	}
	for (int i = 4; i < argc; i++)
		execute(argv[i], argv[1]);
	printf("inline %ld\nsyscall %ld\nlibc %ld\nraised %d\n", done_inline, done_syscall, done_libc,
	       rounds * threads);
	return 0;
}
