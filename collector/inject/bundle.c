/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bundle's config.json, edited in place; see inject.h. Two files beside it
 * hold what it was and what was written, so that a later look tells whether
 * somebody else has changed it. For cli/. MT-safe.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG "config.json"
#define BEFORE "config.json.before-sigshim"
#define AFTER "config.json.with-sigshim"

static bool same(const struct inject_text *a, const struct inject_text *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* What config.json would be without us. 1: it is injected; 0: it isn't, and *ret is a copy. */
static int without(int dir, const struct inject_text *now, struct inject_text *ret)
{
	struct inject_text after, stripped;
	char *copy;
	int r = file_read(dir, AFTER, &after);

	if (r == 0) {
		bool ours = same(&after, now);

		free(after.bytes);
		if (ours)
			return file_read(dir, BEFORE, ret) == 0 ? 1 : -ENODATA;
	}
	r = spec_strip(now->bytes, now->len, &stripped);
	if (r != 0) {
		if (r > 0)
			*ret = stripped;
		return r;
	}
	copy = malloc(now->len ? now->len : 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, now->bytes, now->len);
	*ret = (struct inject_text){ copy, now->len };
	return 0;
}

/* What it was is safe before anything changes. */
static int put(int dir, const struct inject_text *before, const struct inject_text *after)
{
	struct stat st;
	mode_t mode = fstatat(dir, CONFIG, &st, 0) == 0 ? st.st_mode & 07777 : 0600;
	int r = file_replace(dir, BEFORE, before->bytes, before->len, mode);

	if (r == 0)
		r = file_replace(dir, AFTER, after->bytes, after->len, mode);
	if (r == 0)
		r = file_replace(dir, CONFIG, after->bytes, after->len, mode);
	return r < 0 ? r : 1;
}

static int wants(int dir)
{
	struct inject_text now;
	int r = file_read(dir, CONFIG, &now);

	if (r < 0)
		return r;
	r = spec_wants(now.bytes, now.len);
	free(now.bytes);
	return r;
}

static int inject(int dir, const struct inject_settings *s)
{
	struct inject_text now, before = { 0 }, after;
	int r = file_read(dir, CONFIG, &now);

	if (r < 0)
		return r;
	r = without(dir, &now, &before);
	if (r >= 0)
		r = spec_inject(before.bytes, before.len, s, &after);
	if (r == 0) {
		r = same(&after, &now) ? 0 : put(dir, &before, &after);
		free(after.bytes);
	}
	free(before.bytes);
	free(now.bytes);
	return r;
}

static int undo(int dir)
{
	struct inject_text now, before;
	int r = file_read(dir, CONFIG, &now);

	if (r < 0)
		return r;
	r = without(dir, &now, &before);
	free(now.bytes);
	if (r < 0)
		return r;
	if (r > 0) {
		int w = file_replace(dir, CONFIG, before.bytes, before.len, 0600);

		r = w < 0 ? w : 1;
	}
	free(before.bytes);
	if (r >= 0) {
		unlinkat(dir, BEFORE, 0);
		unlinkat(dir, AFTER, 0);
	}
	return r;
}

static int open_bundle(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int bundle_wants(const char *dir)
{
	int fd = open_bundle(dir), r = fd < 0 ? fd : wants(fd);

	if (fd >= 0)
		close(fd);
	return r;
}

int bundle_inject(const char *dir, const struct inject_settings *s)
{
	int fd = open_bundle(dir), r = fd < 0 ? fd : inject(fd, s);

	if (fd >= 0)
		close(fd);
	return r;
}

int bundle_undo(const char *dir)
{
	int fd = open_bundle(dir), r = fd < 0 ? fd : undo(fd);

	if (fd >= 0)
		close(fd);
	return r;
}
