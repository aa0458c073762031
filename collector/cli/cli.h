/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The face of the command line: a table of commands, each with a table of
 * options from which parsing, --help, completion and the documentation checks
 * come. Only cli/ prints errors and decides exit codes. main-only.
 */
#ifndef SIGSHIM_CLI_H
#define SIGSHIM_CLI_H

#include <stdbool.h>

#include <sigshim/version.h>

/* Exit codes that scripts can trust. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,	/* it was understood and could not be done */
	EXIT_USAGE = 2,		/* it was not understood */
};

struct cli_option {
	char short_name;	/* 0: none */
	const char *name;	/* long name, without dashes */
	const char *arg;	/* name of its argument; NULL: takes none */
	const char *help;
};

struct cli_command {
	const char *name;
	const char *args;	/* what follows the options, for the usage line */
	const char *summary;	/* one line, no full stop */
	const char *details;	/* paragraphs after the options; may be NULL */
	const struct cli_option *options;	/* ends with name NULL; --help is added */
	int (*run)(int argc, char **argv);	/* argv[0] is the command's name */
};

/* Every command, ends with name NULL. */
extern const struct cli_command *const cli_commands[];
extern const struct cli_command cmd_run, cmd_collect, cmd_query, cmd_blocked, cmd_check, cmd_explain,
	cmd_verify, cmd_doctor, cmd_inject;

/*
 * Walks the options as getopt_long does. Returns the index into cmd->options
 * of the next one and sets *ret_arg, -1 at the end (optind is then the first
 * operand). Prints --help and exits 0; prints a usage error, with the nearest
 * option, and exits 2. With `stop_at_operand` the first operand ends it.
 */
int cli_next(const struct cli_command *cmd, int argc, char **argv, bool stop_at_operand, const char **ret_arg);

/* "sigshim: message" on stderr. The second returns EXIT_USAGE and points to --help. */
void cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int cli_usage(const struct cli_command *cmd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Where a log is when -L/-o does not say: $SIGSHIM_LOG, else "sigshim.db". */
const char *cli_default_log(void);

/* Whether to use colour and redraw progress on this descriptor (isatty, NO_COLOR, TERM). */
bool cli_is_terminal(int fd);

#endif
