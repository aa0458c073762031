/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The libunwind inside the portable library. libunwind.redefine turns what it
 * takes from libc into the functions below, so that a walk keeps no descriptor
 * open, is no cancellation point, takes no lock that a fork could leave behind,
 * and doesn't depend on whether the program has threads. unwinder_load runs
 * once at the start; the rest is AS-safe and MT-safe as libunwind is.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "shim.h"
#include "sys.h"
#include "unwinder.h"

#include "banned.h"

extern int unw_backtrace(void **pc, int size);
extern int unwinder_own_find_proc_info(void *space, uintptr_t pc, void *info, int need, void *arg);

/* What libunwind calls, by libunwind.redefine. */
int unwinder_find_proc_info(void *space, uintptr_t pc, void *info, int need, void *arg);
int unwinder_dl_iterate_phdr(int (*visit)(struct dl_phdr_info *, size_t, void *), void *arg);
int unwinder_sigprocmask(int how, const uint64_t *set, uint64_t *old);
int unwinder_sigmask(int how, const uint64_t *set, uint64_t *old);
int unwinder_mutex_init(uint32_t *lock, const void *attr);
int unwinder_mutex_lock(uint32_t *lock);
int unwinder_mutex_unlock(uint32_t *lock);
int unwinder_once(int *done, void (*init)(void));
int unwinder_key_create(unsigned int *key, void (*end)(void *));
int unwinder_setspecific(unsigned int key, const void *value);
void *unwinder_mmap(void *p, size_t n, int prot, int flags, int fd, long offset);
int unwinder_munmap(void *p, size_t n);
int unwinder_pipe2(int fd[2], int flags);
int unwinder_mincore(void *p, size_t n, unsigned char *vec);
int unwinder_msync(void *p, size_t n, int flags);
long unwinder_read(int fd, void *to, size_t n);
long unwinder_syscall(long nr, long a, long b, long c, long d, long e, long f);
int unwinder_open(const char *path, int flags);
int unwinder_close(int fd);
int unwinder_stat(const char *path, void *st);
int unwinder_fstat(int fd, void *st);
long unwinder_write(int fd, const void *p, size_t n);
void *unwinder_allocate(size_t n);
void unwinder_release(void *p);
_Noreturn void unwinder_abort(void);

int (*unwinder_walk)(void **pc, int size);

/* A thread's end has to give its cache back. glibc had these in libpthread until 2.34. */
static int (*key_create)(unsigned int *, void (*)(void *));
static int (*setspecific)(unsigned int, const void *);

/* Its calls never reach the wrappers. */
bool unwinder_owns(uintptr_t pc)
{
	return false;
}

bool unwinder_load(void)
{
	key_create = (int (*)(unsigned int *, void (*)(void *)))dlsym(RTLD_DEFAULT, "pthread_key_create");
	setspecific = (int (*)(unsigned int, const void *))dlsym(RTLD_DEFAULT, "pthread_setspecific");
	unwinder_walk = unw_backtrace;
	return true;
}

/* The address for whose sake dl_iterate_phdr will be called. */
static _Thread_local uintptr_t sought;

int unwinder_find_proc_info(void *space, uintptr_t pc, void *info, int need, void *arg)
{
	uintptr_t outer = sought;
	int ret;

	sought = pc;
	ret = unwinder_own_find_proc_info(space, pc, info, need, arg);
	sought = outer;
	return ret;
}

int unwinder_dl_iterate_phdr(int (*visit)(struct dl_phdr_info *, size_t, void *), void *arg)
{
	return module_visit(sought, visit, arg);
}

int unwinder_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
	return (int)sys(SYS_rt_sigprocmask, how, set, old, 8);
}

int unwinder_sigmask(int how, const uint64_t *set, uint64_t *old)
{
	return unwinder_sigprocmask(how, set, old);
}

int unwinder_mutex_init(uint32_t *lock, const void *attr)
{
	*lock = 0;
	return 0;
}

/*
 * Held with signals blocked, so whoever holds it runs on; except in a forked
 * child, where a lock that some other thread of the parent held is nobody's.
 * The holder therefore leaves a mark of its process.
 */
int unwinder_mutex_lock(uint32_t *lock)
{
	const struct timespec tick = { .tv_nsec = 20000 };
	uint32_t mine = shim_process ? (uint32_t)shim_process->instance | 1 : 1, held = 0;

	while (!__atomic_compare_exchange_n(lock, &held, mine, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		if (held != mine)
			continue;
		held = 0;
		sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &tick, 0);
	}
	return 0;
}

int unwinder_mutex_unlock(uint32_t *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
	return 0;
}

/* The first walk is the only one under way: it is stack_load's. */
int unwinder_once(int *done, void (*init)(void))
{
	if (!*done) {
		*done = 1;
		init();
	}
	return 0;
}

int unwinder_key_create(unsigned int *key, void (*end)(void *))
{
	return key_create ? key_create(key, end) : 0;
}

int unwinder_setspecific(unsigned int key, const void *value)
{
	return setspecific ? setspecific(key, value) : 0;
}

static long result(long ret)
{
	if ((unsigned long)ret <= -4096ul)
		return ret;
	errno = (int)-ret;
	return -1;
}

/* Programs put functions of their own in front of these. */
void *unwinder_mmap(void *p, size_t n, int prot, int flags, int fd, long offset)
{
	return (void *)result(sys(SYS_mmap, p, n, prot, flags, fd, offset));
}

int unwinder_munmap(void *p, size_t n)
{
	return (int)sys(SYS_munmap, p, n);
}

/*
 * To see whether memory can be read, libunwind asks mincore or msync, empties a
 * pipe and writes a byte from there into it. There is no pipe here, and the
 * write asks the kernel.
 */
int unwinder_pipe2(int fd[2], int flags)
{
	fd[0] = fd[1] = -1;
	return 0;
}

int unwinder_mincore(void *p, size_t n, unsigned char *vec)
{
	return 0;
}

int unwinder_msync(void *p, size_t n, int flags)
{
	return 0;
}

/* libunwind looks at errno in either case. */
long unwinder_read(int fd, void *to, size_t n)
{
	errno = EAGAIN;
	return -1;
}

static long probe(uintptr_t p)
{
	uint64_t word;
	bool readable = copy_checked(&word, p, sizeof(word));

	errno = readable ? 0 : EFAULT;
	return readable ? 1 : -1;
}

long unwinder_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	return nr == SYS_write ? probe((uintptr_t)b) : result(sys(nr, a, b, c, d, e, f));
}

/* Files of objects without .eh_frame_hdr, in which the loader can't see .eh_frame. */
int unwinder_open(const char *path, int flags)
{
	return (int)result(sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC));
}

int unwinder_fstat(int fd, void *st)
{
	return (int)result(sys(SYS_fstat, fd, st));
}

int unwinder_close(int fd)
{
	return (int)result(sys(SYS_close, fd));
}

/* On aarch64 this is the probe; a message of libunwind's is taken for one. */
long unwinder_write(int fd, const void *p, size_t n)
{
	return probe((uintptr_t)p);
}

/* For the names of functions, which nobody asks it for. */
int unwinder_stat(const char *path, void *st)
{
	errno = ENOSYS;
	return -1;
}

void *unwinder_allocate(size_t n)
{
	return NULL;
}

void unwinder_release(void *p)
{
}

/* Resuming a context, which nobody asks for; an .eh_frame_hdr that no linker writes. */
_Noreturn void unwinder_abort(void)
{
	__builtin_trap();
}
