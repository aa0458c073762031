/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `sigshim collect`: the daemon that programs with libsigshim.so preloaded
 * report to. main-only.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "config.h"
#include "paths.h"
#include "recorder.h"

enum { OPT_SOCKET, OPT_LOG, OPT_CONFIG, OPT_MODE, OPT_RING_SIZE, OPT_CONNECTIONS, OPT_VERIFY };

static const struct cli_option collect_options[] = {
	[OPT_SOCKET] = { 's', "socket", "PATH", "where to listen (default: below)" },
	[OPT_LOG] = { 'L', "log", "FILE", "the log to write (default: below)" },
	[OPT_CONFIG] = { 'c', "config", "FILE", "read options from FILE; those given here win" },
	[OPT_MODE] = { 0, "socket-mode", "OCTAL", "who may connect (default: 0666)" },
	[OPT_RING_SIZE] = { 0, "ring-size", "BYTES", "buffer of a process, 64K to 64M, a power of two (default: 2M)" },
	[OPT_CONNECTIONS] = { 0, "max-connections", "N", "processes at a time (default: 20000)" },
	[OPT_VERIFY] = { 0, "verify", "WHOM", "compare with the kernel: shimmed, cgroup:PATH, all" },
	{}
};

struct settings {
	const char *value[OPT_VERIFY + 1];
	char socket[PATH_MAX], log[PATH_MAX];
	unsigned int mode, max_connections;
	size_t ring_size;
};

static int set_option(int option, const char *value, void *arg)
{
	struct settings *s = arg;

	if (!s->value[option])
		s->value[option] = value;
	return EXIT_OK;
}

static int set_number(const char *text, int base, unsigned long max, unsigned int *ret)
{
	char *end;
	unsigned long n;

	if (!text)
		return 0;
	errno = 0;
	n = strtoul(text, &end, base);
	if (end == text || *end || *text == '-' || errno || n > max || n == 0)
		return -EINVAL;
	*ret = (unsigned int)n;
	return 0;
}

static int read_settings(struct settings *s, int argc, char **argv)
{
	const char *arg;
	int option, r;

	while ((option = cli_next(&cmd_collect, argc, argv, false, &arg)) >= 0)
		s->value[option] = arg;
	if (optind < argc)
		return cli_usage(&cmd_collect, "unexpected argument '%s'", argv[optind]);
	if (s->value[OPT_CONFIG]) {
		r = config_read(s->value[OPT_CONFIG], &cmd_collect, "config", set_option, s);
		if (r != EXIT_OK)
			return r;
	}
	s->mode = 0666;
	if (set_number(s->value[OPT_MODE], 8, 0777, &s->mode) < 0)
		return cli_usage(&cmd_collect, "socket-mode is octal, as 0660, not '%s'", s->value[OPT_MODE]);
	if (set_number(s->value[OPT_CONNECTIONS], 10, 1000000, &s->max_connections) < 0)
		return cli_usage(&cmd_collect, "max-connections is a number from 1 to 1000000, not '%s'",
				 s->value[OPT_CONNECTIONS]);
	if (s->value[OPT_RING_SIZE] && !recorder_ring_size(s->value[OPT_RING_SIZE], &s->ring_size))
		return cli_usage(&cmd_collect, "ring-size is a power of two from 64K to 64M, not '%s'",
				 s->value[OPT_RING_SIZE]);
	if (s->value[OPT_VERIFY] && strcmp(s->value[OPT_VERIFY], "shimmed") != 0 &&
	    strcmp(s->value[OPT_VERIFY], "all") != 0 && strncmp(s->value[OPT_VERIFY], "cgroup:/", 8) != 0)
		return cli_usage(&cmd_collect, "verify takes shimmed, all or cgroup:/PATH, not '%s'",
				 s->value[OPT_VERIFY]);
	paths_socket(s->socket, sizeof(s->socket));
	paths_daemon_log(s->log, sizeof(s->log));
	if (s->value[OPT_SOCKET])
		snprintf(s->socket, sizeof(s->socket), "%s", s->value[OPT_SOCKET]);
	if (s->value[OPT_LOG])
		snprintf(s->log, sizeof(s->log), "%s", s->value[OPT_LOG]);
	return EXIT_OK;
}

/*
 * The manager's socket outlives collectors, and programs in containers see no
 * pid of ours: by its time of change they know that there is another one.
 */
static void touch_socket(int fd)
{
	struct sockaddr_un addr;
	socklen_t size = sizeof(addr) - 1;

	memset(&addr, 0, sizeof(addr));
	if (getsockname(fd, (struct sockaddr *)&addr, &size) == 0 && addr.sun_path[0] == '/')
		utimensat(AT_FDCWD, addr.sun_path, NULL, AT_SYMLINK_NOFOLLOW);
}

/* 1 and a socket from the service manager, 0 if there is none. */
static int activated(int *ret_fd)
{
	int n = sd_listen_fds(1);

	if (n <= 0)
		return n;
	if (n > 1 || sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_SEQPACKET, 1, NULL, 0) <= 0)
		return -EINVAL;
	*ret_fd = SD_LISTEN_FDS_START;
	touch_socket(*ret_fd);
	return fcntl(*ret_fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 1;
}

static int listen_on(struct settings *s, int *ret_fd, bool *ret_own)
{
	int r = activated(ret_fd);

	if (r < 0) {
		cli_error("the service manager passed no single listening Unix socket of type SEQPACKET; "
			  "see ListenSequentialPacket= in systemd.socket(5)");
		return EXIT_FAILED;
	}
	*ret_own = r == 0;
	if (r > 0) {
		snprintf(s->socket, sizeof(s->socket), "the service manager's socket");
		return EXIT_OK;
	}
	r = paths_make_parents(s->socket);
	if (r == 0)
		r = listener_open(s->socket, s->mode, ret_fd);
	if (r == 0)
		return EXIT_OK;
	if (r == -EADDRINUSE)
		cli_error("another collector answers on %s; stop it, or choose another --socket", s->socket);
	else if (r == -EEXIST)
		cli_error("%s is there and is no socket; remove it, or choose another --socket", s->socket);
	else
		cli_error("cannot listen on %s: %s", s->socket, strerror(-r));
	return EXIT_FAILED;
}

static int stop_signals(void)
{
	struct sigaction hup;
	sigset_t stop;

	sigemptyset(&stop);
	/* Its terminal goes; nohup(1) says that it shall stay. */
	if (sigaction(SIGHUP, NULL, &hup) == 0 && hup.sa_handler != SIG_IGN)
		sigaddset(&stop, SIGHUP);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	/* A log that may not grow is a log that can't be written, not the end of us. */
	signal(SIGXFSZ, SIG_IGN);
	return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void stop_collecting(void *arg)
{
	*(bool *)arg = true;
}

static int begin_verifying(struct recorder *r, const char *whom)
{
	const char *cgroup = whom && strncmp(whom, "cgroup:", 7) == 0 ? whom + 7 : NULL;

	if (!whom)
		return EXIT_OK;
	return recorder_verify(r, cgroup ? VERIFY_CGROUP : strcmp(whom, "all") == 0 ? VERIFY_ALL : VERIFY_LISTED,
			       cgroup, false);
}

static int collect(struct recorder *r, const struct settings *s, int signals)
{
	bool stopped = false;
	int result = begin_verifying(r, s->value[OPT_VERIFY]);

	if (result != EXIT_OK)
		return result;

	if (signals < 0 || ingest_watch(r->in, signals, stop_collecting, &stopped) < 0) {
		cli_error("cannot wait for signals: %s", strerror(errno));
		return EXIT_FAILED;
	}
	fprintf(stderr, "sigshim: listening on %s, writing %s\n", s->socket, s->log);
	sd_notifyf(0, "READY=1\nSTATUS=Writing %s", s->log);
	while (!stopped)
		recorder_turn(r, -1);
	sd_notify(0, "STOPPING=1\nSTATUS=Finishing the log");
	result = recorder_finish(r, true);
	if (r->verify)
		recorder_print_certificate(r);
	return result;
}

/* Somebody may have removed our socket, and another collector made its own. */
static bool is_same(const struct stat *before, const char *path)
{
	struct stat now;

	return stat(path, &now) == 0 && now.st_dev == before->st_dev && now.st_ino == before->st_ino;
}

static int run(int argc, char **argv)
{
	static struct settings s;	/* its words live as long as the process */
	struct recorder r;
	struct stat socket;
	bool own;
	int result = read_settings(&s, argc, argv), fd, signals;

	if (result != EXIT_OK)
		return result;
	result = paths_make_parents(s.log);
	if (result < 0) {
		cli_error("cannot make the directory of %s: %s", s.log, strerror(-result));
		return EXIT_FAILED;
	}
	result = listen_on(&s, &fd, &own);
	if (result != EXIT_OK)
		return result;
	if (own && stat(s.socket, &socket) < 0)
		own = false;
	signals = stop_signals();
	result = recorder_open(&r, s.log, NULL, fd, s.ring_size, s.max_connections);
	if (result == EXIT_OK) {
		result = collect(&r, &s, signals);
		recorder_close(&r);
	}
	if (own && is_same(&socket, s.socket))
		unlink(s.socket);
	return result;
}

const struct cli_command cmd_collect = {
	.name = "collect",
	.args = "",
	.summary = "Collect what preloaded programs report, until stopped",
	.details =
		"It listens on $XDG_RUNTIME_DIR/sigshim/collector.sock, else on\n"
		"/run/sigshim/collector.sock, or on the socket that systemd passes. The log is\n"
		"$SIGSHIM_LOG, else /var/lib/sigshim/sigshim.db for root, else\n"
		"sigshim/sigshim.db in $XDG_STATE_HOME (~/.local/state).\n\n"
		"A configuration file has lines 'key = value' with the long names of these\n"
		"options. SIGTERM and SIGINT store everything and end it.\n\n"
		"Then: LD_PRELOAD=libsigshim.so PROGRAM",
	.options = collect_options,
	.run = run,
};
