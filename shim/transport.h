/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to the collector: transport.c chooses between the ring (ring.h) and
 * the socket (link.c). AS-safe, MT-safe.
 */
#ifndef SHIM_TRANSPORT_H
#define SHIM_TRANSPORT_H

#include "shim.h"

/* Whether it is time to look for a collector again; now and then the clock is read for it. */
bool transport_is_due(struct process *p);
/* False while there is no collector, and it is not yet time to look for one: nothing need be recorded. */
static inline bool transport_hopes(struct process *p)
{
	return __atomic_load_n(&p->link, __ATOMIC_RELAXED) != LINK_NONE || transport_is_due(p);
}
/* Looks for a collector if there is none, or if it has gone; before a record is made. */
void transport_check(struct process *p, struct moment now);
/* From another's ring to one of our own: a child on our memory could not do it for us. */
void transport_settle(struct process *p);
/* Sends a frame; when it can't be sent, waits or counts. True if it went out. */
bool transport_send(struct process *p, const struct sigshim_frame *frame);
/* Sends the last frame; waits a moment for room in any case. */
void transport_finish(struct process *p, const struct sigshim_frame *frame);

/* Moves a new descriptor out of the program's way; -errno, and closed, on failure. */
int fd_raise(int fd);
/* What p says of itself. */
struct sigshim_hello link_hello(const struct process *p, uint64_t now, uint64_t mask);
/* Finds a collector: hello, welcome, ring. Sets p->link. True if there is one. */
bool link_open(struct process *p, uint64_t now, uint64_t mask);
/* From the ring that it shares to a connection of its own; -errno if none can be had. */
int link_move(struct process *p, uint64_t now, uint64_t mask);
/*
 * The collector was killed: goes over to another if there is one, with all
 * that the old one had not read. Until then the ring takes what it can.
 */
void link_renew(struct process *p, uint64_t now, uint64_t mask);
/* In a forked child: closes the copy of its parent's socket. */
void link_close_inherited(void);
/* True while the other end is there. */
bool link_alive(const struct process *p);
void link_drop(struct process *p, uint64_t now);
/* One packet. 0, -EAGAIN, or another error when the socket is of no use. */
int link_put(struct process *p, const struct sigshim_frame *frame);

/* Forked children may begin in p's ring from now on, or no more. */
void share_offer(const struct process *p, bool allowed);
/* In a forked child: begins in its parent's ring. False when that can't be. */
bool share_begin(struct process *p, uint64_t now, uint64_t mask);
/* Writes a whole frame into it, after its hello; errors as ring_put_shared's. */
int share_put(struct process *p, const struct sigshim_frame *frame);
/* Its hello, if it shares a ring and has not said it yet. */
void share_introduce(struct process *p);
/* True for a child that should have a connection of its own by now. */
bool share_is_over(struct process *p, struct moment now);

#endif
