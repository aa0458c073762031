/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening and judging logs for the commands that read them; see reading.h.
 * main-only.
 */
#include "reading.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../analysis/naming.h"
#include "../analysis/text.h"
#include "cli.h"
#include "leftover.h"
#include "progress.h"

static int naming_tick(int64_t done, int64_t total, void *arg)
{
	struct progress *p = arg;

	p->count = done;
	return progress_tick(p);
}

/* Does what it can: a log that can't be written is read as it is. */
static void name_frames(const char *path)
{
	const struct symbols_options opt = { .debuginfod = true };
	struct symbolizer *symbolizer = NULL;
	struct progress progress;
	struct store *s = NULL;

	if (access(path, W_OK) < 0 || store_open(path, STORE_UPDATE, &s, NULL) < 0)
		return;
	if (store_frames_todo_count(s) > 0 && symbols_open(&opt, &symbolizer) == 0) {
		progress_begin(&progress, "naming functions", "frames");
		naming_run(s, symbolizer, naming_tick, &progress);
		progress_end(&progress);
	}
	symbols_close(symbolizer);
	store_close(s);
}

/* Looks before it writes, so that a complete log is only read. */
static bool has_nameless_frames(const char *path)
{
	struct store *s;
	bool todo;

	if (store_open(path, STORE_READ, &s, NULL) < 0)
		return false;
	todo = store_frames_todo_count(s) > 0;
	store_close(s);
	return todo;
}

/* A collector that is at work on the log names its frames itself, a little later. */
static void wait_for_names(const char *path)
{
	const struct timespec tick = { .tv_nsec = 50000000 };

	for (int i = 0; i < 40 && has_nameless_frames(path); i++)
		nanosleep(&tick, NULL);
}

int reading_open(const char *path, struct store **ret)
{
	char *error = NULL;
	int r;

	leftover_look(path);
	if (has_nameless_frames(path))
		(store_in_use(path) ? wait_for_names : name_frames)(path);
	r = store_open(path, STORE_READ, ret, &error);
	if (r == -ENOENT)
		cli_error("there is no log at '%s'; make one with: sigshim run -o %s COMMAND, or name another with -L",
			  path, path);
	else if (r < 0)
		cli_error("%s", error ? error : strerror(-r));
	free(error);
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}

struct gap_sum {
	struct text reasons;
	int64_t records;
	bool uncounted;
	int gaps;
};

static int sum_gap(const struct gap_info *gap, void *arg)
{
	struct gap_sum *sum = arg;

	sum->gaps++;
	if (gap->count < 0)
		sum->uncounted = true;
	else
		sum->records += gap->count;
	if (gap->reason && (!sum->reasons.s || !strstr(sum->reasons.s, gap->reason))) {
		if (sum->reasons.len)
			text_add(&sum->reasons, ", ");
		text_add(&sum->reasons, gap->reason);
	}
	return 0;
}

static int keep_last(const struct log_run *run, void *arg)
{
	struct last_run *last = arg;

	*last = (struct last_run){ run->id, run->started_ns, run->mono_ns, run->ended_ns != 0 };
	return 0;
}

int reading_last_run(struct store *s, struct last_run *ret)
{
	struct last_run last = {};
	int r = store_runs(s, keep_last, &last);

	if (r == 0)
		*ret = last;
	return r;
}

void reading_report_gaps(struct store *s)
{
	struct gap_sum sum = {};
	struct last_run last;

	if (store_gaps(s, sum_gap, &sum) == 0 && sum.gaps && (sum.records || sum.uncounted))
		cli_error("%s%" PRId64 " record%s missing from this log: %s", sum.uncounted ? "at least " : "",
			  sum.records, sum.records == 1 ? " is" : "s are", text_str(&sum.reasons));
	text_free(&sum.reasons);
	if (reading_last_run(s, &last) == 0 && last.id && !last.ended)
		cli_error("the last run of this log has not ended: it is still being recorded, or its "
			  "collector was killed");
}

int64_t reading_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

struct output_options reading_output(struct store *s)
{
	struct winsize size = {};
	bool terminal = isatty(STDOUT_FILENO);

	if (terminal && (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col))
		size.ws_col = 80;
	return (struct output_options){
		.out = stdout,
		.store = s,
		.color = cli_is_terminal(STDOUT_FILENO),
		.width = terminal ? size.ws_col : 0,
	};
}

int reading_finish(const struct store *s, int r)
{
	if (r == 0 && fflush(stdout) != 0)
		r = -errno;
	if (r >= 0 || r == -EPIPE)
		return EXIT_OK;
	if (ferror(stdout))
		cli_error("cannot write the answer: %s", strerror(-r));
	else
		cli_error("cannot read '%s': %s", store_path(s), *store_error(s) ? store_error(s) : strerror(-r));
	return EXIT_FAILED;
}
