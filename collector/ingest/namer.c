/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The naming thread; see namer.h. One batch at a time belongs either to the
 * indexing thread or to the other; `state` under the lock says to whom. No signal
 * is ever delivered to the thread.
 */
#include "namer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../store/store.h"
#include "../symbols/symbols.h"
#include "files.h"

#define BATCH 64
#define NICE 15

enum batch_state { IDLE, GIVEN, DONE, QUIT };

struct job {
	int64_t frame;
	uint64_t offset;
	bool exact;
	char *path, *build_id;
	bool named;
	struct symbol_set names;	/* valid if named */
};

struct namer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	enum batch_state state;
	struct symbolizer *symbols;
	struct files *files;
	void (*done)(void *arg);
	void *arg;
	struct job job[BATCH];
	unsigned int n;
	int64_t after;		/* frames up to this id were handed out */
};

/* Waits for a batch; false when it is time to go. */
static bool wait_for_batch(struct namer *n)
{
	bool more;

	pthread_mutex_lock(&n->lock);
	while (n->state == IDLE || n->state == DONE)
		pthread_cond_wait(&n->wake, &n->lock);
	more = n->state == GIVEN;
	pthread_mutex_unlock(&n->lock);
	return more;
}

static void batch_done(struct namer *n)
{
	pthread_mutex_lock(&n->lock);
	if (n->state == GIVEN)
		n->state = DONE;
	pthread_mutex_unlock(&n->lock);
	n->done(n->arg);
}

static bool is_quitting(struct namer *n)
{
	bool quit;

	pthread_mutex_lock(&n->lock);
	quit = n->state == QUIT;
	pthread_mutex_unlock(&n->lock);
	return quit;
}

/*
 * Without a build id nothing but the file in the container is right, so where
 * that could not be had there is no name.
 */
static void look_up(struct namer *n, struct job *j)
{
	int fd = files_get(n->files, j->path, j->build_id);
	char file[32];

	if (fd == -EACCES && !*j->build_id)
		return;
	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	j->named = symbols_lookup_at(n->symbols, fd < 0 ? j->path : file, j->path, j->build_id, j->offset,
				     j->exact, &j->names) == 0;
	if (fd >= 0)
		close(fd);
}

static void *work(void *arg)
{
	struct namer *n = arg;

	setpriority(PRIO_PROCESS, 0, NICE);	/* of this thread alone */
	while (wait_for_batch(n)) {
		for (unsigned int i = 0; i < n->n && !is_quitting(n); i++) {
			look_up(n, &n->job[i]);
		}
		batch_done(n);
	}
	return NULL;
}

static int start_thread(struct namer *n)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&n->thread, NULL, work, n);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

int namer_open(void (*done)(void *arg), void *arg, struct files *files, struct namer **ret)
{
	struct symbols_options opt = { .debuginfod = true };
	struct namer *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	pthread_mutex_init(&n->lock, NULL);
	pthread_cond_init(&n->wake, NULL);
	n->done = done;
	n->arg = arg;
	n->files = files;
	r = symbols_open(&opt, &n->symbols);
	if (r == 0)
		r = start_thread(n);
	if (r < 0) {
		symbols_close(n->symbols);
		free(n);
		return r;
	}
	*ret = n;
	return 0;
}

static void clear(struct namer *n)
{
	for (unsigned int i = 0; i < n->n; i++) {
		if (n->job[i].named)
			symbols_free_set(&n->job[i].names);
		free(n->job[i].path);
		free(n->job[i].build_id);
	}
	memset(n->job, 0, sizeof(n->job));
	n->n = 0;
}

static void set_state(struct namer *n, enum batch_state state)
{
	pthread_mutex_lock(&n->lock);
	n->state = state;
	pthread_cond_signal(&n->wake);
	pthread_mutex_unlock(&n->lock);
}

void namer_close(struct namer *n)
{
	if (!n)
		return;
	set_state(n, QUIT);
	pthread_join(n->thread, NULL);
	clear(n);
	symbols_close(n->symbols);
	pthread_cond_destroy(&n->wake);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

static void store_names(struct store *s, const struct job *j)
{
	struct symbol_info info[SYMBOLS_MAX_LEVELS];
	unsigned int n = j->named ? j->names.n : 0;

	for (unsigned int i = 0; i < n; i++)
		info[i] = (struct symbol_info){
			.function = j->names.level[i].function,
			.function_offset = j->names.level[i].function_offset,
			.file = j->names.level[i].file,
			.line = j->names.level[i].line,
			.inlined = j->names.level[i].inlined,
		};
	store_frame_named(s, j->frame, info, n, j->named && j->names.signal);
}

/* Fills the batch with frames that have no name yet; 0 when all have. */
static int fill(struct namer *n, struct store *s)
{
	struct frame_todo todo[BATCH];
	int count = store_frames_todo(s, n->after, todo, BATCH);

	for (int i = 0; i < count; i++) {
		n->job[i] = (struct job){
			.frame = todo[i].frame, .offset = todo[i].offset, .exact = todo[i].exact,
			.path = strdup(todo[i].path), .build_id = strdup(todo[i].build_id),
		};
		n->n = (unsigned int)i + 1;
		n->after = todo[i].frame;
		if (!n->job[i].path || !n->job[i].build_id) {
			clear(n);
			return -ENOMEM;
		}
	}
	return count;
}

bool namer_turn(struct namer *n, struct store *s)
{
	enum batch_state state;

	pthread_mutex_lock(&n->lock);
	state = n->state;
	pthread_mutex_unlock(&n->lock);
	if (state == GIVEN)
		return true;
	if (state == DONE) {
		for (unsigned int i = 0; i < n->n; i++)
			store_names(s, &n->job[i]);
		clear(n);
	}
	if (fill(n, s) <= 0) {
		set_state(n, IDLE);
		return false;
	}
	set_state(n, GIVEN);
	return true;
}

void namer_restart(struct namer *n)
{
	n->after = 0;
}
