/* SPDX-License-Identifier: BSD-2-Clause */
/* Unit tests: all events of a log in one pass. */
#include "small_log.h"
#include "unit.h"

#define EVENTS 20000
#define DISTINCT 9001	/* more calls than are kept, and they come again */

static struct small_log log_;

struct seen {
	unsigned int n;
	uint64_t hash[EVENTS + 2];
};

static uint64_t mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x9e3779b97f4a7c15ull;
}

static uint64_t mix_text(uint64_t h, const char *text)
{
	for (; text && *text; text++)
		h = mix(h, (unsigned char)*text);
	return mix(h, !text);
}

static int note(const struct log_event *ev, void *arg)
{
	struct seen *seen = arg;
	uint64_t h = mix(mix(mix(mix(1, ev->id), ev->run), ev->process), ev->thread);

	h = mix(mix(mix(mix(h, ev->call), ev->stack), ev->ts_ns), ev->seq);
	h = mix(mix(mix(mix(h, ev->duration_ns), ev->pid), ev->tid), ev->host_pid);
	h = mix(mix(mix(mix(h, ev->host_tid), ev->uid), ev->desc->id), ev->ret);
	h = mix(mix(mix(mix(h, ev->error), ev->flags), ev->mask_before), ev->mask_requested);
	h = mix(mix(mix(h, ev->mask_after), ev->run_started_ns), ev->run_mono_ns);
	h = mix_text(mix_text(mix_text(h, ev->args), ev->raw), ev->origin);
	ck_assert_uint_lt(seen->n, EVENTS + 2);
	seen->hash[seen->n++] = h;
	return 0;
}

static void fill(void)
{
	int64_t thread[3];

	log_ = small_log_begin();
	for (int i = 0; i < 3; i++)
		thread[i] = small_log_thread(&log_, small_log_process(&log_, "app", 10 + i, 20 + i, 0, 0, 5), 1,
					     10 + i, 20 + i);
	for (uint64_t i = 0; i < EVENTS; i++)
		small_log_mask(&log_, thread[i % 3], "sigprocmask", i, 1000 + i * 10 + i * 7919 % 300,
			       (i % DISTINCT) << 33, ((i + 1) % DISTINCT) << 33, 0);
}

START_TEST(a_replay_gives_the_same_events_in_the_same_order_as_a_query)
{
	const struct event_query q = { .where = "" };
	struct seen *queried = calloc(1, sizeof(*queried)), *replayed = calloc(1, sizeof(*replayed));

	ck_assert(queried && replayed);
	fill();
	small_log_read(&log_);
	ck_assert_int_eq(store_events(log_.store, &q, note, queried), 0);
	ck_assert_int_eq(store_replay(log_.store, 0, note, replayed), 0);
	ck_assert_uint_eq(queried->n, EVENTS);
	ck_assert_uint_eq(replayed->n, EVENTS);
	for (unsigned int i = 0; i < EVENTS; i++)
		ck_assert_msg(queried->hash[i] == replayed->hash[i], "event %u differs", i);
	replayed->n = 0;
	ck_assert_int_eq(store_replay(log_.store, log_.run + 1, note, replayed), 0);
	ck_assert_uint_eq(replayed->n, 0);
	small_log_end(&log_);
	free(queried);
	free(replayed);
}
END_TEST

static int stop(const struct log_event *ev, void *arg)
{
	(void)ev;
	return ++*(int *)arg == 3 ? 77 : 0;
}

START_TEST(a_replay_ends_with_what_its_function_returns)
{
	int n = 0;

	fill();
	small_log_read(&log_);
	ck_assert_int_eq(store_replay(log_.store, 0, stop, &n), 77);
	ck_assert_int_eq(n, 3);
	small_log_end(&log_);
}
END_TEST

int main(void)
{
	TCase *logs = tcase_create("logs");

	tcase_add_test(logs, a_replay_gives_the_same_events_in_the_same_order_as_a_query);
	tcase_add_test(logs, a_replay_ends_with_what_its_function_returns);
	return run_case("replay", logs);
}
