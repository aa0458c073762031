/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The collector's state and its event loop: who waits on which descriptor.
 * Shared by the files of ingest/ that react to something. main-only.
 */
#ifndef SIGSHIM_LOOP_H
#define SIGSHIM_LOOP_H

#include "ingest.h"
#include "map.h"
#include "owner.h"
#include "sink.h"
#include "ticks.h"
#include "told.h"

struct indexer;
struct store;
struct session;

/* A descriptor in the epoll set, and whom to call. */
struct watch {
	void (*fn)(struct watch *w, uint32_t events);
	void *arg;
};

struct session_list {
	struct session *first, *last;
};

struct ingest {
	int epoll, listener;
	struct watch accept;
	bool accept_off;		/* out of descriptors for the moment */
	uint64_t accept_again_ns;
	size_t ring_size;
	unsigned int max_connections, nsessions;
	struct session_list waiting;	/* without a hello, oldest first */
	struct session_list live;	/* after it */
	struct session_list young;	/* in another's ring, oldest first; then live */
	struct session_list dead;	/* freed when the round ends */
	struct map by_pid;		/* host pid → live session, 0: gone */
	struct map claims;		/* pid → forked child that says it has it */
	struct map waiting_of;		/* uid + 1 → how many are waiting */
	struct map owners;		/* hash of a container → struct owner, 0: gone */
	struct map known;		/* host pids that ever said hello */
	struct sink sink;
	struct ticks ticks;
	struct ticks_sample now;	/* when this round began */
	struct store *store;		/* the indexer's from ingest_open to ingest_end_run */
	struct indexer *indexer;
	struct files *files;		/* of containers, for the naming thread */
	struct told told;		/* containers that the log knows of */
	unsigned int nroots;		/* sessions with files of their own */
	uint64_t peers;			/* numbers given to session.peer */
	struct watch *watches[8];	/* of ingest_watch, to be freed */
	unsigned int nwatches;
	uint64_t idle_look_ns;		/* when all rings were last looked at */
	uint64_t busy_look_ns;		/* when those were that spoke of late */
	bool backlog;			/* something was left for the next round */
	bool busy;			/* records came within the last second */
	uint64_t rush_ns;		/* when a ring was last filling fast */
	struct ingest_observer observer;
	uint64_t sessions;		/* ids given out */
};

int loop_add(struct ingest *in, int fd, struct watch *w);
void loop_remove(struct ingest *in, int fd);

/* listener.c: accepts and refuses; w is ingest.accept. */
void listener_ready(struct watch *w, uint32_t events);
/* Accepts all that wait to be. */
void listener_hear(struct ingest *in);
/* Refuses those who said no hello in time; turns accepting on again. Returns the next deadline or 0. */
uint64_t listener_tick(struct ingest *in, uint64_t now);
/* As many descriptors as max_connections needs, or fewer connections. */
void listener_limits(struct ingest *in);

#endif
