/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls for the shim's own needs, inline: they touch neither errno nor
 * anybody's wrappers, and are no cancellation points. Results are the
 * kernel's, -errno on failure. AS-safe, MT-safe.
 */
#ifndef SHIM_SYS_H
#define SHIM_SYS_H

#include <stdint.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
static inline long sys6(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
		: "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		: "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static inline long sys6(long n, long a, long b, long c, long d, long e, long f)
{
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
}
#else
#error "sigshim knows x86-64 and aarch64"
#endif

/* The stack pointer. */
static inline uintptr_t sys_sp(void)
{
	uintptr_t sp;

#if defined(__x86_64__)
	__asm__ volatile("movq %%rsp, %0" : "=r"(sp));
#else
	__asm__ volatile("mov %0, sp" : "=r"(sp));
#endif
	return sp;
}

#define SYS_PICK(_1, _2, _3, _4, _5, _6, _7, NAME, ...) NAME
#define sys(...) SYS_PICK(__VA_ARGS__, sys_7, sys_6, sys_5, sys_4, sys_3, sys_2, sys_1)(__VA_ARGS__)
#define sys_1(n) sys6(n, 0, 0, 0, 0, 0, 0)
#define sys_2(n, a) sys6(n, (long)(a), 0, 0, 0, 0, 0)
#define sys_3(n, a, b) sys6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define sys_4(n, a, b, c) sys6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define sys_5(n, a, b, c, d) sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define sys_6(n, a, b, c, d, e) sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define sys_7(n, a, b, c, d, e, f) \
	sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* This thread's mask, from the kernel. */
static inline uint64_t sys_mask(void)
{
	uint64_t mask = 0;

	sys(SYS_rt_sigprocmask, 0, 0, &mask, 8);
	return mask;
}

/* Signals pending for this thread or its process. */
static inline uint64_t sys_pending(void)
{
	uint64_t set = 0;

	sys(SYS_rt_sigpending, &set, 8);
	return set;
}

/* Blocks every signal of this thread; returns the mask as it was, for sys_restore. */
static inline uint64_t sys_block(void)
{
	uint64_t all = ~0ull, old = 0;

	sys(SYS_rt_sigprocmask, 0 /* SIG_BLOCK */, &all, &old, 8);
	return old;
}

static inline void sys_restore(uint64_t mask)
{
	sys(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &mask, 0, 8);
}

#endif
