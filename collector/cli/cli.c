/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parsing and help for the commands, from their option tables. Used by the
 * commands in this folder. main-only.
 */
#include "cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../table/table.h"

#define MAX_OPTIONS 48

static void print_option(const struct cli_option *o)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%c%s--%s%s%s", o->short_name ? "-" : " ",
		 o->short_name ? o->short_name : ' ', o->short_name ? ", " : "  ",
		 o->name, o->arg ? "=" : "", o->arg ? o->arg : "");
	printf("  %-28s %s\n", left, o->help);
}

static void print_help(const struct cli_command *cmd)
{
	static const struct cli_option help = { 'h', "help", NULL, "show this" };

	printf("Usage: sigshim %s [OPTION]...%s%s\n%s.\n\nOptions:\n", cmd->name,
	       *cmd->args ? " " : "", cmd->args, cmd->summary);
	for (const struct cli_option *o = cmd->options; o->name; o++)
		print_option(o);
	print_option(&help);
	if (cmd->details)
		printf("\n%s\n", cmd->details);
}

void cli_error(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("sigshim: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int cli_usage(const struct cli_command *cmd, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "sigshim %s: ", cmd->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry: sigshim %s --help\n", cmd->name);
	return EXIT_USAGE;
}

/* Says what is wrong with the option that getopt_long rejected, and exits. */
static void bad_option(const struct cli_command *cmd, char **argv, int result)
{
	const char *names[MAX_OPTIONS + 2], *near, *word = argv[optind - 1];
	unsigned int n = 0;

	if (result == ':')
		exit(cli_usage(cmd, "option %s needs an argument", word));
	if (strncmp(word, "--", 2) != 0)
		exit(cli_usage(cmd, "unknown option -%c", optopt));
	for (const struct cli_option *o = cmd->options; o->name; o++)
		names[n++] = o->name;
	names[n++] = "help";
	names[n] = NULL;
	near = nearest(word + 2, names);
	exit(cli_usage(cmd, near ? "unknown option %s; did you mean --%s?" : "unknown option %s",
		       word, near));
}

int cli_next(const struct cli_command *cmd, int argc, char **argv, bool stop_at_operand, const char **ret_arg)
{
	struct option longs[MAX_OPTIONS + 2] = {};
	char shorts[2 * MAX_OPTIONS + 8], *p = shorts;
	int n = 0, c;

	if (stop_at_operand)
		*p++ = '+';
	*p++ = ':';
	*p++ = 'h';
	for (const struct cli_option *o = cmd->options; o->name && n < MAX_OPTIONS; o++, n++) {
		longs[n] = (struct option){ o->name, o->arg ? required_argument : no_argument, NULL, 256 + n };
		if (o->short_name) {
			*p++ = o->short_name;
			if (o->arg)
				*p++ = ':';
		}
	}
	*p = '\0';
	longs[n] = (struct option){ "help", no_argument, NULL, 'h' };
	opterr = 0;
	c = getopt_long(argc, argv, shorts, longs, NULL);
	*ret_arg = optarg;
	if (c == -1)
		return -1;
	if (c == 'h') {
		print_help(cmd);
		exit(EXIT_OK);
	}
	if (c == '?' || c == ':')
		bad_option(cmd, argv, c);
	if (c >= 256)
		return c - 256;
	for (int i = 0; i < n; i++)
		if (cmd->options[i].short_name == c)
			return i;
	abort();
}

const char *cli_default_log(void)
{
	const char *env = getenv("SIGSHIM_LOG");

	return env && *env ? env : "sigshim.db";
}

bool cli_is_terminal(int fd)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}
