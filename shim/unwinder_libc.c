/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replacements for the libc functions that libunwind calls; see
 * unwinder_libc.h. libunwind looks at errno after read and write in any case.
 */
#include "copy.h"
#include "unwinder_libc.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include "shim.h"
#include "sys.h"

#include "banned.h"

int unwinder_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
	return (int)sys(SYS_rt_sigprocmask, how, set, old, 8);
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

/* Programs put functions of their own in front of these. */
void *unwinder_mmap(void *p, size_t n, int prot, int flags, int fd, long offset)
{
	long ret = sys(SYS_mmap, p, n, prot, flags, fd, offset);

	return (unsigned long)ret > -4096ul ? MAP_FAILED : (void *)ret;
}

int unwinder_munmap(void *p, size_t n)
{
	return (int)sys(SYS_munmap, p, n);
}

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

long unwinder_read(int fd, void *to, size_t n)
{
	errno = EAGAIN;
	return -1;
}

/* A message of libunwind's is taken for a probe. */
long unwinder_write(int fd, const void *p, size_t n)
{
	uint64_t word;
	bool readable = copy_checked(&word, (uintptr_t)p, sizeof(word));

	errno = readable ? 0 : EFAULT;
	return readable ? 1 : -1;
}

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
