/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `sigshim check`: judges a log by the rules. main-only.
 */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checking.h"
#include "reading.h"

enum { OPT_LOG, OPT_RULES };

static const struct cli_option check_options[] = {
	[OPT_LOG] = { 'L', "log", "FILE", "the log to read (default: $SIGSHIM_LOG, else sigshim.db)" },
	CHECKING_OPTIONS(OPT_RULES),
	{}
};

/* run=N or run=last */
static int take_operand(const char *word, int64_t *ret_run)
{
	char *end;

	if (strncmp(word, "run=", 4) != 0)
		return cli_usage(&cmd_check, "'%s' is not understood; valid: run=N, run=last", word);
	*ret_run = strcmp(word + 4, "last") == 0 ? -1 : strtoll(word + 4, &end, 10);
	if (*ret_run > 0 && *end)
		*ret_run = 0;
	return *ret_run ? EXIT_OK :
		cli_usage(&cmd_check, "'%s' is no value for run; valid: a number, or 'last'", word + 4);
}

static int last_run(const char *log, int64_t *io_run)
{
	struct last_run last = {};
	struct store *s;
	int r;

	if (*io_run >= 0)
		return EXIT_OK;
	r = reading_open(log, &s);
	if (r != EXIT_OK)
		return r;
	r = reading_last_run(s, &last);
	*io_run = last.id;
	store_close(s);
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}

static int check_run(int argc, char **argv)
{
	const char *log = cli_default_log(), *arg;
	struct checking c;
	int64_t run = 0;
	int option, r = EXIT_OK;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	checking_begin(&c, &cmd_check);
	while (r == EXIT_OK && (option = cli_next(&cmd_check, argc, argv, false, &arg)) >= 0)
		if (option == OPT_LOG)
			log = arg;
		else
			r = checking_option(&c, option - OPT_RULES, arg);
	for (int i = optind; i < argc && r == EXIT_OK; i++)
		r = take_operand(argv[i], &run);
	if (r == EXIT_OK)
		r = last_run(log, &run);
	if (r == EXIT_OK)
		r = checking_run(&c, log, run, stdout);
	checking_end(&c);
	return r;
}

const struct cli_command cmd_check = {
	.name = "check",
	.args = "[run=N]",
	.summary = "Judge a log by the rules of signal hygiene",
	.details =
		"All runs of the log are judged, or the one that is named (run=last). Rules and\n"
		"what they mean: sigshim explain --rules. Rules that --rules names by id or glob\n"
		"count from severity note on, unless --severity says otherwise.\n\n"
		"Exit status: 0 clean, 1 findings, 3 no findings, but inconclusive (records are\n"
		"missing, or what a rule must know is not known), 2 wrong usage, 125 failure.\n\n"
		"Examples:\n"
		"  sigshim check -L app.db --severity=error\n"
		"  sigshim check --rules='mask-*,-mask-inherited' --format=sarif > app.sarif",
	.options = check_options,
	.run = check_run,
};
