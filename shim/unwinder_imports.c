/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libunwind.so.8 gets when it calls libc: its import slots are pointed at
 * the functions below before its first walk. It would otherwise
 *   - set masks through libc, which strips signals 32 and 33 from them, and
 *     through whatever other library wraps sigprocmask;
 *   - keep a pipe to test addresses with, on numbers that the program may
 *     close and use for files of its own, and read from there;
 *   - have its thread-local storage allocated by malloc in each thread's first
 *     walk, and open files and allocate for code without unwind tables;
 *   - hang in a forked child on a lock that another thread of the parent held.
 * imports_replace runs once at the start; the rest is AS-safe, MT-safe.
 */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "shim.h"
#include "sys.h"
#include "unwinder.h"

#include "banned.h"

static int set_mask(int how, const void *set, void *old)
{
	return (int)sys(SYS_rt_sigprocmask, how, set, old, 8);
}

/* Like the thread variables of the shim itself: there from the thread's start. */
static _Thread_local char storage[64] __attribute__((aligned(16)));

static void *thread_storage(const size_t index[2])
{
	return storage + index[1];
}

/*
 * To see whether memory can be read, libunwind asks mincore or msync, empties
 * its pipe, and writes a byte from there into it. There is no pipe; the write
 * asks the kernel in another way. It looks at errno in any case.
 */
static int no_pipe(int fd[2], int flags)
{
	fd[0] = fd[1] = -1;
	return 0;
}

static long nothing_to_read(int fd, void *to, size_t n)
{
	errno = EAGAIN;
	return -1;
}

static long can_be_read(long nr, int fd, const void *p, size_t n)
{
	uint64_t word;
	bool readable = copy_checked(&word, (uintptr_t)p, sizeof(word));

	errno = readable ? 0 : EFAULT;
	return readable ? 1 : -1;
}

/* On aarch64 it is not by way of syscall; a message of libunwind's is taken for one. */
static long can_be_written(int fd, const void *p, size_t n)
{
	return can_be_read(SYS_write, fd, p, n);
}

static int agree(void)
{
	return 0;
}

/* For open and stat: sections that are not loaded are not looked for. */
static int refuse(void)
{
	errno = EACCES;
	return -1;
}

static void *no_memory(size_t n)
{
	return NULL;
}

static void *map(void *p, size_t n, int prot, int flags, int fd, long offset)
{
	long ret = sys(SYS_mmap, p, n, prot, flags, fd, offset);

	return (unsigned long)ret > -4096ul ? MAP_FAILED : (void *)ret;
}

static int unmap(void *p, size_t n)
{
	return (int)sys(SYS_munmap, p, n);
}

/*
 * Held with signals blocked, so whoever holds it runs on; except in a forked
 * child, where a lock that another thread of the parent held is nobody's. The
 * holder leaves a mark of its process.
 */
static int lock(uint32_t *word)
{
	const struct timespec tick = { .tv_nsec = 20000 };
	uint32_t mine = shim_process ? (uint32_t)shim_process->instance | 1 : 1, held = 0;

	while (!__atomic_compare_exchange_n(word, &held, mine, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		if (held != mine)
			continue;
		held = 0;
		sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &tick, 0);
	}
	return 0;
}

static int unlock(uint32_t *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
	return 0;
}

static const struct { const char *name; void *function; } import[] = {
	{ "sigprocmask", (void *)set_mask }, { "__tls_get_addr", (void *)thread_storage },
	{ "pipe2", (void *)no_pipe }, { "read", (void *)nothing_to_read }, { "syscall", (void *)can_be_read },
	{ "mincore", (void *)agree }, { "msync", (void *)agree }, { "close", (void *)agree },
	{ "open", (void *)refuse }, { "stat", (void *)refuse }, { "fstat", (void *)refuse },
	{ "write", (void *)can_be_written }, { "malloc", (void *)no_memory }, { "free", (void *)agree },
	{ "mmap", (void *)map }, { "munmap", (void *)unmap }, { "pthread_mutex_init", (void *)unlock },
	{ "pthread_mutex_lock", (void *)lock }, { "pthread_mutex_unlock", (void *)unlock },
};

static void *replacement(const char *name)
{
	for (size_t i = 0; i < sizeof(import) / sizeof(import[0]); i++)
		if (strcmp(import[i].name, name) == 0)
			return import[i].function;
	return NULL;
}

/* Slots that the loader has made read-only become writable for a moment. */
static bool set_slot(uintptr_t slot, void *function)
{
	uintptr_t page = slot & ~4095ul;

	if (sys(SYS_mprotect, page, 4096, PROT_READ | PROT_WRITE) != 0)
		return false;
	*(void **)slot = function;
	return true;
}

static bool replace(const struct link_map *lib, const ElfW(Rela) *rela, size_t size, const ElfW(Sym) *symbols,
		    const char *names)
{
	bool done = true;

	for (; size >= sizeof(*rela); rela++, size -= sizeof(*rela)) {
		void *function = replacement(names + symbols[ELF64_R_SYM(rela->r_info)].st_name);

		if (ELF64_R_SYM(rela->r_info) && function)
			done &= set_slot(lib->l_addr + rela->r_offset, function);
	}
	return done;
}

bool imports_replace(const struct link_map *lib)
{
	uintptr_t d[DT_JMPREL + 1] = {};

	for (const ElfW(Dyn) *dyn = lib->l_ld; dyn->d_tag != DT_NULL; dyn++)
		if (dyn->d_tag >= 0 && dyn->d_tag <= DT_JMPREL)
			d[dyn->d_tag] = dyn->d_un.d_ptr;
	return d[DT_SYMTAB] && d[DT_STRTAB] &&
		replace(lib, (void *)d[DT_RELA], d[DT_RELASZ], (void *)d[DT_SYMTAB], (void *)d[DT_STRTAB]) &&
		replace(lib, (void *)d[DT_JMPREL], d[DT_PLTRELSZ], (void *)d[DT_SYMTAB], (void *)d[DT_STRTAB]);
}
