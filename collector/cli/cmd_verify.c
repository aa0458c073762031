/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `sigshim verify`: records signal calls as the kernel sees them, of programs
 * without the shim. main-only.
 */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"
#include "recorder.h"

#define EXIT_SIGSHIM 125	/* as `run` has them */
#define EXIT_CANNOT_EXECUTE 126
#define EXIT_NOT_FOUND 127
#define LOOK_MS 20

enum { OPT_PID, OPT_CGROUP, OPT_ALL, OPT_OUTPUT, OPT_QUIET, OPT_MAX };

static const struct cli_option verify_options[] = {
	[OPT_PID] = { 'p', "pid", "PID", "a running process, and those that it starts" },
	[OPT_CGROUP] = { 0, "cgroup", "PATH", "all processes in a cgroup (its folder) and below it" },
	[OPT_ALL] = { 0, "all", NULL, "all processes" },
	[OPT_OUTPUT] = { 'o', "output", "LOG", "the log, appended to (default: $SIGSHIM_LOG, else sigshim.db)" },
	[OPT_QUIET] = { 'q', "quiet", NULL, "no summary" },
	{}
};

struct watch_run {
	const char *value[OPT_MAX];
	char **argv;		/* the command, or NULL */
	struct recorder recorder;
	struct inherited inherited;
	int signals, pid, status;
	bool ended, stopped;
};

static int read_options(struct watch_run *w, int argc, char **argv)
{
	const char *arg;
	char *end;
	int option, chosen = 0;

	while ((option = cli_next(&cmd_verify, argc, argv, true, &arg)) >= 0)
		w->value[option] = arg ? arg : "";
	for (int i = OPT_PID; i <= OPT_ALL; i++)
		chosen += w->value[i] != NULL;
	w->argv = optind < argc ? argv + optind : NULL;
	if (chosen + (w->argv != NULL) != 1)
		return cli_usage(&cmd_verify, "one of --pid, --cgroup, --all and a command is needed");
	if (!w->value[OPT_PID])
		return EXIT_OK;
	w->pid = (int)strtol(w->value[OPT_PID], &end, 10);
	if (w->pid <= 0 || *end)
		return cli_usage(&cmd_verify, "--pid is the number of a process, not '%s'", w->value[OPT_PID]);
	if (kill(w->pid, 0) == 0 || errno == EPERM)
		return EXIT_OK;
	cli_error("there is no process %d", w->pid);
	return EXIT_FAILED;
}

static void take_signals(void *arg)
{
	struct watch_run *w = arg;
	struct signalfd_siginfo si;

	while (read(w->signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			w->ended |= w->argv && waitpid(w->pid, &w->status, WNOHANG) == w->pid;
		else if (!w->argv || w->ended)
			w->stopped = true;
		else if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGHUP)
			kill(w->pid, (int)si.ssi_signo);
	}
}

static int start_command(struct watch_run *w)
{
	int error = 0, r;

	verify_starting(w->recorder.verify, true);
	r = launch_command(w->argv, environ, &w->inherited, &w->pid, &error);
	verify_starting(w->recorder.verify, false);
	if (r < 0) {
		cli_error("cannot start %s: %s", w->argv[0], strerror(-r));
		return EXIT_SIGSHIM;
	}
	if (!error)
		return EXIT_OK;
	cli_error("%s: %s", w->argv[0], error == ENOENT ? "command not found" : strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

/* The command and what it started, or the process, is gone. */
static bool is_over(const struct watch_run *w)
{
	if (w->argv)
		return w->ended && verify_live(w->recorder.verify) == 0;
	return w->value[OPT_PID] && kill(w->pid, 0) < 0 && errno == ESRCH &&
		verify_live(w->recorder.verify) == 0;
}

static int watch(struct watch_run *w)
{
	enum verify_scope scope = w->value[OPT_ALL] ? VERIFY_ALL : w->value[OPT_CGROUP] ? VERIFY_CGROUP :
		VERIFY_LISTED;
	int result = recorder_verify(&w->recorder, scope, w->value[OPT_CGROUP], true);

	if (result != EXIT_OK)
		return w->argv ? EXIT_SIGSHIM : result;
	if (ingest_watch(w->recorder.in, w->signals, take_signals, w) < 0)
		return EXIT_FAILED;
	if (w->argv)
		result = start_command(w);
	else if (w->value[OPT_PID] && verify_watch(w->recorder.verify, w->pid) < 0)
		result = EXIT_FAILED;
	if (result != EXIT_OK)
		return result;
	if (!w->argv && !w->value[OPT_QUIET])
		fprintf(stderr, "sigshim: watching, writing %s; Ctrl-C ends it\n", w->recorder.log);
	while (!w->stopped && !is_over(w))
		recorder_turn(&w->recorder, LOOK_MS);
	if (!w->ended)
		return EXIT_OK;
	return WIFSIGNALED(w->status) ? 128 + WTERMSIG(w->status) : WEXITSTATUS(w->status);
}

static int run(int argc, char **argv)
{
	static struct watch_run w;
	const char *log;
	int result = read_options(&w, argc, argv);

	if (result != EXIT_OK)
		return result;
	w.signals = launch_prepare(&w.inherited);
	if (w.signals < 0) {
		cli_error("cannot wait for signals: %s", strerror(-w.signals));
		return EXIT_FAILED;
	}
	log = w.value[OPT_OUTPUT] ? w.value[OPT_OUTPUT] : cli_default_log();
	if (recorder_open(&w.recorder, log, w.argv ? w.argv[0] : "verify", -1, 0, 0) != EXIT_OK)
		return EXIT_FAILED;
	result = watch(&w);
	if (recorder_finish(&w.recorder, true) != EXIT_OK)
		cli_error("the log %s is not complete", log);
	if (w.recorder.verify && !w.value[OPT_QUIET])
		recorder_print_certificate(&w.recorder);
	recorder_close(&w.recorder);
	return result;
}

const struct cli_command cmd_verify = {
	.name = "verify",
	.args = "[[--] COMMAND [ARGUMENT]...]",
	.summary = "Record signal calls as the kernel sees them, without a shim",
	.details =
		"By eBPF: any program, static or not, however it makes the call. It takes\n"
		"CAP_BPF and CAP_PERFMON, or root. `run --verify` compares a shim's records with\n"
		"what the kernel sees; here there are none, and each event has an origin:\n"
		"inline (not made in libc), syscall (by syscall(2)), unshimmed (by libc).\n\n"
		"Exit status: the command's, as with run; else 0, or 1 if it can't be done.\n\n"
		"Example: sigshim verify ./static-program && sigshim query origin=inline",
	.options = verify_options,
	.run = run,
};
