/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ids by content; see intern.h. Open addressing over slots that point into one
 * growing buffer of keys. The hash is seeded, so that a hostile program cannot
 * choose arguments that collide.
 */
#include "intern.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../store/hash.h"

#define MAX_ENTRIES 65536
#define SLOTS (2 * MAX_ENTRIES)
#define MAX_BYTES (32u << 20)

struct slot {
	uint64_t hash;
	int64_t id;		/* 0: free */
	uint32_t at, size;	/* the key in bytes[] */
};

struct intern {
	uint64_t seed;
	unsigned int n;
	size_t used, room;
	unsigned char *bytes;
	struct slot slots[SLOTS];
};

struct intern *intern_new(void)
{
	struct intern *t = calloc(1, sizeof(*t));

	/* Without randomness yet, early at boot, the seed stays 0. */
	if (t && getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) < 0)
		t->seed = 0;
	return t;
}

void intern_free(struct intern *t)
{
	if (t)
		free(t->bytes);
	free(t);
}

/* The key's slot, or the free one where it belongs. */
static unsigned int slot_of(const struct intern *t, const void *key, size_t size, uint64_t hash)
{
	unsigned int i = hash % SLOTS;

	for (; t->slots[i].id; i = (i + 1) % SLOTS)
		if (t->slots[i].hash == hash && t->slots[i].size == size &&
		    memcmp(t->bytes + t->slots[i].at, key, size) == 0)
			break;
	return i;
}

int64_t intern_find(const struct intern *t, const void *key, size_t size)
{
	return t->slots[slot_of(t, key, size, hash_bytes(key, size, t->seed))].id;
}

static void *grow(struct intern *t, size_t size)
{
	size_t room = t->room ? t->room : 65536;
	unsigned char *bytes;

	while (room < t->used + size)
		room *= 2;
	if (room != t->room) {
		bytes = realloc(t->bytes, room);
		if (!bytes)
			return NULL;
		t->bytes = bytes;
		t->room = room;
	}
	return t->bytes + t->used;
}

void intern_add(struct intern *t, const void *key, size_t size, int64_t id)
{
	uint64_t hash = hash_bytes(key, size, t->seed);
	void *to;

	if (t->n == MAX_ENTRIES || t->used + size > MAX_BYTES) {
		memset(t->slots, 0, sizeof(t->slots));
		t->n = 0;
		t->used = 0;
	}
	to = grow(t, size);
	if (!to)
		return;
	memcpy(to, key, size);
	t->slots[slot_of(t, key, size, hash)] = (struct slot){ hash, id, t->used, size };
	t->used += size;
	t->n++;
}
