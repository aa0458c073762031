/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `sigshim query`: finds, counts and follows events of a log. main-only.
 */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../analysis/count.h"
#include "../analysis/filter.h"
#include "../analysis/vocabulary.h"
#include "../output/output.h"
#include "progress.h"
#include "reading.h"

#define POLL_NS 100000000

enum { OPT_LOG, OPT_STACK, OPT_FOLLOW, OPT_LIMIT, OPT_REVERSE, OPT_COUNT_BY, OPT_FORMAT, OPT_SQL };

static const struct cli_option query_options[] = {
	[OPT_LOG] = { 'L', "log", "FILE", "the log to read (default: $SIGSHIM_LOG, else sigshim.db)" },
	[OPT_STACK] = { 0, "stack", NULL, "show the call stack under each event" },
	[OPT_FOLLOW] = { 'f', "follow", NULL, "wait for new events until the run ends, or Ctrl-C" },
	[OPT_LIMIT] = { 'n', "limit", "N", "at most N events" },
	[OPT_REVERSE] = { 0, "reverse", NULL, "the latest first" },
	[OPT_COUNT_BY] = { 0, "count-by", "KEY", "count the events by the values of a key" },
	[OPT_FORMAT] = { 0, "format", "FORMAT", "table, jsonl, csv, tracee-v0 or tracee-v1" },
	[OPT_SQL] = { 0, "sql", "SELECT", "run a statement of your own, which can only read" },
	{}
};

struct query {
	const char *log, *format, *sql;
	const struct count_key *count_by;
	const char *count_name;
	bool stack, follow, reverse;
	int64_t limit;
	struct filter *filter;
	struct store *store;
	struct output *output;
	struct progress progress;
	int64_t last_id, shown;
};

static volatile sig_atomic_t stopped;

static void stop(int signo)
{
	stopped = 1;
}

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words;
}

/* Prints a message that it owns. */
static int usage(char *message)
{
	int r = cli_usage(&cmd_query, "%s", message ? message : "not understood");

	free(message);
	return r;
}

static int take_option(struct query *q, int option, const char *arg)
{
	char *end;

	switch (option) {
	case OPT_LOG:
		q->log = arg;
		break;
	case OPT_STACK:
		q->stack = true;
		break;
	case OPT_FOLLOW:
		q->follow = true;
		break;
	case OPT_LIMIT:
		q->limit = strtoll(arg, &end, 10);
		if (q->limit <= 0 || *end)
			return cli_usage(&cmd_query, "--limit needs a number above 0, not '%s'", arg);
		break;
	case OPT_REVERSE:
		q->reverse = true;
		break;
	case OPT_COUNT_BY:
		q->count_name = arg;
		q->count_by = count_key(arg);
		if (!q->count_by)
			return usage(unknown_word("key", arg, count_keys));
		break;
	case OPT_FORMAT:
		q->format = arg;
		if (!is_one_of(arg, output_formats))
			return usage(unknown_word("format", arg, output_formats));
		break;
	case OPT_SQL:
		q->sql = arg;
		break;
	}
	return EXIT_OK;
}

/* What does not go together. */
static int check_options(const struct query *q, bool filtered)
{
	if ((q->sql || q->count_by) && !is_one_of(q->format, rows_formats))
		return cli_usage(&cmd_query, "--format %s shows events only; counts and --sql have "
				 "table, jsonl and csv", q->format);
	if (q->sql && (filtered || q->count_by || q->follow || q->limit || q->reverse || q->stack))
		return cli_usage(&cmd_query, "--sql goes with --log and --format only; "
				 "put the rest into the statement");
	if (q->follow && (q->reverse || q->count_by))
		return cli_usage(&cmd_query, "--follow shows events as they come; it does not go with %s",
				 q->reverse ? "--reverse" : "--count-by");
	return EXIT_OK;
}

static int parse(struct query *q, int argc, char **argv)
{
	const char *arg;
	char *error = NULL;
	int option, r;

	while ((option = cli_next(&cmd_query, argc, argv, false, &arg)) >= 0) {
		r = take_option(q, option, arg);
		if (r != EXIT_OK)
			return r;
	}
	if (filter_new(reading_now(), &q->filter) < 0)
		return EXIT_FAILED;
	for (int i = optind; i < argc; i++) {
		r = filter_add(q->filter, argv[i], &error);
		if (r == -EINVAL)
			return usage(error);
		if (r < 0)
			return EXIT_FAILED;
	}
	return check_options(q, optind < argc);
}

static int show_event(const struct log_event *ev, void *arg)
{
	struct query *q = arg;

	q->progress.count = ++q->shown;
	if (ev->id > q->last_id)
		q->last_id = ev->id;
	if (q->shown % 1024 == 0)
		progress_tick(&q->progress);
	return output_event(q->output, ev);
}

static int run_events(struct query *q)
{
	struct event_query eq = {
		.limit = q->limit ? q->limit - q->shown : 0,
		.reverse = q->reverse,
		.after_id = q->last_id,
		.progress = progress_tick,
		.progress_arg = &q->progress,
	};

	filter_query(q->filter, &eq);
	return store_events(q->store, &eq, show_event, q);
}

/* New events as a collector commits them. What was there when the run ended comes last. */
static int run_follow(struct query *q)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	struct last_run last = {};
	bool ended;
	int r = 0;

	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	while (r == 0 && !stopped) {
		r = reading_last_run(q->store, &last);
		ended = last.ended;
		if (r == 0)
			r = run_events(q);
		if (r == 0)
			r = output_flush(q->output);
		if (ended || (q->limit && q->shown >= q->limit))
			break;
		nanosleep(&pause, NULL);
	}
	return r;
}

static int found(const struct log_event *ev, void *arg)
{
	return 1;
}

static bool log_is_empty(struct store *s)
{
	const struct event_query any = { .where = "", .limit = 1 };

	return store_events(s, &any, found, NULL) == 0;
}

static int run_list(struct query *q)
{
	struct output_options opt = reading_output(q->store);
	int r, e;

	opt.stack = q->stack;
	r = output_open(q->format, &opt, &q->output);
	if (r < 0)
		return r;
	r = q->follow ? run_follow(q) : run_events(q);
	progress_end(&q->progress);
	e = output_close(q->output);
	return r == 0 ? e : r;
}

struct count_rows {
	struct query *q;
	struct rows *rows;
};

static int add_count(const char *value, int64_t count, void *arg)
{
	struct count_rows *c = arg;
	char number[24];
	const char *const cells[] = { number, value };

	snprintf(number, sizeof(number), "%" PRId64, count);
	c->q->shown++;
	return rows_add(c->rows, cells);
}

static int run_count(struct query *q)
{
	const struct output_options opt = reading_output(q->store);
	const struct row_column columns[] = {
		{ "count", CELL_NUMBER },
		{ q->count_name, count_is_number(q->count_by) ? CELL_NUMBER : CELL_TEXT },
	};
	struct event_query eq = { .progress = progress_tick, .progress_arg = &q->progress };
	struct count_rows c = { .q = q };
	int r, e;

	r = rows_open(q->format, &opt, columns, 2, &c.rows);
	if (r < 0)
		return r;
	filter_query(q->filter, &eq);
	r = count_by(q->store, &eq, q->count_by, add_count, &c);
	progress_end(&q->progress);
	e = rows_close(c.rows);
	return r == 0 ? e : r;
}

struct sql_rows {
	struct query *q;
	struct rows *rows;
};

static int add_sql_row(int row, int n, const char *const *cells, void *arg)
{
	struct sql_rows *s = arg;
	const struct output_options opt = reading_output(s->q->store);
	struct row_column columns[n];

	if (row > 0) {
		s->q->progress.count++;
		return rows_add(s->rows, cells);
	}
	for (int i = 0; i < n; i++)
		columns[i] = (struct row_column){ cells[i], CELL_ANY };
	return rows_open(s->q->format, &opt, columns, n, &s->rows);
}

static int run_sql(struct query *q)
{
	struct sql_rows s = { .q = q };
	int r, e;

	q->progress.unit = "rows";
	store_progress(q->store, progress_tick, &q->progress);
	r = store_sql(q->store, q->sql, add_sql_row, &s);
	store_progress(q->store, NULL, NULL);
	progress_end(&q->progress);
	e = rows_close(s.rows);
	return r == 0 ? e : r;
}

/* A reader must not take an incomplete answer for a complete one. */
static void report(struct query *q)
{
	if (strcmp(q->format, "table") != 0 || q->sql)
		return;
	if (!q->shown)
		fputs(log_is_empty(q->store) ? "no events match: the log has none\n" : "no events match\n", stderr);
	reading_report_gaps(q->store);
}

static int run(struct query *q)
{
	int r;

	progress_begin(&q->progress, "searching", "events");
	if (q->sql)
		r = run_sql(q);
	else if (q->count_by)
		r = run_count(q);
	else
		r = run_list(q);
	if (q->sql && r < 0 && r != -EPIPE && !ferror(stdout)) {
		cli_error("%s", store_error(q->store));
		return EXIT_FAILED;
	}
	r = reading_finish(q->store, r);
	if (r == EXIT_OK && !ferror(stdout))
		report(q);
	return r;
}

static int query_run(int argc, char **argv)
{
	struct query q = { .log = cli_default_log(), .format = output_formats[0] };
	int r;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	r = parse(&q, argc, argv);
	if (r == EXIT_OK)
		r = reading_open(q.log, &q.store);
	if (r == EXIT_OK)
		r = run(&q);
	store_close(q.store);
	filter_free(q.filter);
	return r;
}

const struct cli_command cmd_query = {
	.name = "query",
	.args = "[FILTER]...",
	.summary = "Finds, counts and follows the events of a log",
	.details =
		"Filters must all hold: key=value[,value], key!=value[,value], key~glob, and for\n"
		"numbers also <, <=, > and >=. Keys:\n"
		"  event, origin      which call, and how it came about: wrapped, syscall; see verify for others\n"
		"  signal             in a set, changed in the mask, or sent\n"
		"  how, ret, errno    argument, result and error (errno=null: success)\n"
		"  pid, tid           the program's own number or the host's; also host_pid, host_tid\n"
		"  comm, exe, uid     of the process\n"
		"  function, module   of any frame of the stack; caller: of the innermost\n"
		"  since, until       -5m, +2.5s (since the run began), 14:30[:05], 2026-08-01[T14:30], @SECONDS\n"
		"  run, thread, seq   numbers in the log; run=last is the latest\n"
		"  duration           of the call, in ns or with us, ms, s\n\n"
		"Examples:\n"
		"  sigshim query event=pthread_sigmask signal=SIGTERM --stack\n"
		"  sigshim query since=-5m errno!=null --count-by caller\n"
		"  sigshim query --sql 'SELECT event, count(*) FROM events GROUP BY event'",
	.options = query_options,
	.run = query_run,
};
