/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash map from non-zero 64-bit numbers to 64-bit numbers, with the memory
 * that peers may make the collector use charged to a budget. Used by ingest/
 * alone. Not thread-safe.
 */
#ifndef SIGSHIM_MAP_H
#define SIGSHIM_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that all peers together may take; or those of one container, which count for all as well. */
struct budget {
	uint64_t used, max;
	struct budget *parent;
};
bool budget_take(struct budget *b, uint64_t bytes);
void budget_give(struct budget *b, uint64_t bytes);

/* Grows an array of `size` bytes elements to at least `want`, within the budget. */
int budget_grow(struct budget *b, void **array, size_t *count, size_t want, size_t element);

struct map_slot {
	uint64_t key;		/* 0: empty */
	int64_t value;
};
struct map {
	struct map_slot *slots;
	size_t size, used;	/* size: 0 or a power of two */
};

/* False when there is no such key. */
bool map_get(const struct map *m, uint64_t key, int64_t *ret_value);
/* Adds or replaces. -ENOMEM at the budget's end, -EINVAL for key 0. */
int map_set(struct map *m, struct budget *b, uint64_t key, int64_t value);
void map_free(struct map *m, struct budget *b);

#endif
