/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /etc/ld.so.preload of a root file system; see inject.h. The root may be a
 * container's, whose links may lead anywhere. For cli/. MT-safe.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_NAME "ld.so.preload"

static int open_etc(const char *root)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), etc;

	if (dir < 0)
		return -errno;
	etc = (int)syscall(SYS_openat2, dir, "etc", &how, sizeof(how));
	if (etc < 0)
		etc = -errno;
	close(dir);
	return etc;
}

/* The line stands first and alone, so taking it away leaves what was there. */
static int edit(int etc, const struct inject_text *now, const char *line, bool undo)
{
	size_t len = strlen(line);
	bool there = now->len >= len && memcmp(now->bytes, line, len) == 0;
	char *text;
	int r;

	if (there != undo)
		return 0;
	if (undo && now->len == len)
		return unlinkat(etc, FILE_NAME, 0) < 0 ? -errno : 1;
	if (undo) {
		r = file_replace(etc, FILE_NAME, now->bytes + len, now->len - len, 0644);
		return r < 0 ? r : 1;
	}
	text = malloc(len + now->len);
	if (!text)
		return -ENOMEM;
	memcpy(text, line, len);
	memcpy(text + len, now->bytes, now->len);
	r = file_replace(etc, FILE_NAME, text, len + now->len, 0644);
	free(text);
	return r < 0 ? r : 1;
}

int preload_file_edit(const char *root, const char *library, bool undo)
{
	struct inject_text now = { NULL, 0 };
	int etc = open_etc(root), r;
	char *line;

	if (etc < 0)
		return etc;
	r = file_read(etc, FILE_NAME, &now);
	if (r == -ENOENT)
		r = (now.bytes = strdup("")) ? 0 : -ENOMEM;
	if (r == 0)
		r = asprintf(&line, "%s\n", library) < 0 ? -ENOMEM : 0;
	if (r == 0) {
		r = edit(etc, &now, line, undo);
		free(line);
	}
	free(now.bytes);
	close(etc);
	return r;
}
