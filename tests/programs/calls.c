/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes every call of the event table with every kind of argument, good and
 * bad, and prints to the file named by its argument the trace that is expected
 * of it, one JSON object a line. Also checks for itself that each call did
 * what its manual page says, so that it fails when a shim changes behaviour.
 */
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <pthread.h>

#include "golden.h"

#define BAD ((void *)16)	/* never mapped */
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)	/* linux/signal.h, which can't be had beside signal.h */
#endif
/* qemu-user has no signals 63 and 64. */
#define LAST (golden_emulated ? 62 : 64)
#define ALL (~0ull >> (64 - LAST) & ~LIBC_OWN)
#define KEEP (BIT(SIGKILL) | BIT(SIGSTOP))
#define LIBC_OWN (BIT(32) | BIT(33))

enum api { LIBC, PTHREAD, SYSCALL };
static const char *const origins[] = { "wrapped", "wrapped", "syscall" };

static uint64_t bits_of(const void *set)
{
	uint64_t bits;

	memcpy(&bits, set, sizeof(bits));
	return bits;
}

/* A set that a call reads: what it held before the call, or where it was not. */
static void print_set_arg(const char *key, const char *comma, const void *p, uint64_t bits)
{
	golden_name(key, comma);
	if (!p || p == BAD)
		golden_pointer(p);
	else
		golden_set(bits);
}

/* --- the mask ------------------------------------------------------------ */

static const char *how_name(int how)
{
	static const char *const names[] = { "\"SIG_BLOCK\"", "\"SIG_UNBLOCK\"", "\"SIG_SETMASK\"" };
	static char number[16];

	if (how >= 0 && how <= 2)
		return names[how];
	snprintf(number, sizeof(number), "%d", how);
	return number;
}

static void print_mask_args(enum api api, int how, const void *set, uint64_t in, const void *old,
			    uint64_t before, int error, size_t size)
{
	fprintf(golden_out, "\"how\":%s", how_name(how));
	print_set_arg("set", ",", set, in);
	if (error)
		golden_name("oldset", ","), golden_pointer(old);
	else
		print_set_arg("oldset", ",", old, before);
	if (api == SYSCALL)
		fprintf(golden_out, ",\"sigsetsize\":%zu", size);
}

static int mask_error(int how, const void *set, const void *old, size_t size)
{
	if (size != 8)
		return EINVAL;
	if (set == BAD)
		return EFAULT;
	if (set && (how < 0 || how > 2))
		return EINVAL;
	return old == BAD ? EFAULT : 0;
}

/* The mask that the kernel makes of the request. */
static uint64_t mask_apply(int how, uint64_t mask, uint64_t set)
{
	set &= ~KEEP;
	if (how == SIG_BLOCK)
		return mask | set;
	return how == SIG_UNBLOCK ? mask & ~set : set;
}

static __attribute__((noinline)) long mask_call(enum api api, int how, const void *set, void *old, size_t size)
{
	long ret;

	errno = 0;
	if (api == LIBC)
		ret = sigprocmask(how, set, old);
	else if (api == PTHREAD)
		ret = pthread_sigmask(how, set, old);
	else
		ret = syscall(SYS_rt_sigprocmask, how, set, old, size);
	return ret;
}

static void do_mask_size(enum api api, int how, const void *set, void *old, size_t size)
{
	static const char *const names[] = { "sigprocmask", "pthread_sigmask", "rt_sigprocmask" };
	uint64_t in = set && set != BAD ? bits_of(set) : 0, before = golden_mask;
	int error = mask_error(how, set, old, size);
	struct golden_call c = { names[api], origins[api], "mask_call", 0, error, before, UNKNOWN, UNKNOWN };
	long ret = mask_call(api, how, set, old, size);
	int saved = errno;

	c.ret = api == PTHREAD ? error : error ? -1 : 0;
	golden_require(ret == c.ret && saved == (api == PTHREAD ? 0 : error),
		       "%s: %ld, errno %d instead of %ld, %d", c.event, ret, saved, c.ret, error);
	if (set && set != BAD)
		c.requested = in;
	if (c.requested != UNKNOWN && size == 8 && how >= 0 && how <= 2)
		golden_mask = mask_apply(how, before, api == SYSCALL ? in : in & ~LIBC_OWN);
	if (old && old != BAD && !error)
		golden_require(bits_of(old) == before, "%s: wrong oldset", c.event);
	golden_require(golden_kernel_mask() == golden_mask, "%s: wrong mask", c.event);
	c.after = golden_mask;
	golden_begin(&c);
	print_mask_args(api, how, set, in, old, before, error, size);
	golden_end();
}

static void do_mask(enum api api, int how, const void *set, void *old)
{
	do_mask_size(api, how, set, old, 8);
}

static const sigset_t *set_of(uint64_t bits)
{
	static sigset_t set;

	sigemptyset(&set);
	memcpy(&set, &bits, sizeof(bits));
	return &set;
}

static void masks(enum api api)
{
	static sigset_t old, both;

	do_mask(api, SIG_SETMASK, set_of(0), &old);
	do_mask(api, SIG_BLOCK, set_of(BIT(SIGINT) | BIT(SIGTERM)), NULL);
	do_mask(api, SIG_BLOCK, set_of(BIT(SIGUSR1) | BIT(34) | BIT(37) | BIT(LAST)), &old);
	do_mask(api, SIG_UNBLOCK, set_of(BIT(SIGINT) | BIT(SIGHUP)), &old);
	do_mask(api, SIG_SETMASK, set_of(BIT(SIGHUP) | KEEP), NULL);
	do_mask(api, SIG_BLOCK, NULL, &old);
	do_mask(api, 99, NULL, NULL);
	do_mask(api, 99, set_of(BIT(SIGINT)), &old);
	do_mask(api, SIG_BLOCK, set_of(BIT(SIGINT) | LIBC_OWN), &old);
	do_mask(api, SIG_UNBLOCK, set_of(LIBC_OWN), NULL);
	memcpy(&both, set_of(BIT(SIGUSR2)), sizeof(both));
	do_mask(api, SIG_BLOCK, &both, &both);
	do_mask(api, SIG_BLOCK, set_of(BIT(SIGALRM)), BAD);
	do_mask(api, SIG_BLOCK, NULL, BAD);
	if (api == SYSCALL) {
		do_mask(api, SIG_BLOCK, BAD, &old);
		do_mask_size(api, SIG_BLOCK, set_of(BIT(SIGINT)), &old, 128);
	}
	do_mask(api, SIG_SETMASK, set_of(ALL), NULL);
}

/* --- the alternate stack ------------------------------------------------- */

static char altstack[64 * 1024];
static stack_t stack_now = { .ss_flags = SS_DISABLE };

static void print_stack(const char *key, const char *comma, const stack_t *ss)
{
	const char *name = "";

	golden_name(key, comma);
	if (!ss || ss == BAD) {
		golden_pointer(ss);
		return;
	}
	if (ss->ss_flags & SS_DISABLE)
		name = "\"SS_DISABLE\"";
	else if (ss->ss_flags & (int)SS_AUTODISARM)
		name = "\"SS_AUTODISARM\"";
	fputs("{\"ss_sp\":", golden_out);
	golden_pointer(ss->ss_sp);
	if (ss->ss_flags == 0x40)
		name = "\"0x40\"";
	fprintf(golden_out, ",\"ss_flags\":[%s],\"ss_size\":%zu}", name, ss->ss_size);
}

static __attribute__((noinline)) long stack_call(enum api api, const stack_t *ss, stack_t *old)
{
	long ret;

	errno = 0;
	if (api == SYSCALL)
		ret = syscall(SYS_sigaltstack, ss, old);
	else
		ret = sigaltstack(ss, old);
	return ret;
}

static void do_stack(enum api api, const stack_t *ss, stack_t *old, int error)
{
	struct golden_call c = { "sigaltstack", origins[api], "stack_call", error ? -1 : 0, error,
				 golden_mask, UNKNOWN, golden_mask };
	stack_t before = stack_now;
	long ret = stack_call(api, ss, old);

	golden_require(ret == c.ret && errno == error, "sigaltstack: %ld, errno %d instead of %ld, %d",
		       ret, errno, c.ret, error);
	/* A bad old_ss is noticed when the new stack is already set. */
	if (ss && ss != BAD && (!error || old == BAD)) {
		stack_now = *ss;
		if (ss->ss_flags == SS_DISABLE)
			stack_now = (stack_t){ .ss_flags = SS_DISABLE };
	}
	golden_begin(&c);
	print_stack("ss", "", ss);
	if (error)
		golden_name("old_ss", ","), golden_pointer(old);
	else
		print_stack("old_ss", ",", old ? &before : NULL);
	golden_end();
}

static void stacks(enum api api)
{
	static stack_t old;
	const stack_t plain = { altstack, 0, sizeof(altstack) };
	const stack_t disarm = { altstack, (int)SS_AUTODISARM, sizeof(altstack) / 2 };
	const stack_t off = { altstack, SS_DISABLE, sizeof(altstack) };
	const stack_t small = { altstack, 0, 100 };
	const stack_t wrong = { altstack, 0x40, sizeof(altstack) };

	do_stack(api, NULL, &old, 0);
	do_stack(api, &plain, NULL, 0);
	if (!golden_emulated) {	/* qemu-user doesn't know SS_AUTODISARM */
		do_stack(api, &disarm, &old, 0);
		do_stack(api, NULL, &old, 0);
	}
	do_stack(api, &small, &old, ENOMEM);
	do_stack(api, &wrong, NULL, EINVAL);
	do_stack(api, BAD, &old, EFAULT);
	do_stack(api, &plain, BAD, EFAULT);
	do_stack(api, NULL, NULL, 0);
	do_stack(api, &off, &old, 0);
}

/* --- signalfd ------------------------------------------------------------ */

enum fd_api { FD_LIBC, FD_OLD, FD_NEW };	/* signalfd(2), SYS_signalfd, SYS_signalfd4 */

#ifndef SYS_signalfd
#define SYS_signalfd (-1)	/* aarch64 has none */
#endif

static __attribute__((noinline)) long fd_call(enum fd_api api, int fd, const void *mask, size_t size, int flags)
{
	long ret;

	errno = 0;
	if (api == FD_LIBC)
		ret = signalfd(fd, mask, flags);
	else if (api == FD_OLD)
		ret = syscall(SYS_signalfd, fd, mask, size);
	else
		ret = syscall(SYS_signalfd4, fd, mask, size, flags);
	return ret;
}

static const char *sfd_names(int flags)
{
	if (flags == 1)
		return "\"0x1\"";
	if (flags == (SFD_CLOEXEC | SFD_NONBLOCK))
		return "\"SFD_CLOEXEC\",\"SFD_NONBLOCK\"";
	return flags == SFD_CLOEXEC ? "\"SFD_CLOEXEC\"" : "";
}

static long do_fd(enum fd_api api, int fd, const void *mask, size_t size, int flags, int error)
{
	uint64_t in = mask && mask != BAD ? bits_of(mask) : 0;
	struct golden_call c = { api == FD_NEW ? "signalfd4" : "signalfd", api ? "syscall" : "wrapped",
				 "fd_call", -1, error, golden_mask, UNKNOWN, golden_mask };
	long ret = fd_call(api, fd, mask, size, flags);

	golden_require(error ? ret == -1 && errno == error : ret >= 0, "%s: %ld, errno %d instead of %d",
		       c.event, ret, errno, error);
	c.ret = ret;
	golden_begin(&c);
	fprintf(golden_out, "\"fd\":%d", fd);
	print_set_arg("mask", ",", mask, in);
	if (api != FD_LIBC)
		fprintf(golden_out, ",\"sizemask\":%zu", size);
	if (api != FD_OLD)
		fprintf(golden_out, ",\"flags\":[%s]", sfd_names(flags));
	golden_end();
	return ret;
}

static void signalfds(enum fd_api api)
{
	const sigset_t *mask = set_of(BIT(SIGUSR1) | BIT(SIGKILL) | BIT(40));
	long fd = do_fd(api, -1, mask, 8, SFD_CLOEXEC | SFD_NONBLOCK, 0);

	do_fd(api, (int)fd, set_of(BIT(SIGUSR2)), 8, 0, 0);
	if (api != FD_OLD)
		do_fd(api, -1, mask, 8, 1, EINVAL);
	if (api != FD_LIBC && !golden_emulated)	/* qemu-user takes any size */
		do_fd(api, -1, mask, 128, 0, EINVAL);
	do_fd(api, 1000000, mask, 8, 0, EBADF);
	do_fd(api, fileno(golden_out), mask, 8, 0, EINVAL);
	do_fd(api, -1, BAD, 8, 0, EFAULT);
	close((int)fd);
}

#include "calls_queue.h"

int main(int argc, char **argv)
{
	golden_require(argc == 2 || argc == 3, "Usage: calls FILE [emulated]");
	golden_emulated = argc == 3;
	golden_open(argv[1]);
	for (enum api api = LIBC; api <= SYSCALL; api++)
		masks(api);
	stacks(LIBC);
	stacks(SYSCALL);
	for (enum fd_api api = FD_LIBC; api <= FD_NEW; api++)
		if (api != FD_OLD || SYS_signalfd >= 0)
			signalfds(api);
	queues();
	printf("%lu calls\n", golden_seq);
	return 0;
}
