/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Containers with connections, by a hash of their id; see owner.h. main-only.
 */
#include "owner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../store/hash.h"
#include "container.h"
#include "loop.h"

static void read_mounts(const char *process, char ret[static 64])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", process);
	n = readlink(path, ret, 63);
	ret[n > 0 ? n : 0] = '\0';
}

/* An engine's id, else the mount namespace where it is not ours. 0: neither. */
static uint64_t key_of(int pid)
{
	char id[CONTAINER_ID], process[16], its[64], ours[64];

	container_of_cgroup(pid, id);
	if (*id)
		return hash_bytes(id, strlen(id), 1) | 1;
	snprintf(process, sizeof(process), "%d", pid);
	read_mounts(process, its);
	read_mounts("self", ours);
	return *its && strcmp(its, ours) != 0 ? hash_bytes(its, strlen(its), 2) | 1 : 0;
}

struct owner *owner_enter(struct ingest *in, int pid)
{
	uint64_t key = pid > 0 ? key_of(pid) : 0;
	struct owner *o;
	int64_t found;

	if (!key)
		return NULL;
	if (map_get(&in->owners, key, &found) && found)
		return owner_again((struct owner *)(intptr_t)found);
	o = calloc(1, sizeof(*o));
	if (!o || map_set(&in->owners, &in->sink.heap, key, (int64_t)(intptr_t)o) < 0) {
		free(o);
		return NULL;
	}
	*o = (struct owner){
		.key = key, .sessions = 1,
		.heap = { .max = in->sink.heap.max / OWNER_SHARE, .parent = &in->sink.heap },
		.rings = { .max = in->sink.rings.max / OWNER_SHARE, .parent = &in->sink.rings },
	};
	return o;
}

struct owner *owner_again(struct owner *o)
{
	if (o)
		o->sessions++;
	return o;
}

void owner_leave(struct ingest *in, struct owner *o)
{
	if (!o || --o->sessions > 0)
		return;
	map_set(&in->owners, &in->sink.heap, o->key, 0);
	free(o);
}
