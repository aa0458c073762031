/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The libunwind inside the portable library. libunwind.redefine turns what it
 * takes from libc into the functions of unwinder_libc.h and those below.
 * unwinder_load runs once at the start; the rest is AS-safe and MT-safe as
 * libunwind is.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>

#include "shim.h"
#include "sys.h"
#include "unwinder.h"
#include "unwinder_libc.h"

#include "banned.h"

extern int unw_backtrace(void **pc, int size);
extern int unwinder_own_find_proc_info(void *space, uintptr_t pc, void *info, int need, void *arg);

/* What libunwind calls, by libunwind.redefine, besides unwinder_libc.h. */
int unwinder_find_proc_info(void *space, uintptr_t pc, void *info, int need, void *arg);
int unwinder_dl_iterate_phdr(int (*visit)(struct dl_phdr_info *, size_t, void *), void *arg);
int unwinder_sigmask(int how, const uint64_t *set, uint64_t *old);
int unwinder_once(int *done, void (*init)(void));
int unwinder_key_create(unsigned int *key, void (*end)(void *));
int unwinder_setspecific(unsigned int key, const void *value);
long unwinder_syscall(long nr, long a, long b, long c, long d, long e, long f);
int unwinder_open(const char *path, int flags);
int unwinder_close(int fd);
int unwinder_fstat(int fd, void *st);
_Noreturn void unwinder_abort(void);

int (*unwinder_walk)(void **pc, int size);

/* A thread's end has to give its cache back. glibc had these in libpthread until 2.34. */
static int (*key_create)(unsigned int *, void (*)(void *));
static int (*setspecific)(unsigned int, const void *);

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

int unwinder_sigmask(int how, const uint64_t *set, uint64_t *old)
{
	return unwinder_sigprocmask(how, set, old);
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

long unwinder_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	return nr == SYS_write ? unwinder_write((int)a, (const void *)b, (size_t)c) :
		result(sys(nr, a, b, c, d, e, f));
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

/* Resuming a context, which nobody asks for; an .eh_frame_hdr that no linker writes. */
_Noreturn void unwinder_abort(void)
{
	__builtin_trap();
}
