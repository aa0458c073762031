/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens files under /proc/PID/root; see root.h. Used by ingest/. main-only.
 *
 * Who made the mounts may be hostile. A FUSE server that does not answer would
 * hold us for ever, so only file systems are entered that were mounted at the
 * hello and are of a type that answers by itself, and only by names that the
 * kernel has in its cache, as it has those of what was just loaded.
 */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20	/* Linux 5.12 */
#endif

#define MAX_DEVICES 64
#define MAX_MOUNTS 4096	/* lines looked at */

struct root {
	int dir;
	int ns;			/* keeps the mounts where they are; -1: it can't be had */
	unsigned int n;
	dev_t device[MAX_DEVICES];
};

bool root_is_foreign(int pid, const char *container)
{
	char path[64], link[2];
	ssize_t n;

	if (*container)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	n = readlink(path, link, sizeof(link));
	return n > 1 || (n == 1 && link[0] != '/');
}

/* Served by the kernel from memory or a disk of this machine. */
static bool is_own_type(const char *type)
{
	static const char *const types[] = {
		"overlay", "ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "zfs", "f2fs", "squashfs", "erofs",
		"rootfs", "ramfs", "bcachefs", "aufs", "iso9660", NULL
	};

	for (const char *const *t = types; *t; t++)
		if (strcmp(*t, type) == 0)
			return true;
	return false;
}

/* One line of mountinfo: "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 ..." */
static void add_mount(struct root *r, const char *line)
{
	const char *dash = strstr(line, " - ");
	unsigned int major, minor;
	char type[32];

	if (!dash || sscanf(line, "%*u %*u %u:%u", &major, &minor) != 2 ||
	    sscanf(dash + 3, "%31s", type) != 1 || !is_own_type(type) || r->n == MAX_DEVICES)
		return;
	for (unsigned int i = 0; i < r->n; i++)
		if (r->device[i] == makedev(major, minor))
			return;
	r->device[r->n++] = makedev(major, minor);
}

static void read_mounts(struct root *r, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "re");

	for (int i = 0; f && i < MAX_MOUNTS && getline(&line, &size, f) > 0; i++)
		add_mount(r, line);
	free(line);
	if (f)
		fclose(f);
}

struct root *root_open(int pid)
{
	struct root *r = calloc(1, sizeof(*r));
	char path[64];

	if (!r)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	r->dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->dir < 0) {
		free(r);
		return NULL;
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	r->ns = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	read_mounts(r, path);
	/* After chroot(2) into a folder, the mount that this lies on is among ours alone. */
	read_mounts(r, "/proc/self/mountinfo");
	return r;
}

void root_close(struct root *r)
{
	if (!r)
		return;
	close(r->dir);
	if (r->ns >= 0)
		close(r->ns);
	free(r);
}

/* What the kernel knows of it without asking anybody. */
static int check(const struct root *r, int anchor)
{
	struct statx st;

	if (statx(anchor, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
		return -errno;
	if (!S_ISREG(st.stx_mode))
		return -EINVAL;
	for (unsigned int i = 0; i < r->n; i++)
		if (r->device[i] == makedev(st.stx_dev_major, st.stx_dev_minor))
			return 0;
	return -EXDEV;
}

int root_open_file(const struct root *r, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED };
	char proc[32];
	int anchor, fd;

	anchor = (int)syscall(SYS_openat2, r->dir, path, &how, sizeof(how));
	if (anchor < 0)
		return -errno;
	fd = check(r, anchor);
	if (fd == 0) {
		snprintf(proc, sizeof(proc), "/proc/self/fd/%d", anchor);
		fd = open(proc, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		fd = fd < 0 ? -errno : fd;
	}
	close(anchor);
	return fd;
}
