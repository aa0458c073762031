/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where engines keep what they know of a container; see engine.h. Below the
 * paths that are fixed only root can write. MT-safe.
 */
#include "engine.h"

#include <glob.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* Around the id. The first that knows a fact is believed. */
static const struct {
	const char *before, *after;
} documents[] = {
	{ "/run/runc/", "/state.json" },
	{ "/run/containerd/runc/*/", "/state.json" },
	{ "/run/docker/runtime-runc/*/", "/state.json" },
	{ "/run/containerd/io.containerd.runtime.v2.task/*/", "/config.json" },
	{ "/run/crun/", "/config.json" },
	{ "/run/crun/", "/status" },
	{ "/run/containers/storage/*-containers/", "/userdata/config.json" },
	{ "/var/lib/containers/storage/*-containers/", "/userdata/config.json" },
	{ "/var/lib/docker/containers/", "/config.v2.json" },
};

static void take_file(const char *path, struct engine_facts *f)
{
	struct json_object *o = engine_read(path);

	engine_take_document(o, f);
	json_object_put(o);
}

static void take_documents(const char *root, const char *id, struct engine_facts *f)
{
	char pattern[1024];
	glob_t found;

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		snprintf(pattern, sizeof(pattern), "%s%s%s%s", root, documents[i].before, id, documents[i].after);
		if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++)
			take_file(found.gl_pathv[k], f);
		globfree(&found);
	}
}

/* podman's and CRI-O's bundle is STORAGE/overlay-containers/ID/userdata; the list is two above. */
static void take_storage(const char *root, const char *id, struct engine_facts *f)
{
	char path[1024];
	struct json_object *o;

	if (*f->bundle != '/' || (*f->name && *f->image))
		return;
	snprintf(path, sizeof(path), "%s%s/../../containers.json", root, f->bundle);
	o = engine_read(path);
	engine_take_storage(o, id, f);
	json_object_put(o);
}

bool engine_ask(const char *root, const char *id, const struct engine_keeper *keeper, struct engine_facts *ret)
{
	bool known = keeper && strcmp(keeper->id, id) == 0;
	struct engine_facts f = { 0 };

	if (!engine_is_name(id))
		return false;
	take_documents(root, id, &f);
	if (!*f.bundle && known && keeper->is_roots)
		strcpy(f.bundle, keeper->bundle);
	take_storage(root, id, &f);
	if (!*f.name && known)
		strcpy(f.name, keeper->name);
	if (!*f.name && !*f.image && !*f.pod)
		return false;
	*ret = f;
	return true;
}
