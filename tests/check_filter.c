/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters: what each key chooses from a log, and how mistakes are explained.
 */
#include <errno.h>
#include <time.h>

#include "analysis/count.h"
#include "analysis/filter.h"
#include "analysis/when.h"
#include "small_log.h"

#define NOW (1700000000 * NSEC_PER_SEC)

static struct small_log log_;
static uint64_t t0;

/* Two processes, the second in a container; six calls, a microsecond apart. */
static void make_log(void)
{
	int64_t a, b, ta, tb, plain, cpp, nameless;
	struct timespec ts;
	struct event send = { .thread = 1, .duration_ns = 5000, .ret = -1, .error = EAGAIN };

	log_ = small_log_begin();
	clock_gettime(CLOCK_MONOTONIC, &ts);
	t0 = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec + NSEC_PER_SEC;
	a = small_log_process(&log_, "alpha", 100, 100, 0, 0, t0);
	b = small_log_process(&log_, "beta", 7, 200, 0, 0, t0);
	ta = small_log_thread(&log_, a, 1, 100, 100);
	tb = small_log_thread(&log_, b, 1, 8, 201);
	plain = small_log_stack(&log_, 0x1000, "setup");
	cpp = small_log_stack(&log_, 0x2000, "app::Loop::run(int, char const*)");
	nameless = small_log_stack(&log_, 0x3000, NULL);
	small_log_mask(&log_, ta, "sigprocmask", 1, t0, 0, BIT(SIGTERM), plain);
	small_log_mask(&log_, ta, "pthread_sigmask", 2, t0 + 1000, BIT(SIGTERM), 0, cpp);
	small_log_mask(&log_, tb, "sigprocmask", 1, t0 + 2000, 0, BIT(SIGINT) | BIT(40), cpp);
	small_log_mask(&log_, tb, "rt_sigprocmask", 2, t0 + 3000, BIT(SIGINT) | BIT(40), BIT(40), nameless);
	small_log_mask(&log_, tb, "sigprocmask", 3, t0 + 4000, BIT(40), BIT(40), 0);
	send.desc = event_by_name("sigqueue", 1);
	send.seq = 4;
	send.start_ns = t0 + 5000;
	send.arg[0] = 100;
	send.arg[1] = SIGUSR1;
	ck_assert_int_eq(put_event(log_.store, tb, &send, 0), 0);
	small_log_read(&log_);
}

static void remove_log(void)
{
	small_log_end(&log_);
}

static int count_event(const struct log_event *ev, void *arg)
{
	++*(int *)arg;
	return 0;
}

/* How many events the filters choose; they are separated by blanks. */
static int matches(const char *filters)
{
	struct filter *f;
	struct event_query q = {};
	char *copy = strdup(filters), *rest = copy, *word, *error = NULL;
	int n = 0;

	ck_assert_int_eq(filter_new(NOW, &f), 0);
	while ((word = strsep(&rest, " ")))
		if (*word)
			ck_assert_msg(filter_add(f, word, &error) == 0, "%s: %s", word, error);
	filter_query(f, &q);
	ck_assert_msg(store_events(log_.store, &q, count_event, &n) == 0, "%s: %s: %s", filters, q.where,
		      store_error(log_.store));
	filter_free(f);
	free(copy);
	return n;
}

START_TEST(every_key_chooses_its_events)
{
	static const struct { const char *filters; int n; } cases[] = {
		{ "", 6 },
		{ "event=sigprocmask", 3 }, { "event=sigprocmask,sigqueue", 4 }, { "event!=sigprocmask", 3 },
		{ "event~*procmask", 4 }, { "origin=syscall", 1 }, { "origin!=syscall", 5 },
		{ "pid=100", 2 }, { "pid=7", 4 }, { "pid=200", 4 }, { "pid!=200", 2 }, { "host_pid=7", 0 },
		{ "tid=8", 4 }, { "tid=201", 4 }, { "host_tid=8", 0 }, { "pid>100", 4 },
		{ "comm=alpha", 2 }, { "comm~*eta", 4 }, { "comm!=alpha,beta", 0 },
		{ "exe=app", 6 }, { "exe=/opt/app/bin/app", 6 }, { "exe=bin/app", 0 }, { "exe~/opt/*", 6 },
		{ "signal=SIGTERM", 2 }, { "signal=term", 2 }, { "signal=15", 2 }, { "signal=SIGRTMIN+6", 3 },
		{ "signal=SIGUSR1", 1 }, { "signal!=SIGTERM", 4 }, { "signal~SIGRT*", 3 },
		{ "how=SIG_SETMASK", 5 }, { "how=setmask", 5 }, { "how!=SIG_SETMASK", 1 },
		{ "ret=-1", 1 }, { "ret>=0", 5 }, { "errno=EAGAIN", 1 }, { "errno=null", 5 }, { "errno!=null", 1 },
		{ "errno~E*", 1 },
		{ "function=setup", 1 }, { "function=app::Loop::run", 2 }, { "function!=setup", 5 },
		{ "function~app::*", 2 },
		{ "function~*::run", 2 }, { "caller=setup", 1 }, { "caller~*", 3 },
		{ "module=app", 4 }, { "module=/opt/app/bin/app", 4 }, { "module!=app", 2 }, { "module~a*", 4 },
		{ "run=1", 6 }, { "run=last", 6 }, { "run=2", 0 }, { "thread=1", 2 }, { "seq>=3", 2 },
		{ "uid=1000", 6 }, { "duration>1us", 1 }, { "duration<=300", 5 }, { "duration=0.005ms", 1 },
		{ "since=@1", 6 }, { "until=@1", 0 }, { "since=+0s", 6 }, { "until=+0s", 0 },
		{ "since=-5m", 6 }, { "pid=7 event=sigprocmask signal=SIGINT", 1 },
		{ "seq=1", 2 }, { "since=@1 since=+0s until=@9000000000", 6 }, { "until=@1 until=@9000000000", 0 },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(matches(cases[i].filters) == cases[i].n, "%s: %d, not %d",
			      cases[i].filters, matches(cases[i].filters), cases[i].n);
}
END_TEST

static int find_ts(const struct log_event *ev, void *arg)
{
	if (ev->ts_ns == t0 + 2000)
		*(int64_t *)arg = ev->run_started_ns + (int64_t)ev->ts_ns - ev->run_mono_ns;
	return 0;
}

START_TEST(times_bound_events_to_the_nanosecond)
{
	const struct event_query all = { .where = "" };
	int64_t ns = 0;
	char filter[64];

	ck_assert_int_eq(store_events(log_.store, &all, find_ts, &ns), 0);
	snprintf(filter, sizeof(filter), "since=@%lld.%09lld", ns / NSEC_PER_SEC, ns % NSEC_PER_SEC);
	ck_assert_int_eq(matches(filter), 4);
	snprintf(filter, sizeof(filter), "until=@%lld.%09lld", ns / NSEC_PER_SEC, ns % NSEC_PER_SEC);
	ck_assert_int_eq(matches(filter), 3);
}
END_TEST

/* The message for a filter that must not be taken; to be freed. */
static char *refusal(const char *expression)
{
	struct filter *f;
	char *error = NULL;

	ck_assert_int_eq(filter_new(NOW, &f), 0);
	ck_assert_msg(filter_add(f, expression, &error) == -EINVAL, "%s", expression);
	filter_free(f);
	ck_assert_ptr_nonnull(error);
	return error;
}

START_TEST(a_mistake_is_explained_with_the_nearest_word)
{
	static const struct { const char *filter, *said; } cases[] = {
		{ "evnt=sigqueue", "did you mean 'event'?" }, { "evnt=sigqueue", "duration" },
		{ "event=sigprocmsk", "did you mean 'sigprocmask'?" }, { "event=x", "rt_tgsigqueueinfo" },
		{ "signal=SIGTRM", "did you mean 'SIGTERM'?" }, { "signal=0", "SIGHUP" },
		{ "how=SIG_BLOK", "did you mean 'SIG_BLOCK'?" }, { "errno=EINVL", "did you mean 'EINVAL'?" },
		{ "origin=wraped", "did you mean 'wrapped'?" }, { "event~x*", "sigaltstack" },
		{ "event<3", "event=, event!=, event~" }, { "pid~1", "pid<" }, { "since>1", "since=" },
		{ "pid=abc", "'abc'" }, { "pid=", "lacks a value" }, { "pid=1,,2", "lacks a value" },
		{ "sigqueue", "did you mean event=sigqueue?" }, { "SIGTERM", "did you mean signal=SIGTERM?" },
		{ "", "not a filter" }, { "=3", "not a filter" }, { "run=lst", "'last'" },
		{ "since=yesterday", "-5m" }, { "duration=3parsecs", "us, ms, s" },
		{ "ret=99999999999999999999", "a number" },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *error = refusal(cases[i].filter);

		ck_assert_msg(strstr(error, cases[i].said) != NULL, "%s: %s", cases[i].filter, error);
		free(error);
	}
}
END_TEST

START_TEST(a_refused_filter_leaves_the_others_as_they_were)
{
	struct event_query before = {}, after = {};
	struct filter *f;
	char *error = NULL;

	ck_assert_int_eq(filter_new(NOW, &f), 0);
	ck_assert_int_eq(filter_add(f, "pid=1", &error), 0);
	filter_query(f, &before);
	ck_assert_int_eq(filter_add(f, "comm=a,b,", &error), -EINVAL);
	free(error);
	ck_assert_int_eq(filter_add(f, "signal=SIGTERM,SIGTRM", &error), -EINVAL);
	free(error);
	filter_query(f, &after);
	ck_assert_uint_eq(before.nvalues, after.nvalues);
	ck_assert_ptr_null(strstr(after.where, "AND"));
	filter_free(f);
}
END_TEST

START_TEST(text_of_a_filter_never_becomes_sql)
{
	ck_assert_int_eq(matches("comm=x'OR'1'='1"), 0);
	ck_assert_int_eq(matches("function=x')--"), 0);
	ck_assert_int_eq(matches("module=%s%n"), 0);
}
END_TEST

START_TEST(times_are_read_in_every_form)
{
	struct when w;
	int64_t ns;

	setenv("TZ", "UTC", 1);
	tzset();
	ck_assert_int_eq(when_parse("-5m", NOW, &w), 0);
	ck_assert_int_eq(w.ns, NOW - 300 * NSEC_PER_SEC);
	ck_assert_int_eq(when_parse("+2.5s", NOW, &w), 0);
	ck_assert(w.since_run && w.ns == 2500000000);
	ck_assert_int_eq(when_parse("@1700000000.123456789", NOW, &w), 0);
	ck_assert_int_eq(w.ns, NOW + 123456789);
	ck_assert_int_eq(when_parse("2023-11-14T22:13:20.5Z", NOW, &w), 0);
	ck_assert_int_eq(w.ns, NOW + 500000000);
	ck_assert_int_eq(when_parse("2023-11-15T00:13:20+02:00", NOW, &w), 0);
	ck_assert_int_eq(w.ns, NOW);
	ck_assert_int_eq(when_parse("22:13:20", NOW, &w), 0);
	ck_assert_int_eq(w.ns, NOW);
	ck_assert_int_eq(when_parse("2023-11-14", NOW, &w), 0);
	ck_assert_int_eq(w.ns, NOW - (22 * 3600 + 13 * 60 + 20) * NSEC_PER_SEC);
	ck_assert_int_eq(duration_parse("1.5us", 1, &ns), 0);
	ck_assert_int_eq(ns, 1500);
	for (const char *const *bad = (const char *const[]){ "", "-", "5", "-5x", "25:00", "2023-13-01", "12:3",
	     "2023-11-14T", "@", "@-1", "+-1s", "99999999999999999999", NULL }; *bad; bad++)
		ck_assert_msg(when_parse(*bad, NOW, &w) == -EINVAL, "%s", *bad);
}
END_TEST

struct counts {
	char text[256];
};

static int add_count(const char *value, int64_t count, void *arg)
{
	struct counts *c = arg;
	size_t n = strlen(c->text);

	snprintf(c->text + n, sizeof(c->text) - n, "%s=%d ", value ? value : "null", (int)count);
	return 0;
}

START_TEST(events_are_counted_by_every_key)
{
	static const struct { const char *key, *want; } cases[] = {
		{ "event", "sigprocmask=3 pthread_sigmask=1 rt_sigprocmask=1 sigqueue=1 " },
		{ "pid", "7=4 100=2 " },
		{ "comm", "beta=4 alpha=2 " },
		{ "signal", "SIGRTMIN+6=3 SIGINT=2 SIGTERM=2 SIGUSR1=1 " },
		{ "how", "SIG_SETMASK=5 null=1 " },
		{ "errno", "null=5 EAGAIN=1 " },
		{ "origin", "wrapped=5 syscall=1 " },
		{ "caller", "null=2 app::Loop::run(int, char const*)=2 app+0x3000=1 setup=1 " },
		{ "module", "/opt/app/bin/app=4 null=2 " },
	};
	const struct event_query all = { .where = "" };

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct counts c = {};

		ck_assert_int_eq(count_by(log_.store, &all, count_key(cases[i].key), add_count, &c), 0);
		ck_assert_str_eq(c.text, cases[i].want);
	}
	for (const char *const *key = count_keys; *key; key++) {
		struct counts c = {};

		ck_assert_msg(count_by(log_.store, &all, count_key(*key), add_count, &c) == 0, "%s", *key);
	}
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("filter");

	tcase_add_checked_fixture(t, make_log, remove_log);
	tcase_add_test(t, every_key_chooses_its_events);
	tcase_add_test(t, times_bound_events_to_the_nanosecond);
	tcase_add_test(t, a_mistake_is_explained_with_the_nearest_word);
	tcase_add_test(t, a_refused_filter_leaves_the_others_as_they_were);
	tcase_add_test(t, text_of_a_filter_never_becomes_sql);
	tcase_add_test(t, times_are_read_in_every_form);
	tcase_add_test(t, events_are_counted_by_every_key);
	return run_case("filter", t);
}
