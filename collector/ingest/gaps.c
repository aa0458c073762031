/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bookkeeping of missing records; see gaps.h. main-only.
 */
#include "gaps.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_NS 2000000000ull
#define MAX_PENDING 1024

static uint64_t take(uint64_t *from, uint64_t n)
{
	uint64_t taken = n < *from ? n : *from;

	*from -= taken;
	return taken;
}

static void write_row(struct gaps *g, struct sink *sink, const struct gap_info *row)
{
	g->lost += (uint64_t)row->count;
	sink_gap(sink, row);
}

/* Writes a break's row, with the reason that the counts give. */
static void settle(struct gaps *g, struct sink *sink, int64_t process, const struct thread *threads,
		   const struct gap *gap)
{
	uint64_t n = gap->last - gap->first + 1, explained;
	struct gap_info row = {
		.run = sink->run, .process = process, .thread = threads[gap->thread].id,
		.ts_ns = gap->since_ns, .first_seq = gap->first, .last_seq = gap->last,
	};

	if (gap->first_sight)
		n -= take(&g->before_told, n);
	if (n == 0)
		return;
	row.count = (int64_t)n;
	explained = take(&g->overflow_left, n);
	g->unexplained += n - explained;
	row.reason = explained == n ? "overflow" : "missing";
	write_row(g, sink, &row);
}

static void settle_oldest(struct gaps *g, struct sink *sink, int64_t process,
			  const struct thread *threads, size_t n)
{
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		settle(g, sink, process, threads, &g->list[i]);
	memmove(g->list, g->list + n, (g->n - n) * sizeof(*g->list));
	g->n -= n;
}

static void add(struct gaps *g, struct sink *sink, int64_t process, const struct thread *threads,
		const struct gap *gap)
{
	if (g->n >= MAX_PENDING)
		settle_oldest(g, sink, process, threads, g->n / 2);
	if (budget_grow(&sink->heap, (void **)&g->list, &g->size, g->n + 1, sizeof(*g->list)) < 0)
		settle(g, sink, process, threads, gap);
	else
		g->list[g->n++] = *gap;
}

/* A late record: it belongs into a break that is still open. */
static bool fill(struct gaps *g, struct sink *sink, int64_t process, const struct thread *threads,
		 uint32_t thread, uint64_t seq)
{
	for (size_t i = 0; i < g->n; i++) {
		struct gap *gap = &g->list[i], rest = *gap;

		if (gap->thread != thread || seq < gap->first || seq > gap->last)
			continue;
		rest.first = seq + 1;
		gap->last = seq - 1;
		if (gap->last < gap->first) {
			memmove(gap, gap + 1, (g->n - i - 1) * sizeof(*gap));
			g->n--;
		}
		if (rest.first <= rest.last)
			add(g, sink, process, threads, &rest);
		return true;
	}
	return false;
}

bool gaps_arrived(struct gaps *g, struct sink *sink, int64_t process, struct thread *threads,
		  uint32_t thread, uint64_t seq, bool first_sight)
{
	struct thread *t = &threads[thread];

	if (seq < t->next)
		return fill(g, sink, process, threads, thread, seq);
	if (seq > t->next)
		add(g, sink, process, threads, &(struct gap){
			.thread = thread, .first_sight = first_sight,
			.first = t->next, .last = seq - 1, .since_ns = sink_now(),
		});
	t->next = seq + 1;
	return true;
}

void gaps_known(struct gaps *g, struct sink *sink, int64_t process, struct thread *threads,
		uint32_t thread, uint64_t first, uint64_t last)
{
	add(g, sink, process, threads, &(struct gap){
		.thread = thread, .first = first, .last = last, .since_ns = sink_now(),
	});
}

void gaps_count(struct gaps *g, uint64_t lost)
{
	uint64_t more = lost - g->overflow;

	if (lost > DECODE_MAX_SEQ || lost <= g->overflow)
		return;
	/* A packet that tells of a loss may come after the break was written down. */
	g->overflow_left += more - take(&g->unexplained, more);
	g->overflow = lost;
}

uint64_t gaps_explain(struct gaps *g, uint64_t lost)
{
	uint64_t missing = 0, explained = g->overflow_left + g->before_told;

	for (size_t i = 0; i < g->n; i++)
		missing += g->list[i].last - g->list[i].first + 1;
	missing = missing > explained ? missing - explained : 0;
	lost = lost < missing ? lost : missing;
	g->overflow_left += lost;
	return lost;
}

static void write_count(struct gaps *g, struct sink *sink, int64_t process, uint64_t *count,
			const char *reason)
{
	struct gap_info row = {
		.run = sink->run, .process = process, .ts_ns = sink_now(),
		.count = (int64_t)*count, .reason = reason,
	};

	if (*count)
		write_row(g, sink, &row);
	*count = 0;
}

void gaps_settle(struct gaps *g, struct sink *sink, int64_t process, const struct thread *threads,
		 bool unfinished, bool all)
{
	uint64_t now;
	size_t n = 0;

	if (g->n == 0 && g->before == 0 && !all)
		return;
	now = sink_now();
	/* Known from the hello on; threads that speak up later explain which. */
	g->before_told += g->before;
	write_count(g, sink, process, &g->before, "no collector");
	if (all)
		n = g->n;
	while (!unfinished && n < g->n && now - g->list[n].since_ns >= WAIT_NS &&
	       g->list[n].last - g->list[n].first < g->overflow_left + g->before_told)
		n++;
	settle_oldest(g, sink, process, threads, n);
	if (all)
		write_count(g, sink, process, &g->overflow_left, "overflow");
}

void gaps_unknown(struct gaps *g, struct sink *sink, int64_t process, const char *reason)
{
	g->unknown = true;
	sink_gap(sink, &(struct gap_info){
		.run = sink->run, .process = process, .ts_ns = sink_now(), .count = -1, .reason = reason,
	});
}

void gaps_free(struct gaps *g, struct budget *b)
{
	budget_give(b, g->size * sizeof(*g->list));
	free(g->list);
	*g = (struct gaps){ 0 };
}
