/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The face of verify/: compares what shims record with what the kernel sees,
 * and writes the calls that no shim records to the log, with their origin, and
 * certificates. Works beside an ingest, whose peers it observes; only cli/
 * uses it. Prints nothing. main-only.
 *
 * Functions return 0 or positive, or -errno.
 */
#ifndef SIGSHIM_VERIFY_H
#define SIGSHIM_VERIFY_H

#include <stdbool.h>

#include "../store/certificate.h"

struct ingest;
struct verify;

enum verify_scope {
	VERIFY_LISTED,	/* processes given to verify_watch, peers, and what they fork */
	VERIFY_CGROUP,
	VERIFY_ALL,
};

struct verify_options {
	struct ingest *in;		/* outlives it */
	int64_t run;
	enum verify_scope scope;
	const char *cgroup;		/* its folder, for VERIFY_CGROUP */
	bool alone;			/* no shims are expected: all calls go to the log */
};

/* On failure *ret_why, a constant, says what did not work: -ENOSYS when not built in, -EPERM, ... */
int verify_open(const struct verify_options *opt, struct verify **ret, const char **ret_why);
/* Ends the watch. NULL is a no-op. */
void verify_close(struct verify *v);

/* Watches this process and what it forks. */
int verify_watch(struct verify *v, int host_pid);
/* Has a command watched that this process is about to start; false: it has been started. */
void verify_starting(struct verify *v, bool starting);
/* Takes what has come. After each ingest_round, so that every record's kernel event is there. */
void verify_round(struct verify *v);
/* Readable when there is much to take. */
int verify_fd(const struct verify *v);
/* How many of the watched processes are there. */
unsigned int verify_live(const struct verify *v);
/* Decides all that is left and writes the certificates; after ingest_finish. */
void verify_finish(struct verify *v);
/* Of the run as a whole, after verify_finish. */
const struct certificate *verify_result(const struct verify *v);

/* Whether it works here: loads the kernel's program and unloads it. As verify_open. */
int verify_try(const char **ret_why);

#endif
