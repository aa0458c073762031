/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `check` and `run --check` share: options, the verdict and its exit
 * code. For these two. main-only.
 */
#ifndef SIGSHIM_CHECKING_H
#define SIGSHIM_CHECKING_H

#include "../hygiene/hygiene.h"
#include "cli.h"

/* Beside those of cli.h. */
enum {
	EXIT_FINDINGS = 1,
	EXIT_INCONCLUSIVE = 3,
};

/* The options that both have; CHECKING_OPTIONS go into their tables. */
enum {
	CHECKING_RULES, CHECKING_SEVERITY, CHECKING_SUPPRESSIONS, CHECKING_GENERATE, CHECKING_BASELINE,
	CHECKING_FORMAT, CHECKING_REPORT, CHECKING_COMPLETE, CHECKING_EXITCODE, CHECKING_MAX
};
#define CHECKING_OPTIONS(first) \
	[(first) + CHECKING_RULES] = { 0, "rules", "SPEC", \
		"rules to ask: ids and globs joined by commas, -id without (default: all)" }, \
	[(first) + CHECKING_SEVERITY] = { 0, "severity", "LEVEL", \
		"error, warning (default) or note: findings from there on count" }, \
	[(first) + CHECKING_SUPPRESSIONS] = { 0, "suppressions", "FILE", \
		"findings that don't count, in valgrind's form; may be repeated" }, \
	[(first) + CHECKING_GENERATE] = { 0, "gen-suppressions", NULL, \
		"print a suppression for each finding, and the findings on stderr" }, \
	[(first) + CHECKING_BASELINE] = { 0, "baseline", "LOG", \
		"findings that this earlier log has too don't count" }, \
	[(first) + CHECKING_FORMAT] = { 0, "format", "FORMAT", "text (default), json, junit, sarif or tap" }, \
	[(first) + CHECKING_REPORT] = { 0, "report", "FILE", "write the report there" }, \
	[(first) + CHECKING_COMPLETE] = { 0, "require-complete", NULL, \
		"inconclusive unless a certificate says that nothing is missing" }, \
	[(first) + CHECKING_EXITCODE] = { 0, "error-exitcode", "N", "exit status for findings (default: 1)" }

struct checking {
	const struct cli_command *cmd;
	struct hygiene_options opt;
	const char *format, *report, *baseline;
	struct suppressions *suppressions;
	bool generate, level_given, rules_given;
	int exitcode;
};

void checking_begin(struct checking *c, const struct cli_command *cmd);
/* Takes CHECKING_* `option`. EXIT_OK, or prints and returns another exit code. */
int checking_option(struct checking *c, int option, const char *arg);
/*
 * Judges a run of the log (0: all) and prints; text goes to `people`. EXIT_OK
 * when clean, the code for findings, EXIT_INCONCLUSIVE; EXIT_SIGSHIM_FAILED
 * when it could not be done, said already.
 */
#define EXIT_SIGSHIM_FAILED 125
int checking_run(struct checking *c, const char *log, int64_t run, FILE *people);
/*
 * The same for what was just recorded, with --events (NULL: not given): the
 * command's own status stays when the verdict is clean.
 */
int checking_recorded(struct checking *c, const char *log, int64_t run, const char *events, int status);
void checking_end(struct checking *c);

#endif
