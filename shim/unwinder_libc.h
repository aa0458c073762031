/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What either libunwind gets in place of libc's functions, so that a walk keeps
 * no descriptor open, is no cancellation point, takes no lock that a fork could
 * leave behind, allocates nothing, and sets masks as the kernel takes them:
 * unwinder_imports.c puts them into the import slots of the distribution's,
 * libunwind.redefine into the one that is linked in. AS-safe, MT-safe.
 */
#ifndef SHIM_UNWINDER_LIBC_H
#define SHIM_UNWINDER_LIBC_H

#include <stddef.h>
#include <stdint.h>

int unwinder_sigprocmask(int how, const uint64_t *set, uint64_t *old);
int unwinder_mutex_init(uint32_t *lock, const void *attr);
int unwinder_mutex_lock(uint32_t *lock);
int unwinder_mutex_unlock(uint32_t *lock);
void *unwinder_mmap(void *p, size_t n, int prot, int flags, int fd, long offset);
int unwinder_munmap(void *p, size_t n);
/*
 * To see whether memory can be read, libunwind asks mincore or msync, empties a
 * pipe, and writes a byte from there into it, by write or by syscall. There is
 * no pipe; the write asks the kernel in another way.
 */
int unwinder_pipe2(int fd[2], int flags);
int unwinder_mincore(void *p, size_t n, unsigned char *vec);
int unwinder_msync(void *p, size_t n, int flags);
long unwinder_read(int fd, void *to, size_t n);
long unwinder_write(int fd, const void *p, size_t n);
/* Names of functions are nobody's question here. */
int unwinder_stat(const char *path, void *st);
void *unwinder_allocate(size_t n);
void unwinder_release(void *p);

#endif
