/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes each wrapped call once, by a known way: main, outer, middle, inner; in
 * a thread, a handler, a forked child, and through a library that is loaded
 * late (its path is the argument). Prints what they returned. Built for glibc
 * and for musl, with functions that have been there for ever.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int done;

static __attribute__((noinline)) void inner(void)
{
	static char stack[1 << 16];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	uint64_t mask = 0;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	printf("sigprocmask %d\n", sigprocmask(SIG_BLOCK, &set, NULL));
	printf("pthread_sigmask %d\n", pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	printf("pthread_sigmask %d %d\n", pthread_sigmask(99, &set, NULL), errno);
	printf("sigaltstack %d\n", sigaltstack(&ss, NULL));
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	printf("signalfd %d\n", fd);
	close(fd);
	printf("sigqueue %d\n", sigqueue(getpid(), 0, (union sigval){ .sival_int = 7 }));
#ifdef __GLIBC__
	printf("pthread_sigqueue %d\n", pthread_sigqueue(pthread_self(), 0, (union sigval){}));
#endif
	printf("syscall %ld\n", syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8));
	done++;
}

static __attribute__((noinline)) void middle(void)
{
	inner();
	done++;
}

static __attribute__((noinline)) void outer(void)
{
	middle();
	done++;
}

static void query(void)
{
	sigset_t set;

	sigprocmask(SIG_BLOCK, NULL, &set);
	done++;
}

static void *thread(void *arg)
{
	query();
	done++;
	return arg;
}

static void handler(int sig)
{
	(void)sig;
	query();
	done++;
}

static __attribute__((noinline)) void through_thread(void)
{
	pthread_t t;
	int err = pthread_create(&t, NULL, thread, NULL);

	printf("thread %d\n", err ? err : pthread_join(t, NULL));
}

static __attribute__((noinline)) void through_handler(void)
{
	signal(SIGUSR2, handler);
	raise(SIGUSR2);
	done++;
}

static __attribute__((noinline)) void through_library(const char *path)
{
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void (*call_back)(void (*)(void)) = lib ? (void (*)(void (*)(void)))dlsym(lib, "call_back") : NULL;

	printf("library %d\n", call_back != NULL);
	if (call_back)
		call_back(query);
	done++;
}

static __attribute__((noinline)) void through_fork(void)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		query();
		_exit(3);
	}
	waitpid(pid, &status, 0);
	printf("child %d\n", status);
}

int main(int argc, char **argv)
{
	outer();
	through_handler();
	through_thread();
	through_library(argv[argc - 1]);
	through_fork();
	return 0;
}
