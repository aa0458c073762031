/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file that a collector appends to: chunks are filled in memory and
 * written whole, at an offset of our own, so that a write that failed or was
 * cut short is simply made again. One thread.
 */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 10

static int write_all(int fd, const void *bytes, size_t size, uint64_t offset)
{
	const char *p = bytes;
	ssize_t n;

	while (size > 0) {
		n = pwrite(fd, p, size, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

static int write_header(struct journal *j, uint64_t base)
{
	struct journal_header h = {
		.magic = JOURNAL_MAGIC, .version = JOURNAL_VERSION, .size = sizeof(h),
		.run = (uint64_t)j->run, .base = base,
	};
	int r;

	h.hash = journal_header_hash(&h);
	r = write_all(j->fd, &h, sizeof(h), 0);
	if (r == 0)
		j->base = base;
	return r;
}

/* Whether the locked file is the one that the path names: a reader may have removed it before. */
static bool is_there(const struct journal *j)
{
	struct stat mine, there;

	return fstat(j->fd, &mine) == 0 && stat(j->path, &there) == 0 &&
		mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

static int open_locked(struct journal *j)
{
	struct stat log;
	int r = 0;

	for (int i = 0; i < TRIES; i++) {
		j->fd = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (j->fd < 0)
			return -errno;
		r = flock(j->fd, LOCK_EX | LOCK_NB) < 0 ? -EBUSY : 0;
		if (r < 0 || is_there(j))
			break;
		close(j->fd);
		j->fd = -1;
		r = -EAGAIN;
	}
	/* Whoever may read and write the log may do so here. */
	if (r == 0 && stat(j->log, &log) == 0)
		fchmod(j->fd, log.st_mode & 0666);
	return r;
}

int journal_create(const char *log, int64_t run, struct journal **ret)
{
	struct journal *j = calloc(1, sizeof(*j));
	int r = -ENOMEM;

	if (!j)
		return r;
	j->fd = -1;
	j->run = run;
	j->used = sizeof(struct journal_chunk);
	j->log = strdup(log);
	if (j->log && asprintf(&j->path, "%s" JOURNAL_SUFFIX "%lld", log, (long long)run) >= 0)
		r = open_locked(j);
	if (r == 0)
		r = write_header(j, 0);
	if (r < 0) {
		journal_close(j);
		return r;
	}
	*ret = j;
	return 0;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	free(j->path);
	free(j->log);
	free(j);
}

void journal_remove(struct journal *j)
{
	if (j)
		unlink(j->path);
	journal_close(j);
}

const char *journal_path(const struct journal *j)
{
	return j->path;
}

int journal_flush(struct journal *j)
{
	struct journal_chunk *c = (struct journal_chunk *)(void *)j->buf;
	int r;

	if (!journal_dirty(j))
		return j->failure;
	*c = (struct journal_chunk){ .position = j->position, .size = j->used };
	c->hash = journal_chunk_hash(c);
	r = write_all(j->fd, c, j->used, sizeof(struct journal_header) + j->position - j->base);
	j->failure = r;
	if (r < 0)
		return r;
	j->position += j->used;
	j->used = sizeof(*c);
	j->last = (struct journal_last){ 0 };
	return 0;
}

int journal_failure(const struct journal *j)
{
	return j->failure;
}

bool journal_dirty(const struct journal *j)
{
	return j->used > sizeof(struct journal_chunk);
}

uint64_t journal_position(const struct journal *j)
{
	return j->position;
}

uint64_t journal_size(const struct journal *j)
{
	return j->position - j->base;
}

/*
 * With the new base, the chunks that are still there are those of no position
 * that is looked for: being killed in between does no harm.
 */
int journal_trim(struct journal *j)
{
	int r;

	if (j->position == j->base)
		return 0;
	r = write_header(j, j->position);
	if (r == 0 && ftruncate(j->fd, sizeof(struct journal_header)) < 0)
		r = -errno;
	return r;
}

int journal_event(struct journal *j, const struct occurrence *e)
{
	int r = j->failure;

	if (r == 0 && j->used + JOURNAL_EVENT_MAX + 8 > JOURNAL_FULL)
		r = journal_flush(j);
	if (r < 0)
		return r;
	j->used += journal_pack_event(j->buf + j->used, &j->last, e);
	return 0;
}
