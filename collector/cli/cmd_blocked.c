/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `sigshim blocked`: which signals are blocked, and by which call. main-only.
 */
#include "cli.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../analysis/vocabulary.h"
#include "../analysis/when.h"
#include "../output/blocked.h"
#include "progress.h"
#include "reading.h"

#define MAX_PIDS 256

enum { OPT_LOG, OPT_AT, OPT_LIVE, OPT_FORMAT };

static const struct cli_option blocked_options[] = {
	[OPT_LOG] = { 'L', "log", "FILE", "the log to read (default: $SIGSHIM_LOG, else sigshim.db)" },
	[OPT_AT] = { 0, "at", "TIME", "at that time instead of the end: as since= of query" },
	[OPT_LIVE] = { 0, "live", "PID", "only that process, compared with its masks in /proc now" },
	[OPT_FORMAT] = { 0, "format", "FORMAT", "table or jsonl" },
	{}
};

struct blocked {
	const char *log, *format;
	bool at_given;
	struct when at;
	int live;		/* PID; 0: not asked */
	int pids[MAX_PIDS];
	unsigned int npids;
	int64_t run;		/* 0: the last */
	uint64_t want;
	struct store *store;
	struct progress progress;
	unsigned int shown;
};

static int parse_number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return *text && !*end && n > 0 && n <= INT32_MAX ? (int)n : -EINVAL;
}

static int take_option(struct blocked *b, int option, const char *arg)
{
	char *message;
	int r;

	switch (option) {
	case OPT_LOG:
		b->log = arg;
		break;
	case OPT_AT:
		b->at_given = true;
		if (when_parse(arg, reading_now(), &b->at) < 0)
			return cli_usage(&cmd_blocked, "'%s' is no time; valid: %s", arg, when_forms);
		break;
	case OPT_LIVE:
		b->live = parse_number(arg);
		if (b->live < 0)
			return cli_usage(&cmd_blocked, "--live needs the number of a process, not '%s'", arg);
		break;
	case OPT_FORMAT:
		b->format = arg;
		if (strcmp(arg, blocked_formats[0]) != 0 && strcmp(arg, blocked_formats[1]) != 0) {
			message = unknown_word("format", arg, blocked_formats);
			r = cli_usage(&cmd_blocked, "%s", message ? message : arg);
			free(message);
			return r;
		}
		break;
	}
	return EXIT_OK;
}

/* pid=N[,N] */
static int take_pids(struct blocked *b, const char *list)
{
	char *copy = strdup(list), *rest = copy, *word;
	int r = EXIT_OK;

	while (copy && r == EXIT_OK && (word = strsep(&rest, ","))) {
		int pid = parse_number(word);

		if (pid < 0 || b->npids == MAX_PIDS)
			r = cli_usage(&cmd_blocked, "'%s' is no value for pid; valid: up to %d numbers",
				      word, MAX_PIDS);
		else
			b->pids[b->npids++] = pid;
	}
	free(copy);
	return copy ? r : EXIT_FAILED;
}

static int take_operand(struct blocked *b, const char *word)
{
	int n = signal_parse(word);
	const char *near;

	if (n > 0) {
		b->want = (b->want == UINT64_MAX ? 0 : b->want) | 1ull << (n - 1);
		return EXIT_OK;
	}
	if (strncmp(word, "pid=", 4) == 0)
		return take_pids(b, word + 4);
	if (strncmp(word, "run=", 4) == 0) {
		b->run = strcmp(word + 4, "last") == 0 ? 0 : parse_number(word + 4);
		return b->run >= 0 ? EXIT_OK :
			cli_usage(&cmd_blocked, "'%s' is no value for run; valid: a number, or 'last'", word + 4);
	}
	near = nearest(word, signal_names());
	return cli_usage(&cmd_blocked, near ? "unknown signal '%s'; did you mean '%s'? Valid: signal names, "
			 "pid=N, run=N" : "'%s' is not understood; valid: signal names like SIGTERM, "
			 "pid=N, run=N", word, near);
}

static int parse(struct blocked *b, int argc, char **argv)
{
	const char *arg;
	int option, r = EXIT_OK;

	while (r == EXIT_OK && (option = cli_next(&cmd_blocked, argc, argv, false, &arg)) >= 0)
		r = take_option(b, option, arg);
	for (int i = optind; i < argc && r == EXIT_OK; i++)
		r = take_operand(b, argv[i]);
	if (r == EXIT_OK && b->live && b->at_given)
		r = cli_usage(&cmd_blocked, "--live is about now; it does not go with --at");
	return r;
}

/* The run that was asked for, else the last one that had begun by then. */
static int choose_run(const struct log_run *run, void *arg)
{
	struct blocked *b = ((void **)arg)[0];
	struct last_run *chosen = ((void **)arg)[1];
	bool fits = b->run ? run->id == b->run :
		!b->at_given || b->at.since_run || run->started_ns <= b->at.ns;

	if (fits)
		*chosen = (struct last_run){ run->id, run->started_ns, run->mono_ns, run->ended_ns != 0 };
	return 0;
}

static bool is_asked_for(const struct blocked *b, const struct mask_thread *t)
{
	const struct mask_process *p = t->process;
	bool fits = !b->npids;

	for (unsigned int i = 0; i < b->npids && !fits; i++)
		fits = p->pid == b->pids[i] || p->host_pid == b->pids[i];
	return fits && !p->replaced && (t->seen || !t->id);
}

static int show_log(struct blocked *b, const struct blocked_view *v)
{
	int r = 0;

	for (unsigned int i = 0; i < v->masks->nthreads && r == 0; i++) {
		const struct mask_thread *t = &v->masks->threads[i];

		if (!is_asked_for(b, t) || (b->at_given && (t->process->ended_ns || t->ended)))
			continue;
		if (b->want != UINT64_MAX && !(t->mask & b->want) && !t->uncertain)
			continue;
		r = blocked_show(v, t, NULL);
		b->shown++;
	}
	return r;
}

/* The log's thread for one of /proc: the latest process row that fits. */
static const struct mask_thread *find_thread(const struct masks *m, int pid, const struct live_thread *live)
{
	const struct mask_thread *found = NULL;

	for (unsigned int i = 0; i < m->nthreads; i++) {
		const struct mask_thread *t = &m->threads[i];

		if (t->process->host_pid != pid || t->process->replaced || (t->id && !t->seen))
			continue;
		if (!t->ended && (t->host_tid ? t->host_tid == live->host_tid : t->tid == live->tid))
			found = t;
	}
	return found;
}

static int show_live(struct blocked *b, const struct blocked_view *v)
{
	struct live_thread *threads = NULL;
	int n = live_threads(b->live, &threads), r = 0;

	if (n < 0) {
		cli_error("cannot read the masks of process %d: %s", b->live,
			  n == -ESRCH ? "there is no such process" : strerror(-n));
		return n;
	}
	for (int i = 0; i < n && r == 0; i++)
		r = blocked_show(v, find_thread(v->masks, b->live, &threads[i]), &threads[i]);
	b->shown = n;
	free(threads);
	return r;
}

static int run(struct blocked *b)
{
	struct blocked_view v = { .opt = reading_output(b->store), .want = b->want };
	struct masks_query q = { .at_ns = UINT64_MAX, .progress = progress_tick, .progress_arg = &b->progress };
	struct last_run chosen = {};
	struct masks *masks = NULL;
	int r = store_runs(b->store, choose_run, (void *[]){ b, &chosen });

	if (r == 0 && !chosen.id) {
		cli_error(b->run || b->at_given ? "the log has no such run" : "the log has no run yet");
		return EXIT_FAILED;
	}
	q.run = chosen.id;
	if (b->at_given)
		q.at_ns = b->at.since_run ? b->at.ns + chosen.mono_ns : b->at.ns - chosen.started_ns + chosen.mono_ns;
	progress_begin(&b->progress, "replaying masks", "events");
	if (r == 0)
		r = masks_read(b->store, &q, &masks);
	progress_end(&b->progress);
	if (r < 0)
		return reading_finish(b->store, r);
	v.masks = masks;
	v.jsonl = strcmp(b->format, "jsonl") == 0;
	r = b->live ? show_live(b, &v) : show_log(b, &v);
	masks_free(masks);
	return b->live && !b->shown && r < 0 ? EXIT_FAILED : reading_finish(b->store, r);
}

static int blocked_run(int argc, char **argv)
{
	struct blocked b = { .log = cli_default_log(), .format = blocked_formats[0], .want = UINT64_MAX };
	int r;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	r = parse(&b, argc, argv);
	if (r == EXIT_OK)
		r = reading_open(b.log, &b.store);
	if (r == EXIT_OK)
		r = run(&b);
	if (r == EXIT_OK && strcmp(b.format, "table") == 0 && !ferror(stdout)) {
		if (!b.shown)
			fputs(b.want == UINT64_MAX ? "no threads match\n" : "no thread blocks it\n", stderr);
		reading_report_gaps(b.store);
	}
	store_close(b.store);
	return r;
}

const struct cli_command cmd_blocked = {
	.name = "blocked",
	.args = "[SIGNAL]... [pid=N[,N]] [run=N]",
	.summary = "Shows which signals each thread has blocked, and the call that blocked each",
	.details =
		"Without SIGNAL all are shown. The masks are those at the end of the log's last\n"
		"run, or when the thread ended; a process that an exec replaced is left out. A\n"
		"signal that a thread inherited is traced back to its parent's call.\n\n"
		"Examples:\n"
		"  sigshim blocked SIGTERM\n"
		"  sigshim blocked pid=1234 --at +2.5s\n"
		"  sigshim blocked --live $(pidof nginx | cut -d' ' -f1)",
	.options = blocked_options,
	.run = blocked_run,
};
