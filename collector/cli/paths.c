/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds and makes paths; see paths.h. main-only.
 */
#include "paths.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../ingest/ingest.h"
#include "cli.h"

#ifndef SIGSHIM_LIBDIR
#define SIGSHIM_LIBDIR "/usr/local/lib"
#endif
#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#else
#define MULTIARCH "."
#endif

#define LIBRARY "libsigshim.so"

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

void paths_socket(char *ret, size_t size)
{
	const char *dir = env("XDG_RUNTIME_DIR");

	snprintf(ret, size, "%s/sigshim/collector.sock", dir && *dir == '/' ? dir : "/run");
}

void paths_peer_socket(char *ret, size_t size)
{
	if (env("SIGSHIM_SOCKET"))
		snprintf(ret, size, "%s", env("SIGSHIM_SOCKET"));
	else
		paths_socket(ret, size);
}

void paths_daemon_log(char *ret, size_t size)
{
	if (env("SIGSHIM_LOG"))
		snprintf(ret, size, "%s", env("SIGSHIM_LOG"));
	else if (geteuid() == 0)
		snprintf(ret, size, "/var/lib/sigshim/sigshim.db");
	else if (env("XDG_STATE_HOME"))
		snprintf(ret, size, "%s/sigshim/sigshim.db", env("XDG_STATE_HOME"));
	else
		snprintf(ret, size, "%s/.local/state/sigshim/sigshim.db", env("HOME") ? env("HOME") : ".");
}

int paths_make_parents(const char *file)
{
	char dir[PATH_MAX];

	for (const char *slash = strchr(file + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - file), file);
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* The directory of this program; "" when unknown. */
static void own_dir(char *ret, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", ret, size - 1);
	char *slash;

	ret[n > 0 ? n : 0] = '\0';
	slash = strrchr(ret, '/');
	if (slash)
		*slash = '\0';
}

/* True when the file is there; *ret is then its absolute path. */
static int is_there(const char *path, char *ret, size_t size)
{
	char *real = access(path, R_OK) == 0 ? realpath(path, NULL) : NULL;
	int found = real && strlen(real) < size;

	if (found)
		strcpy(ret, real);
	free(real);
	return found;
}

/* LD_PRELOAD separates by these, without a way to quote them. */
static int check_name(const char *path)
{
	if (!strpbrk(path, " :"))
		return 0;
	cli_error("the path '%s' has a space or a colon, and LD_PRELOAD cannot name it; move the library", path);
	return -EINVAL;
}

/* 1 and the library, where it was asked for; 0 where it wasn't. */
static int asked_library(const char *asked, char *ret, size_t size)
{
	const char *wanted = asked ? asked : env("SIGSHIM_LIBRARY");

	if (!wanted)
		return 0;
	if (!is_there(wanted, ret, size)) {
		cli_error("cannot read '%s' (%s): %s", wanted, asked ? "--shim" : "$SIGSHIM_LIBRARY", strerror(errno));
		return -ENOENT;
	}
	return check_name(ret) < 0 ? -EINVAL : 1;
}

/*
 * Where it was asked for, or else in one of these, which are formats that take
 * this program's directory, as `absent` does, which says that it is nowhere.
 */
static int find_library(const char *asked, const char *const *places, const char *absent, char *ret, size_t size)
{
	char dir[PATH_MAX / 2], path[PATH_MAX];
	int r = asked_library(asked, ret, size);

	own_dir(dir, sizeof(dir));
	for (; r == 0 && *places; places++) {
		snprintf(path, sizeof(path), *places, dir);
		if (is_there(path, ret, size))
			r = check_name(ret) < 0 ? -EINVAL : 1;
	}
	if (r != 0)
		return r < 0 ? r : 0;
	cli_error(absent, dir);
	return -ENOENT;
}

int paths_library(const char *asked, char *ret, size_t size)
{
	static const char *const places[] = {
		"%s/" LIBRARY, "%s/../lib/" LIBRARY, "%s/../lib/" MULTIARCH "/" LIBRARY,
		SIGSHIM_LIBDIR "/" LIBRARY, NULL
	};

	return find_library(asked, places, "cannot find " LIBRARY ": neither in %s, nor in ../lib beside it, nor in "
			    SIGSHIM_LIBDIR "; name it with --shim=PATH or $SIGSHIM_LIBRARY", ret, size);
}

int paths_portable(const char *asked, char *ret, size_t size)
{
	static const char *const places[] = {
		"%s/portable/" LIBRARY, "%s/../lib/sigshim/" LIBRARY, "%s/../lib/" MULTIARCH "/sigshim/" LIBRARY,
		SIGSHIM_LIBDIR "/sigshim/" LIBRARY, NULL
	};

	return find_library(asked, places, "cannot find the portable " LIBRARY ", neither in %s/portable nor in "
			    "../lib/sigshim beside it; make it with `make portable`, or name one that the containers "
			    "can load with --shim=PATH", ret, size);
}

int paths_absolute(const char *path, char *ret, size_t size)
{
	char here[PATH_MAX] = "";

	if (*path != '/' && !getcwd(here, sizeof(here)))
		return -errno;
	if (snprintf(ret, size, "%s%s%s", here, *here ? "/" : "", path) >= (int)size)
		return -ENAMETOOLONG;
	return 0;
}

/*
 * Root's children may become other users, whom root's own runtime directory
 * keeps out.
 */
static int make_dir(char *ret, size_t size)
{
	const char *bases[] = { geteuid() != 0 ? env("XDG_RUNTIME_DIR") : NULL, env("TMPDIR"), "/tmp" };
	int r = -ENOENT;

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		size_t room = sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof("/sigshim.XXXXXX/") - 32;

		if (!bases[i] || *bases[i] != '/' || strlen(bases[i]) > room)
			continue;
		snprintf(ret, size, "%s/sigshim.XXXXXX", bases[i]);
		if (!mkdtemp(ret))
			r = -errno;
		else
			return chmod(ret, 0711) < 0 ? -errno : 0;
	}
	return r;
}

int private_socket_open(struct private_socket *ret)
{
	uint64_t name[2];
	int r = make_dir(ret->dir, sizeof(ret->dir));

	if (r < 0) {
		cli_error("cannot make a directory for the socket in $XDG_RUNTIME_DIR, $TMPDIR or /tmp: %s",
			  strerror(-r));
		return r;
	}
	if (getrandom(name, sizeof(name), 0) != sizeof(name))
		name[0] = name[1] = (uint64_t)getpid();
	snprintf(ret->path, sizeof(ret->path), "%.100s/%016" PRIx64 "%016" PRIx64, ret->dir, name[0], name[1]);
	r = listener_open(ret->path, 0666, &ret->fd);
	if (r < 0) {
		cli_error("cannot listen on %s: %s", ret->path, strerror(-r));
		private_socket_remove(ret);
	}
	return r;
}

void private_socket_remove(struct private_socket *p)
{
	unlink(p->path);
	rmdir(p->dir);
}
