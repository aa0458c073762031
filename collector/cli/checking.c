/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A log's verdict; see checking.h. main-only.
 */
#include "checking.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../analysis/vocabulary.h"
#include "../output/check.h"
#include "progress.h"
#include "reading.h"

void checking_begin(struct checking *c, const struct cli_command *cmd)
{
	*c = (struct checking){
		.cmd = cmd, .format = check_formats[0], .exitcode = EXIT_FINDINGS,
		.opt = { .rules = UINT64_MAX >> (64 - hygiene_nrules()), .level = HYGIENE_WARNING },
	};
}

static int unknown(const struct checking *c, const char *what, const char *word, const char *const *names)
{
	char *message = unknown_word(what, word, names);
	int r = cli_usage(c->cmd, "%s", message ? message : word);

	free(message);
	return r;
}

static int take_rules(struct checking *c, const char *spec)
{
	char *error = NULL;
	int r;

	if (hygiene_rules_parse(spec, &c->opt.rules, &error) == 0) {
		c->rules_given = *spec != '-' && strcmp(spec, "all") != 0;
		return EXIT_OK;
	}
	r = cli_usage(c->cmd, "%s", error ? error : "out of memory");
	free(error);
	return r;
}

static int take_suppressions(struct checking *c, const char *path)
{
	char *error = NULL;
	int r;

	if (suppressions_read(path, &c->suppressions, &error) == 0)
		return EXIT_OK;
	r = cli_usage(c->cmd, "%s", error ? error : path);
	free(error);
	return r;
}

static int take_exitcode(struct checking *c, const char *arg)
{
	char *end;
	long n = strtol(arg, &end, 10);

	if (!*arg || *end || n < 0 || n > 255)
		return cli_usage(c->cmd, "--error-exitcode is a number from 0 to 255, not '%s'", arg);
	c->exitcode = (int)n;
	return EXIT_OK;
}

static int take_word(struct checking *c, int option, const char *arg)
{
	int i = 0;

	if (option == CHECKING_SEVERITY) {
		c->level_given = true;
		if (hygiene_severity_parse(arg) < 0)
			return unknown(c, "severity", arg, hygiene_severities);
		c->opt.level = (enum hygiene_severity)hygiene_severity_parse(arg);
		return EXIT_OK;
	}
	while (check_formats[i] && strcmp(check_formats[i], arg) != 0)
		i++;
	if (!check_formats[i])
		return unknown(c, "format", arg, check_formats);
	c->format = arg;
	return EXIT_OK;
}

int checking_option(struct checking *c, int option, const char *arg)
{
	switch (option) {
	case CHECKING_RULES:
		return take_rules(c, arg);
	case CHECKING_SEVERITY:
	case CHECKING_FORMAT:
		return take_word(c, option, arg);
	case CHECKING_SUPPRESSIONS:
		return take_suppressions(c, arg);
	case CHECKING_GENERATE:
		c->generate = true;
		return EXIT_OK;
	case CHECKING_BASELINE:
		c->baseline = arg;
		return access(arg, R_OK) == 0 ? EXIT_OK :
			cli_usage(c->cmd, "cannot read the baseline %s: %s", arg, strerror(errno));
	case CHECKING_REPORT:
		c->report = arg;
		return EXIT_OK;
	case CHECKING_COMPLETE:
		c->opt.require_complete = true;
		return EXIT_OK;
	default:
		return take_exitcode(c, arg);
	}
}

/* --- judging ---------------------------------------------------------------- */

/* As reading_open, but only what says enough to be judged. */
static int open_log(const char *path, struct store **ret)
{
	int r = reading_open(path, ret);

	if (r != EXIT_OK || store_version(*ret) > 1)
		return r;
	cli_error("'%s' can't be judged: it has log version 1 of an older sigshim, which doesn't tell how "
		  "processes began; record again", path);
	store_close(*ret);
	return EXIT_FAILED;
}

static int judge(struct checking *c, struct store *s, int64_t run, struct hygiene_report **ret)
{
	struct hygiene_options opt = c->opt;
	struct progress progress;
	int r;

	/* Who names rules wants to hear of them. */
	if (c->rules_given && !c->level_given)
		opt.level = HYGIENE_NOTE;
	opt.run = run;
	opt.progress = progress_tick;
	opt.progress_arg = &progress;
	progress_begin(&progress, "judging", "events");
	r = hygiene_check(s, &opt, ret);
	progress_end(&progress);
	return r;
}

static int compare(struct checking *c, struct hygiene_report *report)
{
	struct hygiene_report *earlier;
	struct store *s;
	int r;

	if (!c->baseline)
		return EXIT_OK;
	if (open_log(c->baseline, &s) != EXIT_OK)
		return EXIT_SIGSHIM_FAILED;
	r = judge(c, s, 0, &earlier);
	if (r == 0) {
		hygiene_baseline(report, earlier);
		hygiene_free(earlier);
	} else {
		reading_finish(s, r);
	}
	store_close(s);
	return r < 0 ? EXIT_SIGSHIM_FAILED : EXIT_OK;
}

static void sum_up(struct hygiene_report *r)
{
	for (unsigned int i = 0; i < r->nfindings; i++) {
		const struct finding *f = &r->findings[i];

		if (f->suppressed)
			r->suppressed++;
		else if (f->known)
			r->known++;
		else if (f->severity < r->level)
			r->below++;
		else
			r->shown++;
	}
}

static void print_unused(const char *name, const char *file, int line, void *arg)
{
	cli_error("the suppression '%s' (%s:%d) covered nothing", name, file, line);
}

static int write_report(struct checking *c, struct store *s, const struct hygiene_report *report, FILE *out)
{
	struct check_view v = {
		.out = out, .store = s, .report = report, .color = cli_is_terminal(fileno(out)),
	};
	int r = check_show(&v, c->format);

	for (unsigned int i = 0; i < report->nfindings && c->generate && r == 0; i++)
		if (hygiene_counts(report, &report->findings[i]))
			r = suppression_write(s, &report->findings[i], stdout);
	if (r == 0 && (fflush(out) != 0 || fflush(stdout) != 0))
		r = -errno;
	return r;
}

static int print(struct checking *c, struct store *s, const struct hygiene_report *report, FILE *people)
{
	bool text = strcmp(c->format, check_formats[0]) == 0;
	FILE *out = c->report ? fopen(c->report, "we") : c->generate ? stderr : text ? people : stdout;
	int r;

	if (!out) {
		cli_error("cannot write %s: %s", c->report, strerror(errno));
		return EXIT_SIGSHIM_FAILED;
	}
	r = write_report(c, s, report, out);
	if (c->report && fclose(out) != 0 && r == 0)
		r = -errno;
	suppressions_unused(c->suppressions, print_unused, NULL);
	if (r == 0 || r == -EPIPE)
		return EXIT_OK;
	cli_error("cannot write the report: %s", *store_error(s) ? store_error(s) : strerror(-r));
	return EXIT_SIGSHIM_FAILED;
}

static int verdict(const struct checking *c, const struct hygiene_report *report)
{
	if (report->shown)
		return c->exitcode;
	return report->ndoubts ? EXIT_INCONCLUSIVE : EXIT_OK;
}

int checking_run(struct checking *c, const char *log, int64_t run, FILE *people)
{
	struct hygiene_report *report = NULL;
	struct store *s;
	int r, result = EXIT_SIGSHIM_FAILED;

	if (open_log(log, &s) != EXIT_OK)
		return result;
	r = judge(c, s, run, &report);
	if (r == 0)
		r = suppressions_apply(c->suppressions, s, report);
	if (r < 0) {
		reading_finish(s, r);
	} else {
		result = compare(c, report);
		sum_up(report);
		if (result == EXIT_OK)
			result = print(c, s, report, people);
		if (result == EXIT_OK)
			result = verdict(c, report);
	}
	hygiene_free(report);
	store_close(s);
	return result;
}

int checking_recorded(struct checking *c, const char *log, int64_t run, const char *events, int status)
{
	int verdict;

	if (!events)
		events = getenv("SIGSHIM_EVENTS");
	c->opt.partial = events && strcmp(events, "all") != 0;
	verdict = checking_run(c, log, run, stderr);
	return verdict == EXIT_OK ? status : verdict;
}

void checking_end(struct checking *c)
{
	suppressions_free(c->suppressions);
}
