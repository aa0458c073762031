/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds debug information that lives in a file of its own: by build id under
 * /usr/lib/debug, by .gnu_debuglink beside the program, and the common part
 * that dwz moved to a .gnu_debugaltlink. libdwfl knows these ways too, but
 * opens whatever it finds, and maps it. Used by module.c. One thread at a time.
 */
#include "internal.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEBUG_DIR "/usr/lib/debug"

/* CRC-32 of a file, four bits at a time. */
static int file_crc(const struct image *im, uint32_t *ret)
{
	unsigned char buf[16384];
	uint32_t table[16], crc = ~0u;
	int64_t pos = 0;
	ssize_t n;

	for (uint32_t i = 0; i < 16; i++) {
		table[i] = i;
		for (int bit = 0; bit < 4; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	while ((n = pread(im->fd, buf, sizeof(buf), pos)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			crc ^= buf[i];
			crc = crc >> 4 ^ table[crc & 15];
			crc = crc >> 4 ^ table[crc & 15];
		}
		pos += n;
	}
	if (n < 0)
		return -errno;
	*ret = ~crc;
	return 0;
}

/* Opens a candidate that must have that build id, or that CRC where there is no build id. */
static int open_checked(const char *path, const char *build_id, uint32_t crc, struct image **ret)
{
	char found[BUILD_ID_HEX_MAX];
	struct image *im;
	uint32_t sum;
	int r;

	r = image_open(path, &im);
	if (r < 0)
		return r;
	image_build_id(im, found);
	if (*build_id)
		r = strcmp(found, build_id) == 0 ? 0 : -ESTALE;
	else if ((r = file_crc(im, &sum)) == 0 && sum != crc)
		r = -ESTALE;
	if (r < 0) {
		image_close(im);
		return r;
	}
	*ret = im;
	return 0;
}

static int open_by_build_id(const char *build_id, struct image **ret)
{
	char path[PATH_MAX];

	if (strlen(build_id) < 3)
		return -ENOENT;
	snprintf(path, sizeof(path), DEBUG_DIR "/.build-id/%.2s/%s.debug", build_id, build_id + 2);
	return open_checked(path, build_id, 0, ret);
}

/* The folder of a file, symbolic links resolved; false if it has none to speak of. */
static bool folder_of(const char *path, char dir[static PATH_MAX])
{
	char *slash;

	if (!realpath(path, dir))
		return false;
	slash = strrchr(dir, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

int debugfile_open(const struct image *main, struct image **ret)
{
	static const char *const pattern[] = { "%s/%s", "%s/.debug/%s", DEBUG_DIR "%s/%s" };
	char build_id[BUILD_ID_HEX_MAX], dir[PATH_MAX], path[2 * PATH_MAX];
	const char *link;
	GElf_Word crc;

	image_build_id(main, build_id);
	if (open_by_build_id(build_id, ret) == 0)
		return 0;
	link = image_is_foreign(main) ? NULL : dwelf_elf_gnu_debuglink(main->elf, &crc);
	if (!link || !*link || strchr(link, '/') || !folder_of(main->path, dir))
		return -ENOENT;
	for (size_t i = 0; i < sizeof(pattern) / sizeof(pattern[0]); i++) {
		snprintf(path, sizeof(path), pattern[i], dir, link);
		if (open_checked(path, build_id, crc, ret) == 0)
			return 0;
	}
	return -ENOENT;
}

int debugfile_open_alt(const struct image *from, Dwarf *dwarf, struct image **ret)
{
	char build_id[BUILD_ID_HEX_MAX] = "", dir[PATH_MAX], path[2 * PATH_MAX];
	const char *link;
	const void *bits;
	ssize_t n = dwelf_dwarf_gnu_debugaltlink(dwarf, &link, &bits);

	if (n <= 0)
		return -ENODATA;
	if (n > (BUILD_ID_HEX_MAX - 1) / 2)
		return -EINVAL;
	for (ssize_t i = 0; i < n; i++)
		snprintf(build_id + 2 * i, 3, "%02x", ((const unsigned char *)bits)[i]);
	if (open_by_build_id(build_id, ret) == 0)
		return 0;
	if (image_is_foreign(from))
		return -ENOENT;
	if (*link == '/')
		return open_checked(link, build_id, 0, ret);
	if (!folder_of(from->path, dir))
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s", dir, link);
	return open_checked(path, build_id, 0, ret);
}
