/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every system call of the table, harmless and immediate, for programs that
 * make it in different ways. The arguments lie below 4 GiB, so that i386's
 * calls can be given them too.
 */
#ifndef WAYS_H
#define WAYS_H

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct ways_area {
	uint64_t set, old;
	uint64_t stack[3];
	unsigned char info[128], back[128];
	uint64_t zero[2];
	uint64_t pair[2], pair32;
	unsigned char action[64], event[64];
	unsigned char code[64];
};

struct ways_call {
	const char *name;
	int nr, nr32;
	long arg[6];
	int gives_fd;
};
#define WAYS_CALLS 17

struct ways {
	struct ways_area *area;
	struct ways_call call[WAYS_CALLS];
	int pid, tid;
};

static inline long ways_inline(long n, const long *a)
{
	register long r10 __asm__("r10") = a[3];
	register long r8 __asm__("r8") = a[4];
	register long r9 __asm__("r9") = a[5];
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(n), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long ways_int80(long n, const long *a)
{
	long ret;

	__asm__ volatile("push %%rbp\n\tmov %7, %%rbp\n\tint $0x80\n\tpop %%rbp"
			 : "=a"(ret) : "0"(n), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4]), "r"(a[5])
			 : "r8", "r9", "r10", "r11", "memory");
	return ret;
}

#define ROW(name_, nr32_, fd, ...) w->call[n++] = \
	(struct ways_call){ #name_, SYS_##name_, nr32_, { __VA_ARGS__ }, fd }
#define AT(member) (long)&area->member

/* For the calling thread; 0 or -1. epfd, pidfd: descriptors to use. */
static inline int ways_prepare(struct ways *w, int epfd, int pidfd)
{
	struct ways_area *area = mmap(0, sizeof(*area), PROT_READ | PROT_WRITE | PROT_EXEC,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int n = 0, queue = -1, code = 0;
	const long none[6] = { 0 };

	if (area == MAP_FAILED)
		return -1;
	w->area = area;
	w->pid = (int)ways_inline(SYS_getpid, none);
	w->tid = (int)ways_inline(SYS_gettid, none);
	area->set = 1ull << 15;
	memcpy(area->info + 8, &queue, 4);
	memcpy(area->info + 16, &w->pid, 4);
	area->pair[0] = (uint64_t)&area->set;
	area->pair[1] = 8;
	area->pair32 = (uint64_t)&area->set | 8ull << 32;
	/* syscall; ret */
	memcpy(area->code, "\x0f\x05\xc3", 3);
	(void)code;
	ROW(rt_sigprocmask, 175, 0, 0, AT(set), AT(old), 8);
	ROW(rt_sigqueueinfo, 178, 0, w->pid, 0, AT(info));
	ROW(sigaltstack, 186, 0, 0, AT(stack));
	ROW(signalfd, 321, 1, -1, AT(set), 8);
	ROW(signalfd4, 327, 1, -1, AT(set), 8, 0);
	ROW(rt_tgsigqueueinfo, 335, 0, w->pid, w->tid, 0, AT(info));
	ROW(rt_sigaction, 174, 0, 10, 0, AT(action), 8);
	ROW(rt_sigsuspend, 179, 0, AT(set), 4);
	ROW(rt_sigtimedwait, 177, 0, AT(set), AT(back), AT(zero), 8);
	ROW(pselect6, 308, 0, 0, 0, 0, 0, AT(zero), AT(pair));
	ROW(ppoll, 309, 0, 0, 0, AT(zero), AT(set), 8);
	ROW(epoll_pwait, 319, 0, epfd, AT(event), 1, 0, AT(set), 8);
	ROW(epoll_pwait2, 441, 0, epfd, AT(event), 1, AT(zero), AT(set), 8);
	ROW(kill, 37, 0, w->pid, 0);
	ROW(tkill, 238, 0, w->tid, 0);
	ROW(tgkill, 270, 0, w->pid, w->tid, 0);
	ROW(pidfd_send_signal, 424, 0, pidfd, 0, 0, 0);
	return 0;
}

/* Each call once, by `make`; closes what was opened. */
static inline void ways_each(struct ways *w, long (*make)(long n, const long *a), int numbers32)
{
	for (int i = 0; i < WAYS_CALLS; i++) {
		struct ways_call *c = &w->call[i];
		long a[6], ret;

		memcpy(a, c->arg, sizeof(a));
		if (numbers32 && c->nr == SYS_pselect6)
			a[5] = (long)&w->area->pair32;
		ret = make(numbers32 ? c->nr32 : c->nr, a);
		if (c->gives_fd && ret >= 0)
			ways_inline(SYS_close, (long[6]){ ret });
	}
}

#endif
