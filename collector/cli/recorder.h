/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording, as `run` and `collect` make it: a log with a run in it, a
 * collector that fills it, and what has to be said on the way. main-only.
 */
#ifndef SIGSHIM_RECORDER_H
#define SIGSHIM_RECORDER_H

#include "../ingest/ingest.h"
#include "../verify/verify.h"

struct recorder {
	struct ingest *in;
	const char *log;
	int64_t run;		/* in it */
	bool failing;		/* said that the journal can't be written */
	bool waiting;		/* said that the log can't be */
	struct verify *verify;	/* NULL: nothing is verified */
};

/*
 * Opens the log and begins a run; command NULL: a daemon's. Takes the listener
 * over. Prints what is wrong and returns EXIT_FAILED on failure.
 */
int recorder_open(struct recorder *r, const char *log, const char *command, int listener,
		  size_t ring_size, unsigned int max_connections);
/* Has it verified from now on. Prints what is wrong and returns EXIT_FAILED on failure. */
int recorder_verify(struct recorder *r, enum verify_scope scope, const char *cgroup, bool alone);
/* The verifier's result in a line or two, on stderr; after recorder_finish. */
void recorder_print_certificate(const struct recorder *r);

/* One turn; see ingest_round. */
void recorder_turn(struct recorder *r, int max_ms);
/* Stores and names everything; with `clean` the run is marked so. Returns an exit code. */
int recorder_finish(struct recorder *r, bool clean);
void recorder_close(struct recorder *r);

/* A number of bytes, with K or M; false if it is no ring size. */
bool recorder_ring_size(const char *text, size_t *ret);

#endif
