/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring and a writer of the test's own that follows wire.h: for check_ring.c.
 * main-only, but for take, pad, fill and commit.
 */
#ifndef RING_FIXTURE_H
#define RING_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ingest/decode.h"
#include "ingest/ring.h"
#include "unit.h"

#define CELLS (RING_MIN_DATA / SIGSHIM_CELL)

static struct budget budget = { .max = 1u << 30 };
static struct ring ring;
static unsigned char out[SIGSHIM_MAX_FRAME_SIZE];

/* The writer's own mapping of the same file. */
static struct sigshim_ring *shared;
static uint64_t *state;
static unsigned char *data;

struct record {
	struct sigshim_frame h;
	uint64_t writer, seq;
};

static void setup(void)
{
	unsigned char *map;
	size_t offset;
	int fd;

	ck_assert_int_eq(ring_create(RING_MIN_DATA, &budget, &ring, &fd), 0);
	map = mmap(NULL, ring.map_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	shared = (void *)map;
	offset = shared->data_offset;
	ck_assert_ptr_eq(mmap(map + ring.file_size, RING_MIN_DATA, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, fd, (off_t)offset), map + ring.file_size);
	state = (void *)(map + SIGSHIM_RING_HEADER);
	data = map + offset;
	ck_assert_int_eq(ftruncate(fd, 0), -1);
	ck_assert_int_eq(fcntl(fd, F_GET_SEALS) & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
			 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	close(fd);
}

static void teardown(void)
{
	ring_close(&ring);
	ck_assert_uint_eq(budget.used, 0);
}

static void commit(uint64_t pos)
{
	__atomic_store_n(&state[pos % CELLS], SIGSHIM_RING_COMMITTED(pos, CELLS), __ATOMIC_RELEASE);
}

/* Gives back what was skipped to get behind an unfinished record. */
static void pad(uint64_t pos, uint64_t k)
{
	struct sigshim_frame *h = (void *)(data + pos % CELLS * SIGSHIM_CELL);

	*h = (struct sigshim_frame){ (uint32_t)(k * SIGSHIM_CELL), SIGSHIM_FRAME_PADDING, sizeof(*h) };
	commit(pos);
}

/* Takes k cells as wire.h says; the position, or -EAGAIN. */
static int64_t take(uint64_t k)
{
	uint64_t pos = __atomic_load_n(&shared->tail, __ATOMIC_RELAXED), i;

	for (;;) {
		if (pos + k - __atomic_load_n(&shared->head, __ATOMIC_ACQUIRE) > CELLS) {
			/* Full, or others were so fast that pos lies behind head by now? */
			if (pos == __atomic_load_n(&shared->tail, __ATOMIC_ACQUIRE))
				return -EAGAIN;
			pos = __atomic_load_n(&shared->tail, __ATOMIC_ACQUIRE);
			continue;
		}
		for (i = 0; i < k; i++)
			if (__atomic_load_n(&state[(pos + i) % CELLS], __ATOMIC_ACQUIRE) !=
			    SIGSHIM_RING_FREE(pos + i, CELLS))
				break;
		if (__atomic_compare_exchange_n(&shared->tail, &pos, i == k ? pos + k : pos + i + 1, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			if (i == k)
				return (int64_t)pos;
			if (i > 0)
				pad(pos, i);
			pos += i + 1;
		}
	}
}

/* Writes a record of k cells; every byte of it tells whose it is. */
static void fill(uint64_t pos, uint64_t k, uint64_t writer, uint64_t seq)
{
	struct record *r = (void *)(data + pos % CELLS * SIGSHIM_CELL);

	memset(r, (int)(writer * 31 + seq), k * SIGSHIM_CELL);
	*r = (struct record){ { (uint32_t)(k * SIGSHIM_CELL), 99, sizeof(*r) }, writer, seq };
}

static bool is_whole(const unsigned char *frame, int len)
{
	const struct record *r = (const void *)frame;

	for (int i = sizeof(*r); i < len; i++)
		if (frame[i] != (unsigned char)(r->writer * 31 + r->seq))
			return false;
	return len == (int)r->h.size;
}

static int64_t put(uint64_t k, uint64_t seq)
{
	int64_t pos = take(k);

	if (pos >= 0) {
		fill((uint64_t)pos, k, 1, seq);
		commit((uint64_t)pos);
	}
	return pos;
}

static bool is_padding(void)
{
	return ((const struct sigshim_frame *)(const void *)out)->type == SIGSHIM_FRAME_PADDING;
}

/* The seq of the next frame in order, 0 if there is none. */
static uint64_t next(void)
{
	int len = ring_next(&ring, out);

	while (len > 0 && is_padding())
		len = ring_next(&ring, out);
	if (len == 0)
		return 0;
	ck_assert_int_gt(len, 0);
	ck_assert(is_whole(out, len));
	return ((struct record *)(void *)out)->seq;
}

static uint64_t late(void)
{
	int len = ring_late(&ring, out);

	if (len == 0)
		return 0;
	ck_assert_int_gt(len, 0);
	ck_assert(is_whole(out, len));
	return ((struct record *)(void *)out)->seq;
}

#endif
