/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who started a container and waits for it: conmon, or a runtime that was
 * called with `run`; see engine.h. Its arguments tell more. It may be any
 * user's, so what it names is a name, and a path only if it is root's.
 * MT-safe.
 */
#include "engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

#define MAX_ANCESTORS 64
#define MAX_WORDS 256
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-."

/* A command line. */
struct words {
	char text[16384];
	const char *word[MAX_WORDS];
	unsigned int n;
};

static bool read_words(int pid, struct words *w)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	w->n = 0;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, w->text, sizeof(w->text) - 1);
		close(fd);
	}
	w->text[n > 0 ? n : 0] = '\0';
	for (const char *at = w->text; at < w->text + n && w->n < MAX_WORDS; at += strlen(at) + 1)
		w->word[w->n++] = at;
	return w->n > 0;
}

/* What follows an option; "": it isn't there. */
static const char *option(const struct words *w, const char *name)
{
	size_t len = strlen(name);

	for (unsigned int i = 1; i < w->n; i++) {
		if (strncmp(w->word[i], name, len) != 0)
			continue;
		if (w->word[i][len] == '=')
			return w->word[i] + len + 1;
		if (!w->word[i][len] && i + 1 < w->n)
			return w->word[i + 1];
	}
	return "";
}

bool engine_is_name(const char *s)
{
	return *s && *s != '.' && strlen(s) < CONTAINER_ID && !s[strspn(s, NAME_CHARS)];
}

bool engine_same_namespace(int a, int b, const char *name)
{
	char path[64], one[64] = "", other[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", a, name);
	if (readlink(path, one, sizeof(one) - 1) <= 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", b, name);
	return readlink(path, other, sizeof(other) - 1) > 0 && strcmp(one, other) == 0;
}

/* We may be in a container ourselves, or may not be allowed to look at the first process. */
static bool has_hosts_mounts(int pid)
{
	return engine_same_namespace(pid, 1, "mnt") || engine_same_namespace(pid, getpid(), "mnt");
}

static int keeper_of(int pid, const char *id)
{
	char its[CONTAINER_ID];

	for (int i = 0; i < MAX_ANCESTORS; i++) {
		pid = proc_parent(pid);
		if (pid <= 1)
			return 0;
		container_of_cgroup(pid, its);
		if (*id ? strcmp(its, id) != 0 : has_hosts_mounts(pid))
			return pid;
	}
	return 0;
}

static void set(char *to, size_t size, const char *value)
{
	if (strlen(value) < size)
		strcpy(to, value);
}

/* Where a runtime keeps the states of its containers. */
static const char *states_of(const struct words *w)
{
	const char *slash = strrchr(w->word[0], '/'), *given = option(w, "--root");

	return !*given && strcmp(slash ? slash + 1 : w->word[0], "runc") == 0 ? "/run/runc" : given;
}

static void take(const struct words *w, struct engine_keeper *k)
{
	const char *last = w->word[w->n - 1], *states = states_of(w);

	if (engine_is_name(option(w, "-c")) && engine_is_name(option(w, "-n"))) {
		set(k->id, sizeof(k->id), option(w, "-c"));
		set(k->name, sizeof(k->name), option(w, "-n"));
		set(k->bundle, sizeof(k->bundle), option(w, "-b"));
	} else if (*states == '/' && engine_is_name(last)) {
		if (snprintf(k->state, sizeof(k->state), "%s/%s", states, last) >= (int)sizeof(k->state))
			k->state[0] = '\0';
	}
}

bool engine_keeper(int pid, const char *id, struct engine_keeper *ret)
{
	struct words *w = malloc(sizeof(*w));
	int keeper = w ? keeper_of(pid, id) : 0;

	*ret = (struct engine_keeper){ 0 };
	if (keeper && read_words(keeper, w)) {
		ret->is_roots = proc_is_roots(keeper);
		take(w, ret);
	} else {
		keeper = 0;
	}
	free(w);
	return keeper;
}
