/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open addressing with linear probing; see cache.h.
 */
#include "cache.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ENTRIES (1u << 16)
#define MAX_BYTES (64u << 20)

static size_t slot_of(const struct cache *c, uint64_t a, uint64_t b)
{
	uint64_t h = (a * 0x9e3779b97f4a7c15u ^ b) * 0xff51afd7ed558ccdu;
	size_t i = (h >> 32) & (c->size - 1);

	while (c->slots[i].f.s && (c->slots[i].a != a || c->slots[i].b != b))
		i = (i + 1) & (c->size - 1);
	return i;
}

const struct fragment *cache_get(const struct cache *c, uint64_t a, uint64_t b)
{
	const struct cache_slot *slot = c->size ? &c->slots[slot_of(c, a, b)] : NULL;

	return slot && slot->f.s ? &slot->f : NULL;
}

void cache_clear(struct cache *c)
{
	for (size_t i = 0; i < c->size; i++)
		free(c->slots[i].f.s);
	if (c->size)
		memset(c->slots, 0, c->size * sizeof(*c->slots));
	c->n = c->bytes = 0;
}

void cache_free(struct cache *c)
{
	cache_clear(c);
	free(c->slots);
	*c = (struct cache){};
}

/* At most half full, so that probing is short. */
static int grow(struct cache *c)
{
	struct cache old = *c;
	size_t size = old.size ? 2 * old.size : 256;
	struct cache_slot *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return -1;
	c->slots = slots;
	c->size = size;
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].f.s)
			c->slots[slot_of(c, old.slots[i].a, old.slots[i].b)] = old.slots[i];
	free(old.slots);
	return 0;
}

const struct fragment *cache_put(struct cache *c, uint64_t a, uint64_t b, char *s, size_t len)
{
	struct cache_slot *slot;

	if (c->n >= MAX_ENTRIES || c->bytes + len > MAX_BYTES)
		cache_clear(c);
	if (2 * (c->n + 1) > c->size && grow(c) < 0) {
		free(s);
		return NULL;
	}
	slot = &c->slots[slot_of(c, a, b)];
	*slot = (struct cache_slot){ a, b, { s, len } };
	c->n++;
	c->bytes += len;
	return &slot->f;
}
