/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads /proc/PID/cgroup and /proc/PID/ns; see container.h. Used by ingest/.
 * MT-safe.
 */
#include "container.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

#define ID_DIGITS 64

/* What engines put before the id in a control group's name: podman, Docker, containerd, CRI-O. */
static const char *const prefixes[] = { "libpod-", "docker-", "cri-containerd-", "crio-", "containerd-", NULL };
/* Above a group that is named by the id alone. */
static const char *const parents[] = { "docker", "kubepods", "libpod_parent", "lxc", NULL };

static bool is_id(const char *s, size_t len)
{
	return len == ID_DIGITS && strspn(s, "0123456789abcdef") >= ID_DIGITS;
}

static bool begins_with_one(const char *s, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (len >= strlen(*words) && strncmp(s, *words, strlen(*words)) == 0)
			return true;
	return false;
}

/* The id in one component of a path; NULL if there is none. `below` an engine's group it may stand alone. */
static const char *id_in(const char *s, size_t len, bool below)
{
	if (len > 6 && strncmp(s + len - 6, ".scope", 6) == 0)
		len -= 6;
	if (is_id(s, len))
		return below ? s : NULL;
	for (const char *const *prefix = prefixes; *prefix; prefix++) {
		size_t n = strlen(*prefix);

		if (len == n + ID_DIGITS && strncmp(s, *prefix, n) == 0 && is_id(s + n, ID_DIGITS))
			return s + n;
	}
	return NULL;
}

/*
 * The outermost: deeper groups may have been made inside the container, with
 * any name.
 */
static const char *id_in_path(const char *path, size_t len)
{
	const char *end = path + len;
	bool below = false;

	while (path < end) {
		size_t n = strcspn(path, "/\n");
		const char *id = id_in(path, n, below);

		if (id)
			return id;
		below |= begins_with_one(path, n, parents);
		path += n + 1;
	}
	return NULL;
}

void container_in_cgroups(const char *text, char ret[static CONTAINER_ID])
{
	ret[0] = '\0';
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *path = memchr(text, ':', len), *id;

		path = path ? memchr(path + 1, ':', len - (size_t)(path + 1 - text)) : NULL;
		id = path ? id_in_path(path + 1, len - (size_t)(path + 1 - text)) : NULL;
		if (id) {
			memcpy(ret, id, ID_DIGITS);
			ret[ID_DIGITS] = '\0';
			return;
		}
		text += len + (text[len] == '\n');
	}
}

/* As in "mnt:[4026531841]"; empty if it can't be seen. */
static void read_namespace(const char *process, const char *name, char ret[static 64])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", process, name);
	n = readlink(path, ret, 63);
	ret[n > 0 ? n : 0] = '\0';
}

/*
 * A container has files of its own and at least one more namespace; files of
 * its own alone may be a service of systemd. "Own" is compared with the
 * system's first process, since we may be in a container ourselves.
 */
static void container_in_namespaces(int pid, char ret[static CONTAINER_ID])
{
	static const char *const others[] = { "pid", "uts", "ipc", "cgroup", NULL };
	char process[16], own[64], its[64], mount[64];
	const char *ours = "1";
	unsigned long inode;

	snprintf(process, sizeof(process), "%d", pid);
	read_namespace(ours, "mnt", own);
	if (!*own) {
		ours = "self";
		read_namespace(ours, "mnt", own);
	}
	read_namespace(process, "mnt", mount);
	if (!*mount || strcmp(own, mount) == 0 || sscanf(mount, "mnt:[%lu]", &inode) != 1)
		return;
	for (const char *const *name = others; *name; name++) {
		read_namespace(ours, *name, own);
		read_namespace(process, *name, its);
		if (*its && strcmp(own, its) != 0) {
			snprintf(ret, CONTAINER_ID, "mnt:%lu", inode);
			return;
		}
	}
}

/* The text of a process's control groups; false if it can't be seen. */
static bool read_cgroups(int pid, char *text, size_t size)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return fd >= 0;
}

void container_of_cgroup(int pid, char ret[static CONTAINER_ID])
{
	char text[8192];

	read_cgroups(pid, text, sizeof(text));
	container_in_cgroups(text, ret);
}

void container_of_process(int pid, char ret[static CONTAINER_ID])
{
	char text[8192];
	bool there = read_cgroups(pid, text, sizeof(text));

	container_in_cgroups(text, ret);
	if (*ret || !there)
		return;
	container_in_namespaces(pid, ret);
	if (*ret)
		engine_identify("", pid, text, ret, CONTAINER_ID);
}
