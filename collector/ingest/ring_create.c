/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes and unmakes rings: a sealed memfd, mapped with its cells twice in a
 * row. Used by a session. Not thread-safe.
 */
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* A file that cannot be shrunk under us: reading it never faults. */
static int sealed_file(size_t size)
{
	int fd, r;

	fd = memfd_create("sigshim-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("sigshim-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

static int map_twice(int fd, size_t data_offset, size_t file_size, size_t map_size, void **ret)
{
	size_t data_size = file_size - data_offset;
	unsigned char *map;
	int r;

	map = mmap(NULL, map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	if (mmap(map, file_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED ||
	    mmap(map + file_size, data_size, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
		 (off_t)data_offset) == MAP_FAILED) {
		r = -errno;
		munmap(map, map_size);
		return r;
	}
	*ret = map;
	return 0;
}

static void init(struct ring *r, size_t data_offset)
{
	r->shared->magic = SIGSHIM_WIRE_MAGIC;
	r->shared->version = SIGSHIM_WIRE_VERSION;
	r->shared->ncells = (uint32_t)r->ncells;
	r->shared->data_offset = data_offset;
}

int ring_create(size_t data_size, struct budget *b, struct ring *ret, int *ret_fd)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t ncells = data_size / SIGSHIM_CELL, data_offset, file_size;
	void *map = NULL;
	int fd, r;

	if (data_size < RING_MIN_DATA || data_size > RING_MAX_DATA || data_size & (data_size - 1))
		return -EINVAL;
	data_offset = (SIGSHIM_RING_HEADER + ncells * sizeof(uint64_t) + page - 1) & ~(page - 1);
	file_size = data_offset + data_size;
	if (!budget_take(b, file_size))
		return -ENOMEM;
	fd = sealed_file(file_size);
	r = fd < 0 ? fd : map_twice(fd, data_offset, file_size, file_size + data_size, &map);
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		budget_give(b, file_size);
		return r;
	}
	*ret = (struct ring){
		.shared = map, .state = (uint64_t *)((char *)map + SIGSHIM_RING_HEADER),
		.data = (unsigned char *)map + data_offset, .file_size = file_size,
		.map_size = file_size + data_size, .ncells = ncells, .budget = b,
	};
	init(ret, data_offset);
	*ret_fd = fd;
	return 0;
}

void ring_close(struct ring *r)
{
	if (!r->shared)
		return;
	munmap(r->shared, r->map_size);
	free(r->holes);
	budget_give(r->budget, r->file_size + r->holes_size * sizeof(*r->holes));
	*r = (struct ring){ 0 };
}
