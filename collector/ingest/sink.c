/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes to the log; see sink.h. When a transaction was lost the store takes
 * nothing more, so it is opened anew when there is room. main-only.
 */
#include "sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ull
#define SECOND (1000 * MS)
#define COMMIT_NS (50 * MS)
#define COMMIT_EVENTS 10000
#define HEAP_MAX (1ull << 30)
#define ROOM_AGAIN (4u << 20)	/* free bytes that make another try worth while */
#define MAX_PARENTS (1u << 20)

uint64_t sink_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

int sink_open(struct sink *sink, struct store *store, int64_t run)
{
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	*sink = (struct sink){
		.store = store, .run = run, .path = strdup(store_path(store)),
		.heap.max = HEAP_MAX, .rings.max = memory / 4, .committed_ns = sink_now(),
	};
	return sink->path ? 0 : -ENOMEM;
}

void sink_close(struct sink *sink)
{
	if (sink->store && sink->unstored)
		store_refuse(sink->store, sink->unstored);
	store_close(sink->store);
	map_free(&sink->instances, &sink->heap);
	map_free(&sink->images, &sink->heap);
	free(sink->ends);
	free(sink->path);
}

void sink_refuse(struct sink *sink, enum refusal why, uint64_t count)
{
	sink->refused[why] += count;
	sink->stats.refused += count;
	sink->news += count;
}

/* What a transaction carried is safe, or lost with it; events count when they are safe. */
static int commit(struct sink *sink)
{
	uint64_t refused;

	sink->failure = store_commit(sink->store);
	refused = store_refused(sink->store);
	if (!sink->failure) {
		sink->safe = sink->given;
		sink->stats.events += sink->open.events - (refused - sink->open.refused);
		sink->nends = 0;
	} else {
		sink->unstored += sink->open.missing;
	}
	sink->open = (struct open_rows){ .refused = refused };
	return sink->failure;
}

/* After a write that failed: the row alone, or the log? */
static int check(struct sink *sink, int r)
{
	if (r == 0) {
		sink->news++;
	} else if (!sink->failure) {
		commit(sink);
	}
	return r;
}

static void raise_mark(int64_t *mark, int64_t id)
{
	if (id > *mark)
		*mark = id;
}

/* Keeps the maps of parents from growing for ever; old ones are forgotten. */
static void remember(struct sink *sink, struct map *m, uint64_t key, int64_t process)
{
	if (m->used >= MAX_PARENTS)
		map_free(m, &sink->heap);
	map_set(m, &sink->heap, key, process);
}

int sink_process(struct sink *sink, const struct process_info *info, int64_t *ret_process)
{
	int r = sink->failure ? sink->failure : check(sink, store_process(sink->store, info, ret_process));

	if (r == 0)
		raise_mark(&sink->given.process, *ret_process);
	return r;
}

int sink_vfork_child(struct sink *sink, int64_t parent, int host_pid, const struct event *ev,
		     int64_t *ret_process)
{
	int r = sink->failure;

	if (!r)
		r = check(sink, store_vfork_child(sink->store, parent, ev->pid, host_pid, ev->mask_before,
						  ev->start_ns, ret_process));
	if (r == 0)
		raise_mark(&sink->given.process, *ret_process);
	return r;
}

void sink_parents(struct sink *sink, uint64_t instance, uint64_t image, int64_t process)
{
	if (instance)
		remember(sink, &sink->instances, instance, process);
	remember(sink, &sink->images, image, process);
}

int sink_thread(struct sink *sink, int64_t process, uint32_t ordinal, int tid, int host_tid,
		int64_t *ret_thread)
{
	int r = sink->failure;

	if (!r)
		r = check(sink, store_thread(sink->store, process, ordinal, tid, host_tid, ret_thread));
	if (r == 0)
		raise_mark(&sink->given.thread, *ret_thread);
	return r;
}

int sink_mapping(struct sink *sink, int64_t process, const struct module *m, const char *path,
		 int64_t *ret_module)
{
	int64_t module;
	int r = sink->failure;

	if (!r)
		r = check(sink, store_module(sink->store, path, m->build_id, &module));
	if (r == 0) {
		raise_mark(&sink->given.module, module);
		r = check(sink, store_mapping(sink->store, process, module, m->start, m->end, m->bias, m->now_ns));
	}
	if (r == 0)
		*ret_module = module;
	return r;
}

int sink_stack(struct sink *sink, const struct stack_frame *frames, unsigned int n,
	       enum sigshim_stack_end end, int64_t *ret_stack)
{
	int r = sink->failure;

	if (!r)
		r = check(sink, store_stack(sink->store, frames, n, end, ret_stack));
	if (r == 0)
		raise_mark(&sink->given.stack, *ret_stack);
	return r;
}

void sink_event(struct sink *sink, int64_t thread, const struct event *ev, int64_t stack)
{
	sink->stats.received++;
	if (sink->failure || thread == 0) {
		sink->unstored++;
		return;
	}
	sink->open.events++;
	check(sink, store_event(sink->store, thread, ev, stack));
}

void sink_gap(struct sink *sink, const struct gap_info *gap)
{
	uint64_t count = gap->count > 0 ? (uint64_t)gap->count : 0;

	sink->stats.lost += count;
	sink->stats.unknown += gap->count < 0;
	if (sink->failure) {
		sink->unstored += count;
		return;
	}
	sink->open.missing += count;
	check(sink, store_gap(sink->store, gap));
}

void sink_process_end(struct sink *sink, int64_t process, const char *end, uint64_t lost)
{
	struct end e = { .process = process, .ended_ns = sink_now(), .lost = lost, .end = end };

	if (process && !sink->failure)
		check(sink, store_process_end(sink->store, process, e.ended_ns, end, lost));
	if (process &&
	    budget_grow(&sink->heap, (void **)&sink->ends, &sink->ends_size, sink->nends + 1, sizeof(e)) == 0)
		sink->ends[sink->nends++] = e;
}

/* Ends of processes whose rows were not lost with the transaction. */
static int store_ends(struct sink *sink)
{
	int r = 0;

	for (size_t i = 0; i < sink->nends && r == 0; i++) {
		const struct end *e = &sink->ends[i];

		if (e->process <= sink->safe.process)
			r = store_process_end(sink->store, e->process, e->ended_ns, e->end, e->lost);
	}
	return r;
}

void sink_named(struct sink *sink, int64_t frame, const struct symbol_info *symbols, unsigned int n,
		bool signal)
{
	if (!sink->failure)
		check(sink, store_frame_named(sink->store, frame, symbols, n, signal));
}

static void store_refusals(struct sink *sink)
{
	for (int i = 0; i < REFUSED_MAX && !sink->failure; i++) {
		if (sink->refused[i] == 0)
			continue;
		if (check(sink, store_refusal(sink->store, sink->run, refusal_name(i), sink->refused[i])) == 0)
			sink->refused[i] = 0;
	}
}

/* A row for what could not be written. */
static int note_unstored(struct sink *sink)
{
	struct gap_info gap = {
		.run = sink->run, .ts_ns = sink_now(), .count = (int64_t)sink->unstored,
		.reason = "the log could not be written",
	};
	int r = sink->unstored ? store_gap(sink->store, &gap) : 0;

	if (r < 0)
		return r;
	sink->open.missing += sink->unstored;
	sink->unstored = 0;
	return 0;
}

void sink_commit(struct sink *sink, bool force)
{
	uint64_t now = sink_now();

	if (sink->failure || (!force && (sink->news == 0 ||
	    (sink->news < COMMIT_EVENTS && now - sink->committed_ns < COMMIT_NS))))
		return;
	store_refusals(sink);
	if (!sink->failure)
		check(sink, note_unstored(sink));
	if (sink->failure || commit(sink) < 0)
		return;
	sink->news = 0;
	sink->committed_ns = now;
}

static bool has_room(const struct sink *sink)
{
	struct statvfs fs;

	return statvfs(sink->path, &fs) < 0 || (uint64_t)fs.f_bavail * fs.f_frsize >= ROOM_AGAIN;
}

bool sink_recover(struct sink *sink, struct marks *ret_safe)
{
	uint64_t now = sink_now();

	if (!sink->failure || now < sink->retry_ns || !has_room(sink))
		return false;
	sink->retry_ns = now + SECOND;
	store_close(sink->store);
	sink->store = NULL;
	if (store_open(sink->path, STORE_UPDATE, &sink->store, NULL) < 0)
		return false;
	sink->given = sink->safe;
	sink->open = (struct open_rows){ 0 };
	sink->failure = note_unstored(sink);
	if (!sink->failure)
		sink->failure = store_ends(sink);
	if (!sink->failure) {
		commit(sink);
	} else {
		sink->unstored += sink->open.missing;
		sink->open.missing = 0;
	}
	if (sink->failure)
		return false;
	*ret_safe = sink->safe;
	return true;
}
