/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole files: read, and replaced so that nobody sees half of one; see
 * internal.h. Used by this folder. MT-safe.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int inject_read_all(int fd, struct inject_text *ret)
{
	size_t size = 16384, len = 0;
	char *bytes = malloc(size);
	int r = bytes ? 0 : -ENOMEM;

	while (r == 0) {
		ssize_t n = read(fd, bytes + len, size - len);
		char *more;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = n < 0 ? -errno : 0;
			break;
		}
		len += (size_t)n;
		if (len < size)
			continue;
		size *= 2;
		more = size > 2 * INJECT_MAX_SPEC ? NULL : realloc(bytes, size);
		if (more)
			bytes = more;
		else
			r = size > 2 * INJECT_MAX_SPEC ? -EFBIG : -ENOMEM;
	}
	if (r < 0) {
		free(bytes);
		return r;
	}
	*ret = (struct inject_text){ bytes, len };
	return 0;
}

int file_read(int dir, const char *name, struct inject_text *ret)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), r;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else
		r = S_ISREG(st.st_mode) ? inject_read_all(fd, ret) : -EINVAL;
	close(fd);
	return r;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_replace(int dir, const char *name, const char *bytes, size_t len, mode_t mode)
{
	struct stat st;
	char fresh[NAME_MAX + 1];
	int fd, r;

	if (snprintf(fresh, sizeof(fresh), ".%s.%d", name, (int)getpid()) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	unlinkat(dir, fresh, 0);
	fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		mode = st.st_mode & 07777;
		r = fchown(fd, st.st_uid, st.st_gid) < 0 && geteuid() == 0 ? -errno : 0;
	} else {
		r = 0;
	}
	if (r == 0)
		r = write_all(fd, bytes, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || renameat(dir, fresh, dir, name) < 0))
		r = -errno;
	close(fd);
	if (r < 0)
		unlinkat(dir, fresh, 0);
	return r;
}

int inject_write_file(const char *path, const struct inject_text *text)
{
	const char *slash = strrchr(path, '/');
	char *parent = directory_of(path);
	int dir = parent ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, r;

	r = dir < 0 ? (parent ? -errno : -ENOMEM) :
		file_replace(dir, slash ? slash + 1 : path, text->bytes, text->len, 0644);
	if (dir >= 0)
		close(dir);
	free(parent);
	return r;
}

char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}
