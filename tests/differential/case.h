/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the differential cases share: printing what a program can observe.
 * Everything here looks through system calls of its own, so that the wrapped
 * functions are called by the cases alone, and prints nothing that differs
 * from run to run (addresses, numbers of processes).
 */
#ifndef CASE_H
#define CASE_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

#define UNUSED __attribute__((unused))
#define NOINLINE __attribute__((noinline))
#define SENTINEL 7777		/* no error has this number: who left it alone, left errno alone */
#define BIT(sig) (1ull << ((sig) - 1))

/* The kernel itself, past every library. -errno on failure. */
UNUSED static long kernel6(long n, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
		: "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		: "rcx", "r11", "memory");
	return ret;
#else
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0" : "+r"(x0)
		: "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
#endif
}
#define kernel(n, a, b, c, d) kernel6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

/* A line on stdout in one write; may be used in handlers and vfork children. */
__attribute__((format(printf, 1, 2)))
UNUSED static void say(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n, saved = errno;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	kernel(SYS_write, 1, line, n, 0);
	errno = saved;
}

UNUSED static const char *error_name(int err)
{
	const char *name = err == SENTINEL ? "untouched" : strerrorname_np(err);

	return name ? name : "?";
}

/* Evaluates a call, and prints result and errno. Its value is the result. */
#define CALL(...) ({							\
	long call_result;						\
									\
	errno = SENTINEL;						\
	call_result = (long)(__VA_ARGS__);				\
	say("%s = %ld, errno %s", #__VA_ARGS__, call_result, error_name(errno)); \
	call_result;							\
})

/* For what a case needs, and does not test. */
#define MUST(expr) ({							\
	long must_result = (long)(expr);				\
									\
	if (must_result == -1) {					\
		say("line %d: %s: %s", __LINE__, #expr, error_name(errno)); \
		_exit(99);						\
	}								\
	must_result;							\
})

UNUSED static uint64_t kernel_mask(void)
{
	uint64_t mask = 0;

	kernel(SYS_rt_sigprocmask, 0, 0, &mask, 8);
	return mask;
}

UNUSED static uint64_t kernel_pending(void)
{
	uint64_t set = 0;

	kernel(SYS_rt_sigpending, &set, 8, 0, 0);
	return set;
}

/* Numbers of open descriptors in [from, to), into text. Returns how many. */
UNUSED static int list_descriptors(char *text, size_t size, int from, int to)
{
	size_t used = 0;
	int n = 0;

	text[0] = '\0';
	for (int fd = from; fd < to; fd++) {
		long flags = kernel(SYS_fcntl, fd, 1 /* F_GETFD */, 0, 0);

		if (flags < 0)
			continue;
		n++;
		if (used < size - 16)
			used += (size_t)snprintf(text + used, size - used, " %d%s", fd,
						 flags & 1 ? "c" : "");
	}
	return n;
}

/* Descriptors that a program meets. Above 900 one may be there that it never asked for. */
UNUSED static void show_descriptors(const char *when)
{
	char text[512];
	int above;

	list_descriptors(text, sizeof(text), 0, 900);
	say("%s: descriptors%s", when, text);
	above = list_descriptors(text, sizeof(text), 900, 1100);
	if (above > 1)
		say("%s: %d descriptors above 900:%s", when, above, text);
}

UNUSED static void show_dispositions(const char *when)
{
	struct { uintptr_t handler; unsigned long flags; uintptr_t restorer; uint64_t mask; } act;

	for (int sig = 1; sig <= 64; sig++) {
		kernel(SYS_rt_sigaction, sig, 0, &act, 8);
		if (act.handler > 1)
			say("%s: signal %d has a handler, flags %#lx, mask %#llx", when, sig,
			    act.flags, (unsigned long long)act.mask);
		else if (act.handler == 1)
			say("%s: signal %d is ignored", when, sig);
	}
}

UNUSED static void show_altstack(const char *when)
{
	stack_t ss = {};

	kernel(SYS_sigaltstack, 0, &ss, 0, 0);
	say("%s: alternate stack %s, size %zu, flags %#x", when, ss.ss_sp ? "set" : "null",
	    ss.ss_size, (unsigned int)ss.ss_flags);
}

UNUSED static void show_mask(const char *when)
{
	say("%s: mask %#018llx pending %#llx", when, (unsigned long long)kernel_mask(),
	    (unsigned long long)kernel_pending());
}

/* True if thread `tid` has begun to end: PF_EXITING in the flags of proc(5)'s stat, or it is gone. */
UNUSED static bool thread_is_ending(const char *tid)
{
	char path[64], text[256] = "";
	unsigned int flags = 4;
	char *after;
	long fd;

	snprintf(path, sizeof(path), "/proc/self/task/%s/stat", tid);
	fd = kernel(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
	if (fd >= 0) {
		kernel(SYS_read, fd, text, sizeof(text) - 1, 0);
		kernel(SYS_close, fd, 0, 0, 0);
	}
	after = strrchr(text, ')');
	if (after)
		sscanf(after, ") %*c %*d %*d %*d %*d %*d %u", &flags);
	return flags & 4;
}

/* The threads that run. One that was joined may still be on its way out of the kernel. */
UNUSED static int thread_count(void)
{
	struct { uint64_t ino, off; unsigned short len; unsigned char type; char name[]; } *entry;
	char room[2048] __attribute__((aligned(8)));
	int count = 0;
	long n, fd = kernel(SYS_openat, AT_FDCWD, "/proc/self/task", O_DIRECTORY, 0);

	if (fd < 0)
		return -1;
	while ((n = kernel(SYS_getdents64, fd, room, sizeof(room), 0)) > 0)
		for (long at = 0; at < n; at += entry->len) {
			entry = (void *)(room + at);
			count += entry->name[0] != '.' && !thread_is_ending(entry->name);
		}
	kernel(SYS_close, fd, 0, 0, 0);
	return count;
}

/* All of it. */
UNUSED static void show_state(const char *when)
{
	int saved = errno;

	show_mask(when);
	show_altstack(when);
	show_descriptors(when);
	show_dispositions(when);
	say("%s: %d threads", when, thread_count());
	errno = saved;
}

/* How a child ended, after waiting for it. */
UNUSED static int show_end(const char *who, pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, __WALL) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status))
		say("%s: exit status %d", who, WEXITSTATUS(status));
	else
		say("%s: killed by signal %d", who, WTERMSIG(status));
	return status;
}

UNUSED static sigset_t set_of(int first, ...)
{
	sigset_t set;
	va_list ap;

	sigemptyset(&set);
	va_start(ap, first);
	for (int sig = first; sig; sig = va_arg(ap, int))
		sigaddset(&set, sig);
	va_end(ap);
	return set;
}

/* n bytes that end where the mapped memory ends. prot is of the page. */
UNUSED static void *page_end(size_t n, int prot)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(98);
	munmap(p + 4096, 4096);
	mprotect(p, 4096, prot);
	return p + 4096 - n;
}

/* An address at which nothing is mapped. */
UNUSED static void *nowhere(void)
{
	char *p = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p + 64;
}

UNUSED static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction act = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	MUST(sigaction(sig, &act, NULL));
}

/* A timer that signals the process every `us` microseconds; 0 stops it. */
UNUSED static void storm(int us)
{
	struct { long s, us, next_s, next_us; } t = { 0, us, 0, us };

	kernel(SYS_setitimer, 0, &t, 0, 0);
}

#endif
