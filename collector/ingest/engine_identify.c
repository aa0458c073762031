/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Containers that a runtime made without an engine; see engine.h. The names in
 * a control group's path are guesses, and so is what a runtime's command line
 * tells; the state that is found by them proves or disproves it. MT-safe.
 */
#include "engine.h"

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "proc.h"

static const char *const states[] = { "/run/runc/", "/run/crun/" };
static const char *const files[] = { "/state.json", "/status" };

static int64_t number(struct json_object *o, const char *runc, const char *crun)
{
	struct json_object *m = NULL;

	if (!json_object_object_get_ex(o, runc, &m) && !json_object_object_get_ex(o, crun, &m))
		return 0;
	return json_object_get_int64(m);
}

/* Pids recur; with the start time they don't. */
static bool has_its_mounts(struct json_object *o, int pid)
{
	int64_t init = number(o, "init_process_pid", "pid");
	int64_t start = number(o, "init_process_start", "process-start-time");

	return init > 1 && init <= INT32_MAX && start && proc_started((int)init) == (uint64_t)start &&
		engine_same_namespace((int)init, pid, "mnt");
}

/* Some hierarchy's path ends with that of the process up to the guess. */
static bool has_its_cgroup(struct json_object *o, const char *path, size_t len)
{
	struct json_object *all = NULL;

	if (len < 2 || !json_object_object_get_ex(o, "cgroup_paths", &all) ||
	    !json_object_is_type(all, json_type_object))
		return false;
	json_object_object_foreach(all, key, value) {
		const char *its = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
		size_t n = strlen(its);

		(void)key;
		if (n >= len && strncmp(its + n - len, path, len) == 0)
			return true;
	}
	return false;
}

/* The container whose state lies in that folder, if the process is in it. */
static bool proves(const char *folder, int pid, const char *path, size_t len)
{
	bool found = false;
	char name[1024];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !found; i++) {
		struct json_object *o;

		snprintf(name, sizeof(name), "%s%s", folder, files[i]);
		o = engine_read(name);
		found = json_object_is_type(o, json_type_object) &&
			(has_its_mounts(o, pid) || has_its_cgroup(o, path, len));
		json_object_put(o);
	}
	return found;
}

/* A component of a path, as runtimes name groups: NAME, or with systemd PREFIX-NAME.scope. */
static bool try_component(const char *root, int pid, const char *path, const char *at, size_t n, char *ret, size_t size)
{
	char name[256], folder[512];
	const char *dash;

	if (n == 0 || n >= sizeof(name) || n >= size)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)n, at);
	dash = strchr(name, '-');
	if (n > 6 && strcmp(name + n - 6, ".scope") == 0 && dash) {
		name[n - 6] = '\0';
		memmove(name, dash + 1, strlen(dash + 1) + 1);
	}
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]) && engine_is_name(name); i++) {
		snprintf(folder, sizeof(folder), "%s%s%s", root, states[i], name);
		if (proves(folder, pid, path, (size_t)(at + n - path))) {
			strcpy(ret, name);
			return true;
		}
	}
	return false;
}

/* The outermost: deeper groups may have been made inside. */
static bool try_path(const char *root, int pid, const char *path, size_t len, char *ret, size_t size)
{
	const char *end = path + len;

	for (const char *at = path; at < end; at++) {
		size_t n = strcspn(at, "/\n");

		if (try_component(root, pid, path, at, n, ret, size))
			return true;
		at += n;
	}
	return false;
}

bool engine_identify(const char *root, int pid, const char *cgroups, char *ret, size_t size)
{
	struct engine_keeper keeper;
	const char *last = NULL;
	size_t last_len = 0;

	while (*cgroups) {
		size_t len = strcspn(cgroups, "\n");
		const char *path = memchr(cgroups, '/', len);
		size_t n = path ? (size_t)(cgroups + len - path) : 0;

		/* Hierarchies mostly agree: look at each path once. */
		if (path && (!last || n != last_len || memcmp(path, last, n) != 0) &&
		    try_path(root, pid, path, n, ret, size))
			return true;
		last = path;
		last_len = n;
		cgroups += len + (cgroups[len] == '\n');
	}
	if (!engine_keeper(pid, "", &keeper) || !keeper.is_roots || !*keeper.state ||
	    !proves(keeper.state, pid, "", 0))
		return false;
	snprintf(ret, size, "%s", strrchr(keeper.state, '/') + 1);
	return true;
}
