/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processes of one container together may take of the collector:
 * a quarter of its memory, rings and connections, so that one that is hostile
 * or broken leaves enough to others. Processes outside of containers have no
 * owner and share all. Used by ingest/. main-only.
 */
#ifndef SIGSHIM_OWNER_H
#define SIGSHIM_OWNER_H

#include <stdint.h>

#include "map.h"

#define OWNER_SHARE 4	/* a fourth of each */

struct ingest;

struct owner {
	uint64_t key;
	unsigned int sessions;
	struct budget heap, rings;
};

/* The container's that the process is in; NULL: it is in none, or there is no memory. To be left once. */
struct owner *owner_enter(struct ingest *in, int pid);
/* The same once more. NULL is a no-op, as for owner_leave. */
struct owner *owner_again(struct owner *o);
void owner_leave(struct ingest *in, struct owner *o);

#endif
