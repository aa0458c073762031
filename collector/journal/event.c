/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events of a journal, in a few bytes each; see format.h. Pure: MT-safe.
 */
#include "format.h"

#include <string.h>

static uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static uint64_t unzigzag(uint64_t v)
{
	return v >> 1 ^ -(v & 1);
}

/* Bytes that a number takes, as three bits: 7 stands for eight. */
static unsigned int code_of(uint64_t v)
{
	unsigned int bits = 63 - (unsigned int)__builtin_clzll(v | 1);	/* less one */
	unsigned int bytes = bits / 8 + (v != 0);

	return bytes < 7 ? bytes : 7;
}

static unsigned int bytes_of(unsigned int code)
{
	return code + (code == 7);
}

/* Eight bytes are stored; those that are too many are overwritten by what follows. */
static inline unsigned char *put(unsigned char *at, uint64_t v, unsigned int shift, unsigned int *tag)
{
	unsigned int code = code_of(v);

	memcpy(at, &v, sizeof(v));
	*tag |= code << shift;
	return at + bytes_of(code);
}

unsigned int journal_pack_event(unsigned char *to, struct journal_last *last, const struct occurrence *e)
{
	unsigned int tag = JOURNAL_EVENT;
	unsigned char *at = to + 2;
	uint16_t bits;

	at = put(at, zigzag((uint64_t)e->thread - last->thread), 0, &tag);
	at = put(at, zigzag((uint64_t)e->call - last->call), 3, &tag);
	at = put(at, zigzag(e->seq - last->seq - 1), 6, &tag);
	at = put(at, zigzag(e->ts_ns - last->ts_ns), 9, &tag);
	at = put(at, e->duration_ns, 12, &tag);
	bits = (uint16_t)tag;
	memcpy(to, &bits, sizeof(bits));
	*last = (struct journal_last){ (uint64_t)e->thread, (uint64_t)e->call, e->seq, e->ts_ns };
	return (unsigned int)(at - to);
}

unsigned int journal_unpack_event(const unsigned char *from, size_t len, struct journal_last *last,
				  struct occurrence *ret)
{
	unsigned int tag = from[0] | from[1] << 8, bytes, used = 2;
	uint64_t v[5] = { 0 };

	for (unsigned int i = 0; i < 5; i++) {
		bytes = bytes_of(tag >> 3 * i & 7);
		if (used + bytes > len)
			return 0;
		memcpy(&v[i], from + used, bytes);
		used += bytes;
	}
	last->thread += unzigzag(v[0]);
	last->call += unzigzag(v[1]);
	last->seq += unzigzag(v[2]) + 1;
	last->ts_ns += unzigzag(v[3]);
	*ret = (struct occurrence){ (int64_t)last->thread, (int64_t)last->call, last->seq, last->ts_ns, v[4] };
	return used;
}
