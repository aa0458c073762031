/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Known calls: what recurs of events, by content, so that the log has it once.
 * Used by ingest/ alone. main-only.
 */
#ifndef SIGSHIM_CALLS_H
#define SIGSHIM_CALLS_H

#include "../store/event.h"
#include "intern.h"

/* The call's id, 0 when it is new. */
int64_t calls_find(const struct intern *calls, const struct event *ev, int64_t stack);
void calls_add(struct intern *calls, const struct event *ev, int64_t stack, int64_t id);

/*
 * The same by a frame's own bytes, as far as they recur: who has these bytes
 * from the same peer again has the same call, and they were checked before.
 * `peer` differs where the same bytes would mean something else. A frame that
 * defines a stack is never known.
 */
#define CALLS_FRAME_MAX (8 + 8 + 8 + sizeof(struct sigshim_event) + SIGSHIM_MAX_ARGS * 8 + SIGSHIM_COPY_MAX)
struct frame_key {
	uint64_t peer, kind, error;
	unsigned char rest[CALLS_FRAME_MAX];
};
/* The key's size, 0 when a frame is none that can be known. It is a checked EVENT's, or just looks like one. */
size_t calls_frame_key(struct frame_key *key, const struct sigshim_event *e, size_t len, uint64_t peer);

#endif
