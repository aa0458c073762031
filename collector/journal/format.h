/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes of a journal. For this folder alone.
 *
 *   struct journal_header
 *   { struct journal_chunk, operations }*
 *
 * Positions count bytes from the first chunk on and never fall: when the file
 * is trimmed, `base` is the position of its first chunk. A chunk tells its own
 * position and a hash of it and its bytes, so that a torn one, or one of
 * before a trim, is not taken for a whole one.
 *
 * An operation begins with 16 bits. With the topmost set it is an event, and
 * the others are five lengths of three bits, of numbers that follow: thread,
 * call, number and time as differences (zigzag) from the event before in this
 * chunk, and the duration. Otherwise it is an enum journal_op, followed by
 * numbers of 64 bits and texts with their length before them.
 */
#ifndef SIGSHIM_JOURNAL_FORMAT_H
#define SIGSHIM_JOURNAL_FORMAT_H

#include "../store/hash.h"
#include "journal.h"

#define JOURNAL_MAGIC 0x6c6e724a6d696853ull	/* "ShimJrnl" */
#define JOURNAL_VERSION 2
#define JOURNAL_CHUNK (1u << 20)	/* bytes at most, its header included */
#define JOURNAL_EVENT 0x8000u
#define JOURNAL_EVENT_MAX (2 + 5 * 8)

struct journal_header {
	uint64_t magic;
	uint32_t version;
	uint32_t size;		/* of this header */
	uint64_t run;
	uint64_t base;
	uint64_t hash;		/* of what is before it */
};

struct journal_chunk {
	uint64_t position;	/* its own */
	uint64_t size;		/* this header included */
	uint64_t hash;		/* of position, size and operations */
};

enum journal_op {
	JOURNAL_PROCESS,
	JOURNAL_VFORK_CHILD,
	JOURNAL_PROCESS_END,
	JOURNAL_THREAD,
	JOURNAL_MODULE,
	JOURNAL_MAPPING,
	JOURNAL_STACK,
	JOURNAL_SHIM_STACK,
	JOURNAL_CALL,
	JOURNAL_GAP,
	JOURNAL_REFUSAL,
	JOURNAL_CERTIFICATE,
	JOURNAL_FINDING,
	JOURNAL_CONTAINER,
	JOURNAL_OP_MAX
};

/* The numbers of the event before; zero at a chunk's start. */
struct journal_last {
	uint64_t thread, call, seq, ts_ns;
};

static inline uint64_t journal_header_hash(const struct journal_header *h)
{
	return hash_bytes(h, offsetof(struct journal_header, hash), JOURNAL_MAGIC);
}

static inline uint64_t journal_chunk_hash(const struct journal_chunk *c)
{
	return hash_bytes(c + 1, c->size - sizeof(*c), c->position ^ c->size << 40);
}

/* event.c */
unsigned int journal_pack_event(unsigned char *to, struct journal_last *last, const struct occurrence *e);
/* Bytes taken, 0 when there are too few. */
unsigned int journal_unpack_event(const unsigned char *from, size_t len, struct journal_last *last,
				  struct occurrence *ret);

/* apply.c: one operation that is no event. Bytes taken, or -errno; -EBADMSG: it makes no sense. */
int journal_apply(struct store *s, const unsigned char *from, size_t len);

#endif
