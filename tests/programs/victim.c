/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * victim FILE: calls until it is killed. Two children besides, which it forks
 * first; each process has two threads. FILE is shared memory: a slot for each
 * thread, with the number of calls that it has completed.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROCESSES 3

/* tests/e2e/test_kill.py reads it. */
struct slot {
	uint64_t pid, tid, done;
};

static struct slot *slot;

static __attribute__((noreturn)) void *run(void *arg)
{
	struct slot *mine = arg;
	sigset_t set, old;

	mine->pid = (uint64_t)getpid();
	mine->tid = (uint64_t)syscall(SYS_gettid);
	sigemptyset(&set);
	for (;;) {
		sigaddset(&set, SIGRTMIN + (int)(mine->done % 30));
		pthread_sigmask(SIG_BLOCK, &set, &old);
		__atomic_store_n(&mine->done, mine->done + 1, __ATOMIC_RELEASE);
		for (volatile int i = 0; i < 20000; i++)
			;
	}
}

int main(int argc, char **argv)
{
	int fd = open(argv[argc - 1], O_RDWR | O_CREAT, 0644), i = 0;
	pthread_t thread;

	if (fd < 0 || ftruncate(fd, 2 * PROCESSES * sizeof(*slot)))
		return 2;
	slot = mmap(NULL, 2 * PROCESSES * sizeof(*slot), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	while (i < PROCESSES - 1 && fork())
		i++;
	pthread_create(&thread, NULL, run, &slot[2 * i]);
	run(&slot[2 * i + 1]);
}
