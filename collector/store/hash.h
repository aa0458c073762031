/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fast hash of bytes: eight at a time, by multiplication. Not for secrets:
 * whoever knows the seed can make collisions. Pure: MT-safe.
 */
#ifndef SIGSHIM_HASH_H
#define SIGSHIM_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The same for the same bytes and seed, on this machine and later. */
static inline uint64_t hash_bytes(const void *bytes, size_t size, uint64_t seed)
{
	const unsigned char *p = (const unsigned char *)bytes;
	uint64_t hash = hash_mix(seed ^ 0x9e3779b97f4a7c15, size ^ 0xa0761d6478bd642f), a, b;
	/* Depends on the seed: a factor of 0 that anyone could choose would undo all before it. */
	uint64_t factor = hash_mix(seed ^ 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3);
	uint64_t other = factor, c, d;	/* a second lane, since a multiplication takes its time */

	for (; size >= 32; p += 32, size -= 32) {
		memcpy(&a, p, 8);
		memcpy(&b, p + 8, 8);
		memcpy(&c, p + 16, 8);
		memcpy(&d, p + 24, 8);
		hash = hash_mix(hash ^ a, b ^ factor);
		other = hash_mix(other ^ c, d ^ factor);
	}
	hash ^= other;
	for (; size >= 16; p += 16, size -= 16) {
		memcpy(&a, p, 8);
		memcpy(&b, p + 8, 8);
		hash = hash_mix(hash ^ a, b ^ factor);
	}
	a = b = 0;
	memcpy(&a, p, size < 8 ? size : 8);
	if (size > 8)
		memcpy(&b, p + 8, size - 8);
	return hash_mix(hash ^ a, b ^ factor);
}

#endif
