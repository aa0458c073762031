/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libunwind.so.8 gets when it calls libc: its import slots are pointed at
 * the functions of unwinder_libc.h and those below before its first walk. It would otherwise
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

#include "shim.h"
#include "sys.h"
#include "unwinder.h"
#include "unwinder_libc.h"

#include "banned.h"

/* Like the thread variables of the shim itself: there from the thread's start. */
static _Thread_local char storage[64] __attribute__((aligned(16)));

static void *thread_storage(const size_t index[2])
{
	return storage + index[1];
}

/* The probe of x86-64; libunwind makes no other system call by number. */
static long can_be_read(long nr, int fd, const void *p, size_t n)
{
	return unwinder_write(fd, p, n);
}

static int agree(void)
{
	return 0;
}

/* Sections that are not loaded are not looked for. */
static int refuse(void)
{
	errno = EACCES;
	return -1;
}

static const struct { const char *name; void *function; } import[] = {
	{ "sigprocmask", (void *)unwinder_sigprocmask }, { "pthread_sigmask", (void *)unwinder_sigprocmask },
	{ "pipe2", (void *)unwinder_pipe2 }, { "read", (void *)unwinder_read },
	{ "write", (void *)unwinder_write }, { "syscall", (void *)can_be_read },
	{ "mincore", (void *)unwinder_mincore }, { "msync", (void *)unwinder_msync },
	{ "open", (void *)refuse }, { "fstat", (void *)refuse }, { "close", (void *)agree },
	{ "stat", (void *)unwinder_stat }, { "malloc", (void *)unwinder_allocate },
	{ "free", (void *)unwinder_release }, { "mmap", (void *)unwinder_mmap },
	{ "munmap", (void *)unwinder_munmap }, { "pthread_mutex_init", (void *)unwinder_mutex_init },
	{ "pthread_mutex_lock", (void *)unwinder_mutex_lock },
	{ "pthread_mutex_unlock", (void *)unwinder_mutex_unlock },
	{ "__tls_get_addr", (void *)thread_storage },
};

/* Its thread variables begin as zeros, and there is room for them. */
static int look_at_storage(struct dl_phdr_info *info, size_t size, void *arg)
{
	bool *fits = arg;

	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_TLS)
			*fits = info->dlpi_phdr[i].p_filesz == 0 && info->dlpi_phdr[i].p_memsz <= sizeof(storage);
	return 0;
}

static void *replacement(const char *name, bool storage_fits)
{
	for (size_t i = 0; i < sizeof(import) / sizeof(import[0]); i++)
		if (strcmp(import[i].name, name) == 0)
			return import[i].function != (void *)thread_storage || storage_fits ?
				import[i].function : NULL;
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
	bool done = true, fits = false;

	module_visit((uintptr_t)lib->l_ld, look_at_storage, &fits);

	for (; size >= sizeof(*rela); rela++, size -= sizeof(*rela)) {
		void *function = replacement(names + symbols[ELF64_R_SYM(rela->r_info)].st_name,
						fits);

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
