/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going on with a process that a killed collector recorded: the log tells what
 * that one knew. The process gets a row of its own in this run; its threads'
 * numbers, its stacks and its modules go on as they were. main-only.
 */
#include <errno.h>

#include "session.h"

/* An instance is no secret: it must also be the same process by the kernel's account. */
bool session_known(const struct session *s, int64_t *ret_before)
{
	int64_t known = 0;

	if (s->hello.reconnect == 0 || s->host_pid == 0 ||
	    !map_get(&s->in->sink.unended, s->hello.instance, &known) || sink_unended_pid(known) != s->host_pid)
		return false;
	*ret_before = sink_unended_row(known);
	return true;
}

static int add_known_thread(const struct known_thread *known, void *arg)
{
	struct session *s = arg;
	int i = session_add_thread(s, known->ordinal);

	if (i < 0)
		return i;
	s->threads[i].next = known->last_seq + 1;
	s->in->sink.stats.threads++;
	return 0;
}

static int add_break(uint32_t ordinal, uint64_t first, uint64_t last, void *arg)
{
	struct session *s = arg;
	int64_t found;

	if (map_get(&s->ordinals, ordinal, &found))
		gaps_known(&s->gaps, &s->in->sink, s->process, s->threads, (uint32_t)found - 1, first, last);
	return 0;
}

static int add_mapping(const struct mapping_info *m, void *arg)
{
	struct session *s = arg;
	const struct mapped add = {
		.start = m->start, .end = m->end, .bias = m->bias, .module = m->module, .shim = m->shim,
	};
	struct mapping_info mine = *m;

	mine.process = s->process;
	sink_known_mapping(&s->in->sink, &mine);
	return modules_add(&s->modules, s->heap, &add);
}

static int add_stack(uint32_t number, int64_t stack, void *arg)
{
	struct session *s = arg;

	sink_shim_stack(&s->in->sink, s->process, number, stack);
	return map_set(&s->stacks, s->heap, number, stack);
}

static int read_all(struct session *s, struct store *log, int64_t before)
{
	int e = store_known_lost(log, s->hello.instance, &s->gaps.overflow);

	if (e == 0)
		e = store_known_mappings(log, before, add_mapping, s);
	if (e == 0)
		e = store_known_stacks(log, before, add_stack, s);
	if (e == 0)
		e = store_known_threads(log, before, add_known_thread, s);
	if (e == 0)
		e = store_known_breaks(log, before, add_break, s);
	return e;
}

/* The indexer has the store; what is needed was in the log before it began. */
bool session_resume(struct session *s, int64_t before)
{
	struct sink *sink = &s->in->sink;
	struct store *log;
	int r;

	if (!s->process || store_open(store_path(s->in->store), STORE_READ, &log, NULL) < 0)
		return false;
	r = read_all(s, log, before);
	store_close(log);
	map_set(&sink->unended, &sink->heap, s->hello.instance, 0);
	sink_process_end(sink, before, "open", s->gaps.overflow);
	if (r < 0)
		sink_refuse(sink, REFUSED_MEMORY, 1);
	s->complete = r == 0;
	return r == 0;
}
