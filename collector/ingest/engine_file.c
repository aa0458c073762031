/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of engines and runtimes; see engine.h. They all say it in JSON,
 * with members by which they can be told apart, so one function takes them
 * all. MT-safe.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_STATE (1 << 20)	/* bytes; runc's has some 40 KB, a list of a thousand containers 600 KB */
#define MAX_DEPTH 32

static struct json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(MAX_DEPTH);
	struct json_object *o = tok ? json_tokener_parse_ex(tok, text, (int)len) : NULL;

	if (tok)
		json_tokener_free(tok);
	return o;
}

struct json_object *engine_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct json_object *o = NULL;
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= MAX_STATE) {
		text = malloc((size_t)st.st_size);
		n = text ? read(fd, text, (size_t)st.st_size) : -1;
		o = n > 0 ? parse(text, (size_t)n) : NULL;
		free(text);
	}
	close(fd);
	return o;
}

static struct json_object *member(struct json_object *o, const char *name, enum json_type type)
{
	struct json_object *m = NULL;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, name, &m))
		return NULL;
	return json_object_is_type(m, type) ? m : NULL;
}

const char *engine_text(struct json_object *o, const char *name)
{
	struct json_object *m = member(o, name, json_type_string);

	return m ? json_object_get_string(m) : NULL;
}

/* Whole or not at all; the first that says it is right. */
static void take(char *field, size_t size, const char *value)
{
	if (!*field && value && strlen(value) < size)
		strcpy(field, value);
}
#define TAKE(facts, field, value) take((facts)->field, sizeof((facts)->field), value)

/* Of containerd's CRI plug-in, CRI-O, Docker under Kubernetes, and nerdctl. */
static void take_annotation(const char *key, const char *value, struct engine_facts *f)
{
	static const struct {
		const char *key;
		size_t at, size;
	} known[] = {
#define KEY(name, field) { name, offsetof(struct engine_facts, field), sizeof(((struct engine_facts *)0)->field) }
		KEY("io.kubernetes.cri.container-name", name), KEY("io.kubernetes.container.name", name),
		KEY("io.kubernetes.cri.image-name", image), KEY("io.kubernetes.cri-o.ImageName", image),
		KEY("io.kubernetes.cri.sandbox-name", pod), KEY("io.kubernetes.pod.name", pod),
		KEY("io.kubernetes.cri.sandbox-namespace", namespace), KEY("io.kubernetes.pod.namespace", namespace),
		KEY("io.kubernetes.cri.sandbox-uid", pod_uid), KEY("io.kubernetes.pod.uid", pod_uid),
		KEY("io.kubernetes.cri-o.Labels", labels), KEY("nerdctl/name", name), KEY("bundle", bundle),
#undef KEY
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(key, known[i].key) == 0)
			take((char *)f + known[i].at, known[i].size, value);
}

/* runc keeps annotations as words KEY=VALUE. */
static void take_words(struct json_object *list, struct engine_facts *f)
{
	size_t n = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *word = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";
		const char *equals = strchr(word, '=');
		char *key = equals ? strndup(word, (size_t)(equals - word)) : NULL;

		if (key)
			take_annotation(key, equals + 1, f);
		free(key);
	}
}

static void take_members(struct json_object *o, struct engine_facts *f)
{
	if (!o)
		return;
	json_object_object_foreach(o, key, value)
		if (json_object_is_type(value, json_type_string))
			take_annotation(key, json_object_get_string(value), f);
}

void engine_take_document(struct json_object *o, struct engine_facts *f)
{
	struct json_object *docker = member(o, "Config", json_type_object);
	const char *name = engine_text(o, "Name");

	take_words(member(member(o, "config", json_type_object), "labels", json_type_array), f);
	take_members(member(o, "annotations", json_type_object), f);
	TAKE(f, bundle, engine_text(o, "bundle"));
	if (!docker)
		return;
	take_members(member(docker, "Labels", json_type_object), f);
	TAKE(f, image, engine_text(docker, "Image"));
	TAKE(f, name, name && *name == '/' ? name + 1 : name);
}

void engine_take_storage(struct json_object *list, const char *id, struct engine_facts *f)
{
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i), *more;
		const char *its = engine_text(o, "id"), *metadata = engine_text(o, "metadata");

		if (!its || strcmp(its, id) != 0)
			continue;
		more = metadata ? parse(metadata, strlen(metadata)) : NULL;
		TAKE(f, image, engine_text(more, "image-name"));
		TAKE(f, name, engine_text(more, "name"));
		json_object_put(more);
		return;
	}
}
