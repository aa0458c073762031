/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes to the journal; see sink.h. What it could not take, and what it
 * could not write yet, is told once it can be written again. main-only.
 */
#include "sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ull
#define SECOND (1000 * MS)
#define REFUSALS_NS (50 * MS)	/* between two rows of refusals */
#define HEAP_MAX (1ull << 30)
#define MAX_PARENTS (1u << 20)
#define MAX_STACKS 20000	/* of earlier runs, to be known again */
#define MAX_UNENDED 20000	/* processes of killed collectors, which may come again */
#define MODULE_KEY (SIGSHIM_MAX_PATH + 2 * SIGSHIM_MAX_BUILD_ID + 2)

uint64_t sink_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

/* --- what the log has already --------------------------------------------- */

/* Path and build id with a NUL between; no path has one. 0: too long. */
static size_t module_key(char *key, const char *path, const char *build_id)
{
	int n = snprintf(key, MODULE_KEY, "%s%c%s", path, '\0', build_id);

	return n < MODULE_KEY ? (size_t)n : 0;
}

static int know_module(int64_t id, const char *path, const char *build_id, void *arg)
{
	struct sink *sink = arg;
	char key[MODULE_KEY];
	size_t size = module_key(key, path, build_id);

	if (size)
		intern_add(sink->modules, key, size, id);
	return 0;
}

/* What makes stacks equal; its bytes are compared. */
struct stack_key {
	uint64_t end;
	struct stack_frame frames[SIGSHIM_MAX_FRAMES];
};

static size_t stack_key(struct stack_key *key, const struct stack_frame *frames, unsigned int n,
			enum sigshim_stack_end end)
{
	key->end = end;
	memcpy(key->frames, frames, n * sizeof(*frames));
	return offsetof(struct stack_key, frames) + n * sizeof(*frames);
}

static int know_stack(int64_t id, enum sigshim_stack_end end, const struct stack_frame *frames,
		      unsigned int n, void *arg)
{
	struct sink *sink = arg;
	struct stack_key key;
	size_t size = stack_key(&key, frames, n, end);

	if (!intern_find(sink->stacks, &key, size))
		intern_add(sink->stacks, &key, size, id);
	return 0;
}

/* The newest come first: the first row of an instance is its last. */
static int know_unended(int64_t process, uint64_t instance, int host_pid, void *arg)
{
	struct sink *sink = arg;
	int64_t before;

	if (!map_get(&sink->unended, instance, &before))
		map_set(&sink->unended, &sink->heap, instance, process << 22 | host_pid);
	return 0;
}

static int64_t at_least(int64_t id, int64_t base)
{
	return id > base ? id : base;
}

static int know_log(struct sink *sink, struct store *store, int64_t base)
{
	int r = store_last_ids(store, &sink->ids);

	if (r == 0)
		r = store_modules(store, know_module, sink);
	if (r == 0)
		r = store_stacks(store, MAX_STACKS, know_stack, sink);
	if (r == 0)
		r = store_unended(store, MAX_UNENDED, know_unended, sink);
	sink->ids.process = at_least(sink->ids.process, base);
	sink->ids.thread = at_least(sink->ids.thread, base);
	sink->ids.module = at_least(sink->ids.module, base);
	sink->ids.stack = at_least(sink->ids.stack, base);
	sink->ids.call = at_least(sink->ids.call, base);
	return r;
}

int sink_open(struct sink *sink, struct store *store, int64_t run, struct journal *journal, int64_t base)
{
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	*sink = (struct sink){
		.journal = journal, .run = run, .heap.max = HEAP_MAX, .rings.max = memory / 4,
		.modules = intern_new(), .stacks = intern_new(), .calls = intern_new(), .frames = intern_new(),
	};
	if (!sink->modules || !sink->stacks || !sink->calls || !sink->frames)
		return -ENOMEM;
	return know_log(sink, store, base);
}

void sink_close(struct sink *sink)
{
	journal_close(sink->journal);
	map_free(&sink->instances, &sink->heap);
	map_free(&sink->images, &sink->heap);
	map_free(&sink->unended, &sink->heap);
	intern_free(sink->modules);
	intern_free(sink->stacks);
	intern_free(sink->calls);
	intern_free(sink->frames);
}

/* --- rows ------------------------------------------------------------------- */

void sink_refuse(struct sink *sink, enum refusal why, uint64_t count)
{
	sink->refused[why] += count;
	sink->refusals += count;
	sink->stats.refused += count;
}

/* Keeps the maps of parents from growing for ever; old ones are forgotten. */
static void remember(struct sink *sink, struct map *m, uint64_t key, int64_t process)
{
	if (m->used >= MAX_PARENTS)
		map_free(m, &sink->heap);
	map_set(m, &sink->heap, key, process);
}

/* The id counts once the journal has its row. */
static int give_id(int r, int64_t *last, int64_t *ret)
{
	if (r == 0)
		*ret = ++*last;
	return r;
}

int sink_process(struct sink *sink, const struct process_info *info, int64_t *ret_process)
{
	return give_id(journal_process(sink->journal, sink->ids.process + 1, info), &sink->ids.process,
		       ret_process);
}

int sink_vfork_child(struct sink *sink, const struct vfork_info *child, int64_t *ret_process)
{
	return give_id(journal_vfork_child(sink->journal, sink->ids.process + 1, child),
		       &sink->ids.process, ret_process);
}

void sink_parents(struct sink *sink, uint64_t instance, uint64_t image, int64_t process)
{
	if (instance)
		remember(sink, &sink->instances, instance, process);
	if (image)
		remember(sink, &sink->images, image, process);
}

int sink_thread(struct sink *sink, const struct thread_info *t, int64_t *ret_thread)
{
	return give_id(journal_thread(sink->journal, sink->ids.thread + 1, t), &sink->ids.thread, ret_thread);
}

static int module_of(struct sink *sink, const char *path, const char *build_id, int64_t *ret)
{
	char key[MODULE_KEY];
	size_t size = module_key(key, path, build_id);
	int64_t id = size ? intern_find(sink->modules, key, size) : 0;
	int r = 0;

	if (!id) {
		r = give_id(journal_module(sink->journal, sink->ids.module + 1, path, build_id),
			    &sink->ids.module, &id);
		if (r == 0 && size)
			intern_add(sink->modules, key, size, id);
	}
	if (r == 0)
		*ret = id;
	return r;
}

int sink_mapping(struct sink *sink, int64_t process, const struct module *m, const char *path,
		 int64_t *ret_module)
{
	struct mapping_info mapping = {
		.process = process, .start = m->start, .end = m->end, .bias = m->bias, 
		.from_ns = m->now_ns, .shim = m->flags & SIGSHIM_MODF_SHIM,
	};
	int r = module_of(sink, path, m->build_id, &mapping.module);

	if (r == 0)
		r = journal_mapping(sink->journal, &mapping);
	if (r == 0)
		*ret_module = mapping.module;
	return r;
}

int sink_stack(struct sink *sink, const struct stack_frame *frames, unsigned int n,
	       enum sigshim_stack_end end, int64_t *ret_stack)
{
	struct stack_key key;
	size_t size = stack_key(&key, frames, n, end);
	int64_t id = intern_find(sink->stacks, &key, size);
	int r = 0;

	if (!id) {
		r = give_id(journal_stack(sink->journal, sink->ids.stack + 1, frames, n, end),
			    &sink->ids.stack, &id);
		if (r == 0)
			intern_add(sink->stacks, &key, size, id);
	}
	if (r == 0)
		*ret_stack = id;
	return r;
}

int sink_known_mapping(struct sink *sink, const struct mapping_info *m)
{
	return journal_mapping(sink->journal, m);
}

/* Without it a later collector would not know the stack: no harm now. */
void sink_shim_stack(struct sink *sink, int64_t process, uint32_t number, int64_t stack)
{
	if (process)
		journal_shim_stack(sink->journal, process, number, stack);
}

int sink_call(struct sink *sink, const struct event *ev, int64_t stack, int64_t *ret_call)
{
	int64_t id = calls_find(sink->calls, ev, stack);
	int r = 0;

	if (!id) {
		r = give_id(journal_call(sink->journal, sink->ids.call + 1, ev, stack), &sink->ids.call, &id);
		if (r == 0)
			calls_add(sink->calls, ev, stack, id);
	}
	if (r == 0)
		*ret_call = id;
	return r;
}

void sink_event(struct sink *sink, const struct occurrence *e)
{
	sink->stats.received++;
	if (e->thread && e->call && journal_event(sink->journal, e) == 0)
		sink->given++;
	else
		sink->unstored++;
}

void sink_gap(struct sink *sink, const struct gap_info *gap)
{
	uint64_t count = gap->count > 0 ? (uint64_t)gap->count : 0;

	sink->stats.lost += count;
	sink->stats.unknown += gap->count < 0;
	if (journal_gap(sink->journal, gap) < 0)
		sink->unstored += count;
}

void sink_process_end(struct sink *sink, int64_t process, const char *end, uint64_t lost)
{
	if (process)
		journal_process_end(sink->journal, process, sink_now(), end, lost);
}

void sink_certificate(struct sink *sink, const struct certificate *c)
{
	journal_certificate(sink->journal, c);
}

void sink_finding(struct sink *sink, const struct finding_info *f)
{
	journal_finding(sink->journal, f);
}

bool sink_container(struct sink *sink, const struct container_info *c)
{
	return journal_container(sink->journal, c) == 0;
}

/* --- to the file ------------------------------------------------------------ */

static void tell_refusals(struct sink *sink)
{
	for (int i = 0; i < REFUSED_MAX; i++)
		if (sink->refused[i] && journal_refusal(sink->journal, sink->run, refusal_name(i),
							sink->refused[i]) == 0) {
			sink->refusals -= sink->refused[i];
			sink->refused[i] = 0;
		}
}

/* A row for what could not be written. */
static void tell_unstored(struct sink *sink)
{
	struct gap_info gap = {
		.run = sink->run, .ts_ns = sink_now(), .count = (int64_t)sink->unstored,
		.reason = "the log could not be written",
	};

	if (journal_gap(sink->journal, &gap) == 0)
		sink->unstored = 0;
}

static void flush(struct sink *sink)
{
	sink->failure = journal_flush(sink->journal);
	if (sink->failure == 0)
		sink->stats.events = sink->given;
	else
		sink->retry_ns = sink_now() + SECOND;
}

void sink_flush(struct sink *sink, bool force)
{
	if (sink->failure && !force && sink_now() < sink->retry_ns)
		return;
	if (sink->refusals && (force || sink_now() - sink->refused_ns >= REFUSALS_NS)) {
		tell_refusals(sink);
		sink->refused_ns = sink_now();
	}
	if (journal_dirty(sink->journal) || sink->failure)
		flush(sink);
	if (sink->failure == 0 && sink->unstored) {
		tell_unstored(sink);
		flush(sink);
	}
}
