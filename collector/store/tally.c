/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts pairs; see tally.h.
 */
#include "tally.h"

#include <errno.h>
#include <stdlib.h>

static struct pair *slot_of(const struct tally *t, int64_t call, int64_t thread)
{
	uint64_t hash = (uint64_t)call * 0x9e3779b97f4a7c15 ^
		(uint64_t)thread * 0xe7037ed1a0b428db;
	size_t i = (hash ^ hash >> 32) & (t->room - 1);

	while (t->slots[i].count && (t->slots[i].call != call || t->slots[i].thread != thread))
		i = (i + 1) & (t->room - 1);
	return &t->slots[i];
}

static int grow(struct tally *t)
{
	struct tally bigger = { .n = t->n, .room = t->room ? 2 * t->room : 1024 };

	bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < t->room; i++)
		if (t->slots[i].count)
			*slot_of(&bigger, t->slots[i].call, t->slots[i].thread) = t->slots[i];
	free(t->slots);
	*t = bigger;
	return 0;
}

int tally_add(struct tally *t, int64_t call, int64_t thread)
{
	struct pair *p;

	if (2 * t->n >= t->room && grow(t) < 0)
		return -ENOMEM;
	p = slot_of(t, call, thread);
	if (!p->count++) {
		p->call = call;
		p->thread = thread;
		t->n++;
	}
	return 0;
}

void tally_free(struct tally *t)
{
	free(t->slots);
}
