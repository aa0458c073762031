/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `sigshim doctor`: what works here, and what to do about what doesn't.
 * main-only.
 */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "doctor.h"

void doctor_say(enum doctor_result result, const char *what, const char *fmt, ...)
{
	static const char *const words[] = { "ok", "warn", "fail" };
	static const char *const colours[] = { "\033[32m", "\033[33m", "\033[31m" };
	bool colour = cli_is_terminal(STDOUT_FILENO);
	va_list ap;

	printf("%s%-4s%s  %s: ", colour ? colours[result] : "", words[result], colour ? "\033[0m" : "", what);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void doctor_hint(const char *fmt, ...)
{
	va_list ap;

	fputs("        ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static int run(int argc, char **argv)
{
	const char *arg;
	bool works;

	while (cli_next(&cmd_doctor, argc, argv, false, &arg) >= 0)
		;
	if (optind < argc)
		return cli_usage(&cmd_doctor, "unexpected argument '%s'", argv[optind]);
	works = doctor_library();
	doctor_preload();
	doctor_unwinder();
	doctor_socket();
	doctor_log();
	doctor_processes();
	doctor_debug_info();
	doctor_bpf();
	doctor_verifier();
	doctor_stack_size();
	return works ? EXIT_OK : EXIT_FAILED;
}

static const struct cli_option doctor_options[] = { {} };

const struct cli_command cmd_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "Tell what works on this system, and what to do about what doesn't",
	.details =
		"Exit status 0 if recording works (found out by recording something), 1 if not.\n"
		"A warning is about something that recording can do without.",
	.options = doctor_options,
	.run = run,
};
