/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The indexing thread; see indexer.h. It works at low priority, in short
 * transactions, and lets records gather for a moment first. No signal is ever
 * delivered to it.
 */
#include "indexer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "../journal/journal.h"
#include "namer.h"

#define MS 1000000ull
#define GATHER_MS 20		/* records are let gather for so long */
#define GATHER_BYTES (256u << 10)	/* unless there are so many */
#define TURN_NS (40 * MS)	/* of one transaction */
#define STEP (64u << 10)	/* bytes between two looks at the clock */
#define AGAIN_MS 1000		/* after a failure */
#define NICE 10

struct indexer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;		/* there is something to do */
	pthread_cond_t turned;		/* something was done */
	struct store *store;
	struct journal_reader *reader;
	struct namer *namer;
	uint64_t until, done;		/* positions; the lock is held to write them */
	int failure;
	int64_t nameless;
	bool quit, hurry, names_ready, naming;
};

static struct timespec later(int ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += ms / 1000;
	ts.tv_nsec += ms % 1000 * (long)MS;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static bool is_pressing(const struct indexer *x)
{
	return x->quit || x->hurry || x->until - x->done >= GATHER_BYTES;
}

/* Waits for something to do; false when it is time to go. */
static bool wait_for_work(struct indexer *x, uint64_t *ret_until)
{
	struct timespec moment;
	bool more;

	pthread_mutex_lock(&x->lock);
	moment = later(AGAIN_MS);
	while (!x->quit && x->failure && pthread_cond_timedwait(&x->wake, &x->lock, &moment) == 0)
		;
	while (!x->quit && !x->names_ready && x->until == x->done)
		pthread_cond_wait(&x->wake, &x->lock);
	moment = later(GATHER_MS);
	while (!is_pressing(x) && pthread_cond_timedwait(&x->wake, &x->lock, &moment) == 0)
		;
	*ret_until = x->until;
	x->names_ready = false;
	more = !x->quit;
	pthread_mutex_unlock(&x->lock);
	return more;
}

/* What the log took is committed, or none of it. */
static int replay(struct indexer *x, uint64_t until)
{
	uint64_t begin = now_ns(), events = 0;
	int r = 1;

	while (r == 1 && journal_read_position(x->reader) < until && now_ns() - begin < TURN_NS)
		r = journal_replay(x->reader, x->store, until, STEP, &events);
	return r < 0 ? r : store_commit(x->store);
}

static void turn(struct indexer *x, uint64_t until)
{
	int64_t nameless = 0;
	bool naming = false;
	int r = replay(x, until);

	if (r == 0) {
		naming = namer_turn(x->namer, x->store);
		nameless = naming && x->hurry ? store_frames_todo_count(x->store) : naming;
		r = store_commit(x->store);
	}
	if (r < 0) {
		store_rollback(x->store);
		journal_rewind(x->reader, x->done);
		namer_restart(x->namer);
	}
	pthread_mutex_lock(&x->lock);
	__atomic_store_n(&x->done, journal_read_position(x->reader), __ATOMIC_RELEASE);
	__atomic_store_n(&x->failure, r, __ATOMIC_RELAXED);
	x->naming = naming;
	x->nameless = nameless;
	pthread_cond_signal(&x->turned);
	pthread_mutex_unlock(&x->lock);
}

static void *work(void *arg)
{
	struct indexer *x = arg;
	uint64_t until;

	setpriority(PRIO_PROCESS, 0, NICE);	/* of this thread alone */
	while (wait_for_work(x, &until))
		turn(x, until);
	return NULL;
}

static void names_are_ready(void *arg)
{
	struct indexer *x = arg;

	pthread_mutex_lock(&x->lock);
	x->names_ready = true;
	pthread_cond_signal(&x->wake);
	pthread_mutex_unlock(&x->lock);
}

static int start(struct indexer *x)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&x->thread, NULL, work, x);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

static void free_indexer(struct indexer *x)
{
	namer_close(x->namer);
	journal_read_close(x->reader);
	pthread_cond_destroy(&x->wake);
	pthread_cond_destroy(&x->turned);
	pthread_mutex_destroy(&x->lock);
	free(x);
}

int indexer_open(struct store *store, int64_t run, const char *journal, struct files *files, struct indexer **ret)
{
	struct indexer *x = calloc(1, sizeof(*x));
	pthread_condattr_t attr;
	int r;

	if (!x)
		return -ENOMEM;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&x->lock, NULL);
	pthread_cond_init(&x->wake, &attr);
	pthread_cond_init(&x->turned, &attr);
	pthread_condattr_destroy(&attr);
	x->store = store;
	x->names_ready = true;	/* perhaps the log has frames without one */
	r = journal_read(journal, run, 0, &x->reader);
	if (r == 0)
		r = namer_open(names_are_ready, x, files, &x->namer);
	if (r == 0)
		r = start(x);
	if (r < 0) {
		free_indexer(x);
		return r;
	}
	*ret = x;
	return 0;
}

void indexer_close(struct indexer *x)
{
	if (!x)
		return;
	pthread_mutex_lock(&x->lock);
	x->quit = true;
	pthread_cond_signal(&x->wake);
	pthread_mutex_unlock(&x->lock);
	pthread_join(x->thread, NULL);
	free_indexer(x);
}

void indexer_advance(struct indexer *x, uint64_t position)
{
	if (x->until == position)
		return;
	pthread_mutex_lock(&x->lock);
	x->until = position;
	pthread_cond_signal(&x->wake);
	pthread_mutex_unlock(&x->lock);
}

uint64_t indexer_position(const struct indexer *x)
{
	return __atomic_load_n(&x->done, __ATOMIC_ACQUIRE);
}

int indexer_failure(const struct indexer *x)
{
	return __atomic_load_n(&x->failure, __ATOMIC_RELAXED);
}

static bool is_done(const struct indexer *x, bool names)
{
	return x->failure || (x->until == x->done && !(names && (x->naming || x->names_ready)));
}

static int64_t wait_until_done(struct indexer *x, bool names, int max_ms)
{
	struct timespec end = later(max_ms);
	int64_t left;

	pthread_mutex_lock(&x->lock);
	x->hurry = true;
	pthread_cond_signal(&x->wake);
	while (!is_done(x, names) && pthread_cond_timedwait(&x->turned, &x->lock, &end) == 0)
		;
	left = x->failure ? x->failure : names ? x->nameless : (int64_t)(x->until - x->done);
	pthread_mutex_unlock(&x->lock);
	return left;
}

int64_t indexer_finish(struct indexer *x, int max_ms)
{
	return wait_until_done(x, false, max_ms);
}

int64_t indexer_name(struct indexer *x, int max_ms)
{
	return wait_until_done(x, true, max_ms);
}
