/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits lowered to next to nothing while the program runs: descriptors,
 * address space, stack, file size, processes. Calls go on as they did.
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "case.h"

static void lower(int which, unsigned long to)
{
	struct rlimit limit = { .rlim_cur = to, .rlim_max = to };

	MUST(setrlimit(which, &limit));
}

static void calls(const char *when)
{
	sigset_t set = set_of(SIGUSR1, 0), old;
	pid_t pid;

	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	CALL(pthread_sigmask(SIG_SETMASK, &old, NULL));
	CALL(sigaltstack(NULL, NULL));
	pid = fork();
	if (pid == 0) {
		CALL(sigprocmask(SIG_BLOCK, &set, &old));
		CALL(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, 8));
		show_descriptors("child");
		_exit(3);
	}
	show_end(when, pid);
}

static void descriptors(void)
{
	int n = 0;

	lower(RLIMIT_NOFILE, 10);
	calls("10 descriptors");
	while (open("/dev/null", O_RDONLY) >= 0)
		n++;
	say("%d could be opened", n);
	calls("no descriptor left");
	lower(RLIMIT_NOFILE, 0);
	calls("0 descriptors");
}

static int deep(int n)
{
	volatile char here[1024];

	here[0] = (char)n;
	here[1023] = n ? (char)deep(n - 1) : 0;
	if (!n)
		calls("64 KiB of stack, half of it used");
	return here[0] + here[1023];
}

static NOINLINE void in_child(const char *what, void (*work)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		work();
		_exit(0);
	}
	show_end(what, pid);
}

static void little_stack(void)
{
	lower(RLIMIT_STACK, 65536);
	deep(30);
	if (fork() == 0)
		execl("/proc/self/exe", "case", "again", NULL);
	wait(NULL);
}

static void little_memory(void)
{
	struct rlimit limit = { .rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY };
	void *p;

	MUST(setrlimit(RLIMIT_AS, &limit));
	calls("no address space");
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	say("a mapping: %s", p == MAP_FAILED ? error_name(errno) : "made");
	calls("after that");
}

static void little_else(void)
{
	sigset_t set = set_of(SIGUSR1, 0);

	lower(RLIMIT_FSIZE, 0);
	lower(RLIMIT_MEMLOCK, 0);
	lower(RLIMIT_MSGQUEUE, 0);
	lower(RLIMIT_DATA, 0);
	for (int i = 0; i < 1000; i++)
		sigprocmask(i & 1, &set, NULL);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		calls("a program with 64 KiB of stack");
		return 0;
	}
	in_child("descriptors", descriptors);
	in_child("stack", little_stack);
	in_child("memory", little_memory);
	in_child("the rest", little_else);
	return 0;
}
