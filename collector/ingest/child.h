/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forked children that write into the ring of another session, their host.
 * Used by ingest/ alone. main-only.
 */
#ifndef SIGSHIM_CHILD_H
#define SIGSHIM_CHILD_H

#include "session.h"

/* Whether children's pids, as they know them, are ours: they may begin in this one's ring. */
bool child_may_share(const struct session *host);
/* A CHILD frame of the host's ring. 0 or a negative enum refusal. */
int child_frame(struct session *host, const void *frame, size_t len);
/* The child that a peer which now says hello itself has been until now; NULL: none. Reads rings. */
struct session *child_claimed(const struct session *s, const struct sigshim_hello *hello);
/* The child that has this pid, by what it says; NULL: none. */
struct session *child_at(const struct ingest *in, int pid);
/* Looks after those that have been there for a while. */
void children_tick(struct ingest *in, uint64_t now);
/* The host's ring is read no more: its children go on alone. */
void children_part(struct session *host);
/* Of its host's lost calls, those that were this child's. */
void child_explain(struct session *c);

void child_link(struct session *c, struct session *host);
void child_unlink(struct session *c);

#endif
