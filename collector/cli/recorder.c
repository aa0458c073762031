/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recordings; see recorder.h. main-only.
 */
#include "recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../store/store.h"
#include "../table/table.h"
#include "cli.h"
#include "leftover.h"

#define STEP_MS 200
#define VERIFY_MS 20	/* the kernel's side wakes nobody */
#define QUIET_STEPS (2000 / STEP_MS)

bool recorder_ring_size(const char *text, size_t *ret)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (end == text || *text == '-' || n > INGEST_RING_MAX)
		return false;
	if (*end == 'K' || *end == 'k' || *end == 'M') {
		n <<= *end == 'M' ? 20 : 10;
		end++;
	}
	if (*end || n < INGEST_RING_MIN || n > INGEST_RING_MAX || n & (n - 1))
		return false;
	*ret = n;
	return true;
}

static int fail(struct store *store, int listener, const char *what, const char *why)
{
	cli_error("%s: %s", what, why);
	store_close(store);
	if (listener >= 0)
		close(listener);
	return EXIT_FAILED;
}

int recorder_open(struct recorder *r, const char *log, const char *command, int listener,
		  size_t ring_size, unsigned int max_connections)
{
	struct ingest_options opt = {
		.listener = listener, .ring_size = ring_size, .max_connections = max_connections,
	};
	char *error = NULL;
	int result = store_open(log, STORE_CREATE, &opt.store, &error);

	*r = (struct recorder){ .log = log };
	if (result < 0) {
		cli_error("%s", error ? error : strerror(-result));
		free(error);
		close(listener);
		return EXIT_FAILED;
	}
	result = leftover_finish(opt.store);
	if (result == 0)
		result = store_run_begin(opt.store, command, &opt.run);
	r->run = opt.run;
	if (result == 0)
		result = store_commit(opt.store);
	if (result < 0)
		return fail(opt.store, listener, log, store_error(opt.store));
	result = ingest_open(&opt, &r->in);
	if (result < 0) {
		cli_error("cannot start the collector: %s", strerror(-result));
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

static void tell_failure(struct recorder *r)
{
	int failure = ingest_failure(r->in);

	if (failure && !r->failing)
		cli_error("cannot write %s: %s; counting what is lost until it can be written again",
			  ingest_journal(r->in), strerror(-failure));
	else if (!failure && r->failing)
		cli_error("%s can be written again", ingest_journal(r->in));
	r->failing = failure != 0;
	failure = ingest_index_failure(r->in);
	if (failure && !r->waiting)
		cli_error("cannot write %s: %s; records wait in %s", r->log, strerror(-failure),
			  ingest_journal(r->in));
	else if (!failure && r->waiting)
		cli_error("%s can be written again", r->log);
	r->waiting = failure != 0;
}

/* The turn ends early, and takes what there is. */
static void wake(void *arg)
{
}

int recorder_verify(struct recorder *r, enum verify_scope scope, const char *cgroup, bool alone)
{
	const struct verify_options opt = {
		.in = r->in, .run = r->run, .scope = scope, .cgroup = cgroup, .alone = alone,
	};
	const char *why;
	int result = verify_open(&opt, &r->verify, &why);

	if (result == 0)
		result = ingest_watch(r->in, verify_fd(r->verify), wake, r);
	if (result == 0)
		return EXIT_OK;
	cli_error("cannot verify: %s (%s)", why, strerror(-result));
	return EXIT_FAILED;
}

void recorder_print_certificate(const struct recorder *r)
{
	const struct certificate *c = verify_result(r->verify);

	fprintf(stderr, "sigshim: %" PRIu64 " kernel events:", c->count[COUNT_KERNEL]);
	for (int i = COUNT_WRAPPED; i <= COUNT_LOST; i++)
		fprintf(stderr, "%s %" PRIu64 " %s", i == COUNT_WRAPPED ? "" : ",", c->count[i],
			origin_name(ORIGIN_WRAPPED + i - COUNT_WRAPPED));
	fprintf(stderr, "; %" PRIu64 " records, %" PRIu64 " unmatched, %" PRIu64 " mismatched\n",
		c->count[COUNT_RECORDS], c->count[COUNT_UNMATCHED], c->count[COUNT_MISMATCHED]);
	fprintf(stderr, "sigshim: complete: %s%s%s%s\n", c->complete, c->why ? " (" : "", c->why ? c->why : "",
		c->why ? ")" : "");
}

void recorder_turn(struct recorder *r, int max_ms)
{
	ingest_round(r->in, r->verify && (max_ms < 0 || max_ms > VERIFY_MS) ? VERIFY_MS : max_ms);
	if (r->verify)
		verify_round(r->verify);
	tell_failure(r);
}

/* A burst may have left more than the log takes in a moment; says so when it does. */
static int index_rest(struct recorder *r)
{
	bool terminal = cli_is_terminal(STDERR_FILENO), drawn = false;
	int64_t left;

	for (int step = 1; (left = ingest_index(r->in, STEP_MS)) > 0; step++) {
		if (step < QUIET_STEPS)
			continue;
		if (terminal)
			fprintf(stderr, "\r\033[Ksigshim: writing the log, %" PRId64 " MB left", (left >> 20) + 1);
		else if (!drawn)
			fprintf(stderr, "sigshim: writing the log, %" PRId64 " MB\n", (left >> 20) + 1);
		drawn = true;
	}
	if (drawn && terminal)
		fputs("\r\033[K", stderr);
	return left < 0 ? (int)left : 0;
}

/* Looking into debug information can take a while; says so when it does. */
static void name_frames(struct recorder *r)
{
	bool terminal = cli_is_terminal(STDERR_FILENO), drawn = false;
	int64_t left;

	for (int step = 1; (left = ingest_name(r->in, STEP_MS)) > 0; step++) {
		if (step < QUIET_STEPS)
			continue;
		if (terminal)
			fprintf(stderr, "\r\033[Ksigshim: naming frames, %" PRId64 " left", left);
		else if (!drawn)
			fprintf(stderr, "sigshim: naming %" PRId64 " frames\n", left);
		drawn = true;
	}
	if (drawn && terminal)
		fputs("\r\033[K", stderr);
}

int recorder_finish(struct recorder *r, bool clean)
{
	struct ingest_stats stats;
	int result = 0;

	ingest_finish(r->in);
	if (r->verify)
		verify_finish(r->verify);
	result = index_rest(r);
	if (result == 0)
		name_frames(r);
	if (clean && result == 0)
		result = ingest_end_run(r->in);
	tell_failure(r);
	stats = ingest_stats(r->in);
	if (stats.unwritten)
		cli_error("%" PRIu64 " events could not be written to %s", stats.unwritten, r->log);
	return result < 0 ? EXIT_FAILED : EXIT_OK;
}

void recorder_close(struct recorder *r)
{
	verify_close(r->verify);
	r->verify = NULL;
	ingest_close(r->in);
	r->in = NULL;
}
