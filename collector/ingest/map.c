/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash map of map.h: open addressing, linear probing, at most three
 * quarters full. Used by ingest/ alone. Not thread-safe.
 */
#include "map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define MAP_MIN 16

bool budget_take(struct budget *b, uint64_t bytes)
{
	if (bytes > b->max - b->used || (b->parent && !budget_take(b->parent, bytes)))
		return false;
	b->used += bytes;
	return true;
}

void budget_give(struct budget *b, uint64_t bytes)
{
	b->used -= bytes;
	if (b->parent)
		budget_give(b->parent, bytes);
}

int budget_grow(struct budget *b, void **array, size_t *count, size_t want, size_t element)
{
	size_t n = *count ? *count : MAP_MIN;
	void *grown;

	if (want <= *count)
		return 0;
	while (n < want)
		n *= 2;
	if (!budget_take(b, (n - *count) * element))
		return -ENOMEM;
	grown = reallocarray(*array, n, element);
	if (!grown) {
		budget_give(b, (n - *count) * element);
		return -ENOMEM;
	}
	*array = grown;
	*count = n;
	return 0;
}

/*
 * Keys may be chosen by a peer, the factor cannot: whoever knew it could make
 * all of them meet in one slot. The high bits of the product depend on all bits
 * of the key.
 */
static size_t slot_of(const struct map *m, uint64_t key)
{
	static uint64_t factor;

	if (!factor && getrandom(&factor, sizeof(factor), 0) != sizeof(factor))
		factor = 0x9e3779b97f4a7c15u;
	factor |= 1;
	return (size_t)((key * factor) >> (64 - __builtin_ctzll(m->size)));
}

static struct map_slot *find(const struct map *m, uint64_t key)
{
	size_t i = slot_of(m, key);

	while (m->slots[i].key != 0 && m->slots[i].key != key)
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

bool map_get(const struct map *m, uint64_t key, int64_t *ret_value)
{
	const struct map_slot *slot;

	if (m->size == 0 || key == 0)
		return false;
	slot = find(m, key);
	if (slot->key == 0)
		return false;
	*ret_value = slot->value;
	return true;
}

static int grow(struct map *m, struct budget *b)
{
	struct map bigger = { .size = m->size ? m->size * 2 : MAP_MIN, .used = m->used };

	if (!budget_take(b, bigger.size * sizeof(*bigger.slots)))
		return -ENOMEM;
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots) {
		budget_give(b, bigger.size * sizeof(*bigger.slots));
		return -ENOMEM;
	}
	for (size_t i = 0; i < m->size; i++)
		if (m->slots[i].key != 0)
			*find(&bigger, m->slots[i].key) = m->slots[i];
	map_free(m, b);
	*m = bigger;
	return 0;
}

int map_set(struct map *m, struct budget *b, uint64_t key, int64_t value)
{
	struct map_slot *slot;
	int r;

	if (key == 0)
		return -EINVAL;
	if ((m->used + 1) * 4 > m->size * 3) {
		r = grow(m, b);
		if (r < 0)
			return r;
	}
	slot = find(m, key);
	if (slot->key == 0)
		m->used++;
	*slot = (struct map_slot){ key, value };
	return 0;
}

void map_free(struct map *m, struct budget *b)
{
	budget_give(b, m->size * sizeof(*m->slots));
	free(m->slots);
	*m = (struct map){ 0 };
}
