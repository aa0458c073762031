/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sigshim: dispatches to a command. main-only.
 */
#include <stdio.h>
#include <string.h>

#include "../table/table.h"
#include "cli.h"

const struct cli_command *const cli_commands[] = {
	&cmd_run, &cmd_collect, &cmd_query, &cmd_blocked, &cmd_check, &cmd_explain, &cmd_verify, &cmd_doctor,
	&cmd_inject, NULL
};

static void print_help(void)
{
	puts("Usage: sigshim COMMAND [OPTION]... [ARGUMENT]...\n"
	     "Records who changes signal masks, alternate stacks and signalfds, who queues\n"
	     "signals, and from where.\n\nCommands:");
	for (int i = 0; cli_commands[i]; i++)
		printf("  %-10s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
	puts("\n  --help     show this; `sigshim COMMAND --help` tells about a command\n"
	     "  --version  show the version\n\n"
	     "Begin with: sigshim run python3 -c 'import signal' && sigshim query --stack\n"
	     "Exit status: 0 done, 1 could not be done, 2 not understood; `run` gives the\n"
	     "command's own, `check` a verdict.");
}

static int unknown_command(const char *word)
{
	const char *names[sizeof(cli_commands) / sizeof(cli_commands[0])] = {}, *near;

	for (int i = 0; cli_commands[i]; i++)
		names[i] = cli_commands[i]->name;
	near = nearest(word, names);
	if (near)
		cli_error("unknown command '%s'; did you mean '%s'?", word, near);
	else
		cli_error("unknown command '%s'; see sigshim --help", word);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		cli_error("no command given; see sigshim --help");
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_help();
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("sigshim " SIGSHIM_VERSION_STRING);
		return EXIT_OK;
	}
	for (int i = 0; cli_commands[i]; i++)
		if (strcmp(argv[1], cli_commands[i]->name) == 0)
			return cli_commands[i]->run(argc - 1, argv + 1);
	return unknown_command(argv[1]);
}
