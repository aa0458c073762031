/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The face of ingest/: a collector that accepts peers on a listening socket
 * and writes what they send to the journal, and from there to the log. Knows the store and symbols below it;
 * only cli/ uses it. Prints nothing. main-only.
 *
 * Functions return 0 or positive, or -errno.
 */
#ifndef SIGSHIM_INGEST_H
#define SIGSHIM_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ingest;
struct store;

#define INGEST_RING_SIZE (2u << 20)
#define INGEST_RING_MIN (64u << 10)
#define INGEST_RING_MAX (64u << 20)
#define INGEST_MAX_CONNECTIONS 20000

struct event;
struct sigshim_hello;
struct sink;

/* A peer, as an observer sees it; `id` is never used twice. */
struct ingest_peer {
	uint64_t id;
	int host_pid;
	int64_t process;	/* row, 0: not there */
	const struct sigshim_hello *hello;
};

/* Is told what peers do, as it is taken from them. Any function may be NULL. */
struct ingest_observer {
	/* After the hello, before the peer may go on; forked children wait for nobody. */
	void (*hello)(void *arg, const struct ingest_peer *peer);
	/* A record that was accepted. thread: its row, 0: not there. */
	void (*record)(void *arg, const struct ingest_peer *peer, const struct event *ev, int64_t thread);
	/* All has been read of it. */
	void (*end)(void *arg, const struct ingest_peer *peer);
	void *arg;
};

struct ingest_options {
	int listener;		/* a listening SOCK_SEQPACKET socket; taken over. -1: none */
	struct store *store;	/* taken over */
	int64_t run;		/* the run that it all belongs to */
	size_t ring_size;	/* bytes of cells, a power of two; 0: the default */
	unsigned int max_connections;	/* 0: the default */
};

struct ingest_stats {
	uint64_t events, processes, threads;	/* in the log */
	uint64_t received;	/* events, also those that the log did not take */
	uint64_t lost;		/* calls that are known to be missing */
	uint64_t unknown;	/* gaps whose size nobody can tell */
	uint64_t refused;	/* frames and peers */
	uint64_t unwritten;	/* received, and not written because the journal failed */
};

int ingest_open(const struct ingest_options *opt, struct ingest **ret);
/* Closes all, the store too. NULL is a no-op. */
void ingest_close(struct ingest *in);

/* Before the first round; `o` is copied. */
void ingest_observe(struct ingest *in, const struct ingest_observer *o);
/* Where to write to the log beside the peers; see sink.h. */
struct sink *ingest_sink(struct ingest *in);

/* Calls fn in ingest_round when fd is readable. */
int ingest_watch(struct ingest *in, int fd, void (*fn)(void *arg), void *arg);
/* Waits for something to do, at most max_ms (-1: as long as it takes), and does it. */
int ingest_round(struct ingest *in, int max_ms);

/* Peers that may still send something. */
unsigned int ingest_live(const struct ingest *in);
/* Whether this process has ever said hello. */
bool ingest_knows(const struct ingest *in, int host_pid);
/* Tells how a process ended, for those that nobody but its parent can ask. */
void ingest_ended(struct ingest *in, int host_pid, int wait_status);
/* Notes a process that ran and never said hello. */
void ingest_never(struct ingest *in, int host_pid, const char *comm);

/*
 * Reads everything that was sent, ends every session (those of processes that
 * live on as "open"), and commits. No peers are heard afterwards.
 */
void ingest_finish(struct ingest *in);
/*
 * Each waits at most max_ms, for the log to have everything or for frames to
 * have names, and returns how many bytes or frames are left; -errno when the
 * log can't be written.
 */
int64_t ingest_index(struct ingest *in, int max_ms);
int64_t ingest_name(struct ingest *in, int max_ms);
/* When the log has everything: marks the run clean. Nothing but ingest_stats and _close afterwards. */
int ingest_end_run(struct ingest *in);

struct ingest_stats ingest_stats(const struct ingest *in);
/* -errno while the journal cannot be written and events are lost, 0 when all is well. */
int ingest_failure(const struct ingest *in);
/* -errno while the log cannot be written, and records wait in the journal. */
int ingest_index_failure(const struct ingest *in);
const char *ingest_journal(const struct ingest *in);

/*
 * Makes a listening socket. -EADDRINUSE: somebody answers there; a socket that
 * nobody answers on is replaced.
 */
int listener_open(const char *path, unsigned int mode, int *ret_fd);

#endif
