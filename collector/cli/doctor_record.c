/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of what recording needs: the library, tried out for real, the
 * collector, its log, and programs that run without one. For cmd_doctor.
 * main-only.
 */
#include "doctor.h"

#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../ingest/proc.h"
#include "../store/store.h"
#include "cli.h"
#include "paths.h"

/* --- a recording of nothing -------------------------------------------- */

/* Runs this program in silence; its exit status, or -1. */
static int run_self(char *const argv[])
{
	int status, null;
	pid_t pid = fork();

	if (pid == 0) {
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct tried {
	int said_hello, refused_version;
};

static int read_tried(int row, int n, const char *const *cells, void *arg)
{
	struct tried *t = arg;

	if (row > 0 && n == 2) {
		t->said_hello = cells[0] ? atoi(cells[0]) : 0;
		t->refused_version = cells[1] ? atoi(cells[1]) : 0;
	}
	return 0;
}

static void remove_log(const char *log)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[PATH_MAX];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", log, ends[i]);
		unlink(path);
	}
}

/* Records sigshim's own --version, and looks whether the log knows it. */
static int try_out(const char *library, const char *dir, struct tried *ret)
{
	char log[PATH_MAX], shim[PATH_MAX + 16];
	char *argv[] = { "sigshim", "run", "-q", "-o", log, shim, "/proc/self/exe", "--version", NULL };
	struct store *store;
	int r;

	snprintf(log, sizeof(log), "%.200s/doctor.db", dir);
	snprintf(shim, sizeof(shim), "--shim=%s", library);
	unsetenv("SIGSHIM_LIBRARY");
	run_self(argv);
	r = store_open(log, STORE_READ, &store, NULL);
	if (r == 0) {
		r = store_sql(store, "SELECT (SELECT count(*) FROM processes WHERE end <> 'never'), "
			      "(SELECT sum(count) FROM refusals WHERE reason = 'wire-version')", read_tried, ret);
		store_close(store);
	}
	remove_log(log);
	return r;
}

bool doctor_library(void)
{
	char library[PATH_MAX], dir[] = "/tmp/sigshim-doctor.XXXXXX";
	struct tried tried = { 0 };
	int r;

	if (paths_library(NULL, library, sizeof(library)) < 0) {
		doctor_say(DOCTOR_FAIL, "library", "libsigshim.so was not found");
		return false;
	}
	doctor_say(DOCTOR_OK, "library", "%s", library);
	if (!mkdtemp(dir)) {
		doctor_say(DOCTOR_FAIL, "recording", "cannot make a directory in /tmp: %s", strerror(errno));
		return false;
	}
	r = try_out(library, dir, &tried);
	rmdir(dir);
	if (r == 0 && tried.said_hello > 0) {
		doctor_say(DOCTOR_OK, "recording",
			   "a program was started with the library and reported to a collector");
		return true;
	}
	doctor_say(DOCTOR_FAIL, "recording", "a program started with the library did not report");
	if (tried.refused_version)
		doctor_hint("the library and this program are of different versions; install both anew");
	else
		doctor_hint("see what it says: SIGSHIM_VERBOSE=1 LD_PRELOAD=%s /bin/true", library);
	return false;
}

void doctor_unwinder(void)
{
	void *lib = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);

	if (lib) {
		doctor_say(DOCTOR_OK, "stacks", "libunwind.so.8 can be loaded");
		dlclose(lib);
	} else {
		doctor_say(DOCTOR_WARN, "stacks", "libunwind.so.8 cannot be loaded: callers only, no stacks");
		doctor_hint("install libunwind8 (Debian: apt install libunwind8), or use SIGSHIM_STACK=fp");
	}
}

/* A preload that cannot be loaded leaves the program alone, with a line on stderr at most. */
void doctor_preload(void)
{
	const char *preload = getenv("LD_PRELOAD");
	char *words = preload ? strdup(preload) : NULL, *save = NULL;
	void *lib;

	for (char *w = words ? strtok_r(words, " :", &save) : NULL; w; w = strtok_r(NULL, " :", &save)) {
		if (!strstr(w, "sigshim"))
			continue;
		lib = dlopen(w, RTLD_NOW | RTLD_NOLOAD);
		if (lib) {
			doctor_say(DOCTOR_OK, "LD_PRELOAD", "%s is loaded here", w);
			dlclose(lib);
		} else {
			doctor_say(DOCTOR_WARN, "LD_PRELOAD", "%s cannot be loaded: programs run without it", w);
			doctor_hint("correct the path, or unset LD_PRELOAD");
		}
	}
	free(words);
}

/* --- the collector -------------------------------------------------------- */

void doctor_socket(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct ucred peer;
	socklen_t len = sizeof(peer);
	char path[PATH_MAX];
	int fd;

	paths_peer_socket(path, sizeof(path));
	if (strlen(path) >= sizeof(addr.sun_path)) {
		doctor_say(DOCTOR_WARN, "collector", "the path %s is too long for a socket", path);
		return;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0) {
		doctor_say(DOCTOR_OK, "collector", "pid %d of user %d answers on %s", peer.pid, (int)peer.uid, path);
	} else {
		doctor_say(DOCTOR_WARN, "collector", "%s: %s", path, strerror(errno));
		if (errno == EACCES || errno == EPERM)
			doctor_hint("ask whoever runs it for permission (collect --socket-mode), or use sigshim run");
		else
			doctor_hint("start one with sigshim collect; sigshim run needs none");
	}
	close(fd);
}

struct log_state {
	long long runs, unfinished, gaps, lost;
};

static int read_state(int row, int n, const char *const *cells, void *arg)
{
	struct log_state *state = arg;
	long long *to[] = { &state->runs, &state->unfinished, &state->gaps, &state->lost };

	for (int i = 0; row > 0 && i < n && i < 4; i++)
		*to[i] = cells[i] ? atoll(cells[i]) : 0;
	return 0;
}

static void check_log(const char *path)
{
	struct log_state state = { 0 };
	char *error = NULL;
	struct store *store;

	if (access(path, F_OK) < 0)
		return;
	if (store_open(path, STORE_READ, &store, &error) < 0) {
		doctor_say(DOCTOR_WARN, "log", "%s", error ? error : path);
		free(error);
		return;
	}
	if (store_sql(store, "SELECT count(*), sum(NOT clean), (SELECT count(*) FROM gaps), "
		      "(SELECT sum(count) FROM gaps) FROM runs", read_state, &state) < 0)
		doctor_say(DOCTOR_WARN, "log", "%s: %s", path, store_error(store));
	else if (state.unfinished || state.gaps)
		doctor_say(DOCTOR_WARN, "log",
			   "%s: %lld runs, %lld not finished; %lld gaps, %lld calls known to be lost",
			   path, state.runs, state.unfinished, state.gaps, state.lost);
	else
		doctor_say(DOCTOR_OK, "log", "%s: %lld runs, complete", path, state.runs);
	if (state.gaps)
		doctor_hint("sigshim query -L %s --sql "
			    "'SELECT reason, count(*), sum(count) FROM gaps GROUP BY reason'", path);
	if (state.unfinished)
		doctor_hint("a run that is not finished is being recorded now, or its collector was killed");
	store_close(store);
}

void doctor_log(void)
{
	char daemon[PATH_MAX];

	check_log(cli_default_log());
	paths_daemon_log(daemon, sizeof(daemon));
	if (strcmp(daemon, cli_default_log()) != 0)
		check_log(daemon);
}

/* --- programs ---------------------------------------------------------------- */

void doctor_processes(void)
{
	int with = 0, without = 0;
	struct dirent *entry;
	char pids[256] = "";
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir))) {
		int pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;

		if (!pid || proc_maps(pid, "/libsigshim.so") <= 0)
			continue;
		if (proc_maps(pid, "/memfd:sigshim-ring") > 0) {
			with++;
			continue;
		}
		if (without++ < 8)
			snprintf(pids + strlen(pids), sizeof(pids) - strlen(pids), " %d", pid);
	}
	if (dir)
		closedir(dir);
	if (!without) {
		doctor_say(DOCTOR_OK, "programs", "%d running with the library, all with a collector", with);
		return;
	}
	doctor_say(DOCTOR_WARN, "programs", "%d running with the library and without a collector's ring:%s%s",
		   without, pids, without > 8 ? " ..." : "");
	doctor_hint("their calls are counted, not recorded, until a collector answers on their socket");
}
