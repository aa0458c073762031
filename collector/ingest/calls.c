/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of calls; see calls.h. main-only.
 */
#include "calls.h"

#include <string.h>

/* What makes calls equal; its bytes are compared, so it has no padding. */
struct call_key {
	uint32_t event, copied, flags;	/* with the origin in the flags */
	int32_t error;
	int64_t ret, stack;
	uint64_t before, requested, after;
	uint64_t arg[SIGSHIM_MAX_ARGS];
	unsigned char copies[SIGSHIM_COPY_MAX];
};
_Static_assert(offsetof(struct call_key, copies) == 16 + 5 * 8 + SIGSHIM_MAX_ARGS * 8,
	       "no padding");

/* Returns the key's size. */
static size_t make_key(struct call_key *key, const struct event *ev, int64_t stack)
{
	unsigned char *to = key->copies;
	unsigned int size;

	memset(key, 0, offsetof(struct call_key, copies));
	key->event = ev->desc->id;
	key->copied = ev->copied;
	key->flags = ev->flags & (SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_REQUESTED | SIGSHIM_EVF_AFTER |
				  SIGSHIM_EVF_VFORK);
	key->flags |= (uint32_t)ev->origin << 16;
	key->error = ev->error;
	key->ret = ev->ret;
	key->stack = stack;
	key->before = ev->flags & SIGSHIM_EVF_BEFORE ? ev->mask_before : 0;
	key->requested = ev->flags & SIGSHIM_EVF_REQUESTED ? ev->mask_requested : 0;
	key->after = ev->flags & SIGSHIM_EVF_AFTER ? ev->mask_after : 0;
	for (unsigned int i = 0; i < ev->desc->nargs; i++) {
		key->arg[i] = ev->arg[i];
		if (!(ev->copied & 1u << i))
			continue;
		size = sigshim_kind_copy(ev->desc->args[i].kind);
		memcpy(to, ev->copy[i], size);
		to += size;
	}
	return to - (unsigned char *)key;
}

int64_t calls_find(const struct intern *calls, const struct event *ev, int64_t stack)
{
	struct call_key key;

	return intern_find(calls, &key, make_key(&key, ev, stack));
}

void calls_add(struct intern *calls, const struct event *ev, int64_t stack, int64_t id)
{
	struct call_key key;

	intern_add(calls, &key, make_key(&key, ev, stack), id);
}

#define RECURS offsetof(struct sigshim_event, ret)	/* all bytes from here on do */

size_t calls_frame_key(struct frame_key *key, const struct sigshim_event *e, size_t len, uint64_t peer)
{
	if (len < sizeof(*e) || e->h.fixed != sizeof(*e) || e->npcs || len - RECURS > sizeof(key->rest))
		return 0;
	key->peer = peer;
	memcpy(&key->kind, &e->event, sizeof(key->kind));
	key->error = (uint32_t)e->error;
	memcpy(key->rest, (const unsigned char *)e + RECURS, len - RECURS);
	return offsetof(struct frame_key, rest) + len - RECURS;
}
_Static_assert(offsetof(struct sigshim_event, tid) == offsetof(struct sigshim_event, event) + 8,
	       "kind: event, nargs, copied, npcs, stack_end, flags");
