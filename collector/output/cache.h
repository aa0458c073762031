/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rendered fragments by a pair of ids. Bounded: it empties itself when it is
 * full, since ids that recur come back at once. For the files of this folder.
 */
#ifndef SIGSHIM_CACHE_H
#define SIGSHIM_CACHE_H

#include <stddef.h>
#include <stdint.h>

struct fragment {
	char *s;
	size_t len;
};

struct cache_slot {
	uint64_t a, b;
	struct fragment f;	/* f.s NULL: free */
};

struct cache {
	struct cache_slot *slots;
	size_t n, size, bytes;
};

/* NULL if it isn't there. Valid until the next cache_put. */
const struct fragment *cache_get(const struct cache *c, uint64_t a, uint64_t b);
/* Takes s; NULL when memory ran out. */
const struct fragment *cache_put(struct cache *c, uint64_t a, uint64_t b, char *s, size_t len);
void cache_clear(struct cache *c);
void cache_free(struct cache *c);

#endif
