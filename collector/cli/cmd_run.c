/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `sigshim run`: records one command and its children, with a collector of
 * their own in this process. main-only.
 */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../ingest/proc.h"
#include "../table/table.h"
#include "checking.h"
#include "launch.h"
#include "paths.h"
#include "recorder.h"

#define EXIT_SIGSHIM 125	/* sigshim itself failed, as env(1) and others have it */
#define EXIT_CANNOT_EXECUTE 126
#define EXIT_NOT_FOUND 127
#define MAX_DEPTH 128
#define LOOK_MS 20

enum { OPT_OUTPUT, OPT_STACK, OPT_DEPTH, OPT_EVENTS, OPT_TRANSPORT, OPT_OVERFLOW, OPT_FOLLOW, OPT_SHIM,
	OPT_RING_SIZE, OPT_VERIFY, OPT_QUIET, OPT_CHECK, OPT_CHECKING, OPT_MAX = OPT_CHECKING + CHECKING_MAX };

static const struct cli_option run_options[] = {
	[OPT_OUTPUT] = { 'o', "output", "LOG", "the log, appended to (default: $SIGSHIM_LOG, else sigshim.db)" },
	[OPT_STACK] = { 0, "stack", "HOW", "unwind (default), fp (frame pointers) or none (caller only)" },
	[OPT_DEPTH] = { 0, "depth", "N", "frames of a stack, 1 to 128 (default: 64)" },
	[OPT_EVENTS] = { 0, "events", "SPEC", "all (default), core, or event names joined by commas" },
	[OPT_TRANSPORT] = { 0, "transport", "WAY", "ring (default) or socket" },
	[OPT_OVERFLOW] = { 0, "overflow", "WHAT", "drop (default, and count) or block when the buffer is full" },
	[OPT_FOLLOW] = { 0, "follow", NULL, "also into programs executed with an emptied or replaced environment" },
	[OPT_SHIM] = { 0, "shim", "PATH", "the libsigshim.so to preload" },
	[OPT_RING_SIZE] = { 0, "ring-size", "BYTES", "buffer of a process, 64K to 64M, a power of two (default: 2M)" },
	[OPT_VERIFY] = { 0, "verify", NULL, "compare the records with what the kernel sees; needs privileges" },
	[OPT_QUIET] = { 'q', "quiet", NULL, "no summary" },
	[OPT_CHECK] = { 0, "check", NULL, "judge the recording by the rules; see sigshim check --help" },
	CHECKING_OPTIONS(OPT_CHECKING),
	{}
};

struct recording {
	const char *value[OPT_MAX];
	size_t ring_size;
	char **argv;
	struct recorder recorder;
	struct checking checking;
	struct private_socket socket;
	struct inherited inherited;
	int signals;
	pid_t pid;
	int status;		/* of waitpid, once `ended` */
	bool ended, stopped;
};

/* --- options ------------------------------------------------------------ */

static int check_word(const struct recording *r, int option, const char *const *words)
{
	const char *near;

	if (!r->value[option])
		return EXIT_OK;
	for (int i = 0; words[i]; i++)
		if (strcmp(r->value[option], words[i]) == 0)
			return EXIT_OK;
	near = nearest(r->value[option], words);
	return cli_usage(&cmd_run, "--%s takes %s%s%s%s%s, not '%s'%s%s", run_options[option].name,
			 words[0], words[2] ? ", " : " or ", words[1], words[2] ? " or " : "",
			 words[2] ? words[2] : "", r->value[option], near ? "; did you mean " : "",
			 near ? near : "");
}

static int check_events(const char *spec)
{
	char word[64];

	if (!spec || strcmp(spec, "all") == 0 || strcmp(spec, "core") == 0)
		return EXIT_OK;
	for (const char *p = spec;; p++) {
		size_t n = strcspn(p, ",");

		snprintf(word, sizeof(word), "%.*s", n < sizeof(word) ? (int)n : (int)sizeof(word) - 1, p);
		if (!event_by_name(word, 1)) {
			const char *near = nearest(word, event_names());

			return cli_usage(&cmd_run, "no event is called '%s'%s%s; see sigshim explain", word,
					 near ? "; did you mean " : "", near ? near : "");
		}
		p += n;
		if (!*p)
			return EXIT_OK;
	}
}

static int check_options(struct recording *r)
{
	static const char *const stacks[] = { "unwind", "fp", "none", NULL };
	static const char *const transports[] = { "ring", "socket", NULL, NULL };
	static const char *const overflows[] = { "drop", "block", NULL, NULL };
	const char *depth = r->value[OPT_DEPTH];
	char *end;
	int result = check_word(r, OPT_STACK, stacks);

	if (result == EXIT_OK)
		result = check_word(r, OPT_TRANSPORT, transports);
	if (result == EXIT_OK)
		result = check_word(r, OPT_OVERFLOW, overflows);
	if (result == EXIT_OK)
		result = check_events(r->value[OPT_EVENTS]);
	if (result != EXIT_OK)
		return result;
	if (depth && (strtol(depth, &end, 10) < 1 || strtol(depth, NULL, 10) > MAX_DEPTH || *end))
		return cli_usage(&cmd_run, "--depth is a number from 1 to %d, not '%s'", MAX_DEPTH, depth);
	if (r->value[OPT_RING_SIZE] && !recorder_ring_size(r->value[OPT_RING_SIZE], &r->ring_size))
		return cli_usage(&cmd_run, "--ring-size is a power of two from 64K to 64M, not '%s'",
				 r->value[OPT_RING_SIZE]);
	return EXIT_OK;
}

static int read_options(struct recording *r, int argc, char **argv)
{
	const char *arg;
	int option, result;

	checking_begin(&r->checking, &cmd_run);
	while ((option = cli_next(&cmd_run, argc, argv, true, &arg)) >= 0) {
		r->value[option] = arg ? arg : "";
		result = option < OPT_CHECKING ? EXIT_OK : checking_option(&r->checking, option - OPT_CHECKING, arg);
		if (result != EXIT_OK)
			return result;
		if (option > OPT_CHECKING && !r->value[OPT_CHECKING])
			r->value[OPT_CHECKING] = "";	/* some option of --check was given */
	}
	if (r->value[OPT_CHECKING] && !r->value[OPT_CHECK])
		return cli_usage(&cmd_run, "the options of sigshim check need --check");
	if (optind >= argc)
		return cli_usage(&cmd_run, "no command given");
	r->argv = argv + optind;
	return check_options(r);
}

/* --- the command --------------------------------------------------------- */

static char **make_environment(const struct recording *r, const char *library)
{
	static const struct {
		int option;
		const char *name;
	} settings[] = {
		{ OPT_STACK, "SIGSHIM_STACK" }, { OPT_DEPTH, "SIGSHIM_DEPTH" }, { OPT_EVENTS, "SIGSHIM_EVENTS" },
		{ OPT_TRANSPORT, "SIGSHIM_TRANSPORT" }, { OPT_OVERFLOW, "SIGSHIM_OVERFLOW" },
	};
	static const char *words[sizeof(settings) / sizeof(settings[0]) + 3];
	unsigned int n = 0;
	char *word;

	if (asprintf(&word, "SIGSHIM_SOCKET=%s", r->socket.path) < 0)
		return NULL;
	words[n++] = word;
	if (r->value[OPT_FOLLOW])
		words[n++] = "SIGSHIM_FOLLOW=1";
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (!r->value[settings[i].option])
			continue;
		if (asprintf(&word, "%s=%s", settings[i].name, r->value[settings[i].option]) < 0)
			return NULL;
		words[n++] = word;
	}
	return launch_environment(library, words);
}

static char *join(char **argv)
{
	size_t size = 1;
	char *line, *to;

	for (char **a = argv; *a; a++)
		size += strlen(*a) + 1;
	line = to = malloc(size);
	for (char **a = argv; line && *a; a++)
		to += sprintf(to, a == argv ? "%s" : " %s", *a);
	return line;
}

static void command_ended(struct recording *r)
{
	int status;

	while (!r->ended && waitpid(r->pid, &status, WNOHANG) == r->pid) {
		r->ended = true;
		r->status = status;
		ingest_ended(r->recorder.in, r->pid, status);
	}
}

/*
 * While the command lives, the terminal's signals are its own and others'
 * are passed on; afterwards they end the wait for what it left running.
 */
static void take_signals(void *arg)
{
	struct recording *r = arg;
	struct signalfd_siginfo si;

	while (read(r->signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			command_ended(r);
		else if (r->ended)
			r->stopped = true;
		else if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGHUP)
			kill(r->pid, (int)si.ssi_signo);
	}
}

/*
 * Whether something that the command started is left. A forked child is heard
 * of at its first call only, but carries the socket's unique name in its
 * environment. A process that is just executing shows none: look twice.
 */
static bool is_alone(struct recording *r)
{
	char name[PATH_MAX + 16];

	snprintf(name, sizeof(name), "SIGSHIM_SOCKET=%s", r->socket.path);
	for (int i = 0; i < 2; i++) {
		if (ingest_live(r->recorder.in) > 0 || proc_with_environment(name))
			return false;
		recorder_turn(&r->recorder, LOOK_MS);
	}
	return ingest_live(r->recorder.in) == 0;
}

/* Until the command and all that it started have gone. */
static void record(struct recording *r)
{
	while (!r->ended)
		recorder_turn(&r->recorder, -1);
	while (!r->stopped && !is_alone(r))
		recorder_turn(&r->recorder, ingest_live(r->recorder.in) > 0 ? -1 : LOOK_MS);
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* --- the summary ----------------------------------------------------------- */

static void print_count(uint64_t n, const char *one, const char *many)
{
	char digits[32], *p = digits + sizeof(digits);
	uint64_t rest = n;

	*--p = '\0';
	for (int i = 0; rest || i == 0; i++, rest /= 10) {
		if (i && i % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + rest % 10);
	}
	fprintf(stderr, "%s %s", p, n == 1 ? one : many);
}

static void print_summary(const struct recording *r)
{
	struct ingest_stats stats = ingest_stats(r->recorder.in);

	if (r->value[OPT_QUIET])
		return;
	fputs("sigshim: ", stderr);
	print_count(stats.events, "event, ", "events, ");
	print_count(stats.processes, "process, ", "processes, ");
	print_count(stats.threads, "thread, ", "threads, ");
	print_count(stats.lost, stats.unknown ? "or more lost" : "lost", stats.unknown ? "or more lost" : "lost");
	if (stats.refused) {
		fputs(", ", stderr);
		print_count(stats.refused, "refused", "refused");
	}
	fprintf(stderr, " → %s\n", r->recorder.log);
	if (r->recorder.verify)
		recorder_print_certificate(&r->recorder);
}

/* A command that never said hello recorded nothing, which must not look like silence. */
static void check_hello(struct recording *r)
{
	const char *slash = strrchr(r->argv[0], '/');

	if (ingest_knows(r->recorder.in, r->pid))
		return;
	ingest_never(r->recorder.in, r->pid, slash ? slash + 1 : r->argv[0]);
	cli_error("%s (pid %d) never loaded libsigshim.so: static or setuid program?", r->argv[0], r->pid);
}

/* --- all together ------------------------------------------------------------ */

static int run_command(struct recording *r, const char *library)
{
	static char **env;	/* for as long as the process */
	int error = 0, result;

	env = make_environment(r, library);
	if (r->recorder.verify)
		verify_starting(r->recorder.verify, true);
	result = env ? launch_command(r->argv, env, &r->inherited, &r->pid, &error) : -ENOMEM;
	if (r->recorder.verify)
		verify_starting(r->recorder.verify, false);

	if (result < 0) {
		cli_error("cannot start %s: %s", r->argv[0], strerror(-result));
		return EXIT_SIGSHIM;
	}
	if (error) {
		cli_error("%s: %s", r->argv[0], error == ENOENT ? "command not found" : strerror(error));
		return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
	}
	result = ingest_watch(r->recorder.in, r->signals, take_signals, r);
	if (result < 0) {
		cli_error("cannot wait for signals: %s", strerror(-result));
		return EXIT_SIGSHIM;
	}
	record(r);
	check_hello(r);
	return exit_status(r->status);
}

static int record_command(struct recording *r, const char *library)
{
	const char *log = r->value[OPT_OUTPUT] ? r->value[OPT_OUTPUT] : cli_default_log();
	char *command = join(r->argv);
	int result;

	if (private_socket_open(&r->socket) < 0) {
		free(command);
		return EXIT_SIGSHIM;
	}
	result = EXIT_SIGSHIM;
	if (recorder_open(&r->recorder, log, command, r->socket.fd, r->ring_size, 0) == EXIT_OK) {
		if (!r->value[OPT_VERIFY] ||
		    recorder_verify(&r->recorder, VERIFY_LISTED, NULL, false) == EXIT_OK)
			result = run_command(r, library);
		private_socket_remove(&r->socket);
		if (recorder_finish(&r->recorder, true) != EXIT_OK)
			cli_error("the log %s is not complete", log);
		if (r->ended)
			print_summary(r);
		recorder_close(&r->recorder);
		if (r->ended && r->value[OPT_CHECK])
			result = checking_recorded(&r->checking, log, r->recorder.run, r->value[OPT_EVENTS], result);
	} else {
		private_socket_remove(&r->socket);
	}
	free(command);
	return result;
}

static int run(int argc, char **argv)
{
	static struct recording r;
	char library[PATH_MAX];
	int result = read_options(&r, argc, argv);

	if (result != EXIT_OK)
		return result;
	if (paths_library(r.value[OPT_SHIM], library, sizeof(library)) < 0)
		return EXIT_SIGSHIM;
	r.signals = launch_prepare(&r.inherited);
	if (r.signals < 0) {
		cli_error("cannot wait for signals: %s", strerror(-r.signals));
		return EXIT_SIGSHIM;
	}
	return record_command(&r, library);
}

const struct cli_command cmd_run = {
	.name = "run",
	.args = "[--] COMMAND [ARGUMENT]...",
	.summary = "Run a command and record its signal calls, and its children's",
	.details =
		"The command has its own stdin, stdout and stderr, and Ctrl-C reaches it. The log\n"
		"is complete when the last of its children has gone; after the command itself has\n"
		"ended, Ctrl-C ends the wait for them.\n\n"
		"Exit status: the command's; 128+N if signal N killed it; 127 if it was not found,\n"
		"126 if it cannot be executed, 125 if sigshim failed. With --check: 1 or N of\n"
		"--error-exitcode for findings, 3 when there are none but it is inconclusive, and\n"
		"the command's when it is clean.\n\n"
		"Example: sigshim run -o app.db ./app && sigshim query -L app.db --stack",
	.options = run_options,
	.run = run,
};
