/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an engine says of a container, into the log; see told.h. main-only.
 */
#include "told.h"

#include <string.h>

#include "../store/container.h"
#include "../store/hash.h"
#include "container.h"
#include "engine.h"
#include "sink.h"

#define TRIES 4		/* an engine may write it after the start */

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static bool tell(struct sink *sink, const char *id, const struct engine_facts *f)
{
	return sink_container(sink, &(struct container_info){
		.id = id, .name = or_null(f->name), .image = or_null(f->image), .pod = or_null(f->pod),
		.namespace = or_null(f->namespace), .pod_uid = or_null(f->pod_uid), .labels = or_null(f->labels),
	});
}

void told_container(struct told *t, struct sink *sink, const char *id, int pid)
{
	uint64_t hash = hash_bytes(id, strlen(id), 1) | 1;
	unsigned int i = hash / 2 % TOLD_MAX;
	char its[CONTAINER_ID];
	struct engine_keeper keeper;
	struct engine_facts facts;
	bool kept;

	if (t->entry[i].hash != hash) {
		t->entry[i].hash = hash;
		t->entry[i].left = TRIES;
	}
	if (!t->entry[i].left)
		return;
	t->entry[i].left--;
	container_of_cgroup(pid, its);
	kept = engine_keeper(pid, its, &keeper);
	if (engine_ask("", id, kept ? &keeper : NULL, &facts) && tell(sink, id, &facts) && *facts.image)
		t->entry[i].left = 0;
}
