/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a journal, and bringing it into the log; see journal.h. One thread.
 */
#include "format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct journal_reader {
	int fd;
	int64_t run;
	uint64_t base, position;
	unsigned char buf[JOURNAL_CHUNK] __attribute__((aligned(8)));
};

static int read_all(int fd, void *bytes, size_t size, uint64_t offset)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = pread(fd, (char *)bytes + done, size - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA;
		done += (size_t)n;
	}
	return 0;
}

static int read_header(struct journal_reader *r)
{
	struct journal_header h;
	int e = read_all(r->fd, &h, sizeof(h), 0);

	if (e < 0)
		return e;
	if (h.magic != JOURNAL_MAGIC || h.hash != journal_header_hash(&h) || h.run != (uint64_t)r->run)
		return -EBADMSG;
	if (h.version != JOURNAL_VERSION || h.size != sizeof(h))
		return -EPROTO;
	r->base = h.base;
	return 0;
}

int journal_read(const char *path, int64_t run, uint64_t position, struct journal_reader **ret)
{
	struct journal_reader *r = calloc(1, sizeof(*r));
	int e;

	if (!r)
		return -ENOMEM;
	r->fd = open(path, O_RDONLY | O_CLOEXEC);
	r->run = run;
	r->position = position;
	e = r->fd < 0 ? -errno : read_header(r);
	if (e < 0) {
		journal_read_close(r);
		return e;
	}
	*ret = r;
	return 0;
}

void journal_read_close(struct journal_reader *r)
{
	if (r && r->fd >= 0)
		close(r->fd);
	free(r);
}

uint64_t journal_read_position(const struct journal_reader *r)
{
	return r->position;
}

void journal_rewind(struct journal_reader *r, uint64_t position)
{
	r->position = position;
}

/* 1 and a whole chunk in buf, 0 when there is none at the position. */
static int next_chunk(struct journal_reader *r)
{
	struct journal_chunk *c = (struct journal_chunk *)(void *)r->buf;
	uint64_t offset;
	int e;

	if (r->position < r->base || r->position - r->base > INT64_MAX - sizeof(struct journal_header))
		return 0;
	offset = sizeof(struct journal_header) + r->position - r->base;
	e = read_all(r->fd, c, sizeof(*c), offset);
	if (e < 0)
		return e == -ENODATA ? 0 : e;
	if (c->position != r->position || c->size <= sizeof(*c) || c->size > sizeof(r->buf))
		return 0;
	e = read_all(r->fd, c + 1, c->size - sizeof(*c), offset + sizeof(*c));
	if (e < 0)
		return e == -ENODATA ? 0 : e;
	return c->hash == journal_chunk_hash(c);
}


static int apply_chunk(struct journal_reader *r, struct store *s, uint64_t *events)
{
	const struct journal_chunk *c = (const struct journal_chunk *)(const void *)r->buf;
	const unsigned char *at = (const unsigned char *)(c + 1), *end = r->buf + c->size;
	struct journal_last last = { 0 };
	struct occurrence e;
	unsigned int used;
	int n;

	while (end - at >= 2) {
		if (at[1] & JOURNAL_EVENT >> 8) {
			used = journal_unpack_event(at, (size_t)(end - at), &last, &e);
			n = used ? store_event(s, &e) : -EBADMSG;
			n = n < 0 ? n : (int)used;
			++*events;
		} else {
			n = journal_apply(s, at, (size_t)(end - at));
		}
		if (n < 0)
			return n;
		at += n;
	}
	return at == end ? 0 : -EBADMSG;
}

/* A chunk that the log will never take must not keep all others out. */
static int apply_or_note(struct journal_reader *r, struct store *s, uint64_t *events)
{
	int e = apply_chunk(r, s, events);

	if (e != -EBADMSG && e != -EINVAL && e != -E2BIG)
		return e;
	return store_gap(s, &(struct gap_info){ .run = r->run, .count = -1, .reason = "damaged journal" });
}

int journal_replay(struct journal_reader *r, struct store *s, uint64_t until, uint64_t bytes, uint64_t *events)
{
	uint64_t begin = r->position;
	int e = read_header(r) < 0 ? -EIO : 1;	/* it may have been trimmed */

	while (e == 1 && r->position < until && r->position - begin < bytes) {
		e = next_chunk(r);
		if (e != 1)
			break;
		e = apply_or_note(r, s, events);
		if (e < 0)
			break;
		r->position += ((const struct journal_chunk *)(const void *)r->buf)->size;
		e = 1;
	}
	if (e >= 0 && r->position != begin) {
		int noted = store_journal_indexed(s, r->run, r->position);

		e = noted < 0 ? noted : e;
	}
	if (e < 0)
		r->position = begin;
	return e;
}
