/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is written for others to read: a CDI specification, a hooks.d file,
 * flags for docker and podman; see inject.h. For cli/. MT-safe.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The oldest that engines take; what is used here has not changed since. */
#define CDI_VERSION "0.3.0"
#define PRETTY (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED)

static int in_container(const char *dir, const char *file, char *ret, size_t size)
{
	const char *slash = strrchr(file, '/');
	int n = snprintf(ret, size, "%s/%s", dir, slash ? slash + 1 : file);

	/* LD_PRELOAD separates by these. */
	if (n >= (int)size || strpbrk(ret, " :"))
		return -EINVAL;
	return 0;
}

int container_library(const struct inject_settings *s, char *ret, size_t size)
{
	return in_container(INJECT_LIBRARY_DIR, s->library, ret, size);
}

int container_socket(const struct inject_settings *s, char *ret, size_t size)
{
	return in_container(INJECT_SOCKET_DIR, s->socket, ret, size);
}

/* Everything that is set: calls `add` with each word NAME=value. */
static int each_word(const struct inject_settings *s, void (*add)(const char *word, void *arg), void *arg)
{
	char library[CONTAINER_PATH], socket[CONTAINER_PATH], word[CONTAINER_PATH + 32];
	int r = container_library(s, library, sizeof(library));

	if (r == 0)
		r = container_socket(s, socket, sizeof(socket));
	if (r < 0)
		return r;
	snprintf(word, sizeof(word), "LD_PRELOAD=%s", library);
	add(word, arg);
	snprintf(word, sizeof(word), "SIGSHIM_SOCKET=%s", socket);
	add(word, arg);
	for (unsigned int i = 0; i < s->nenv; i++)
		add(s->env[i], arg);
	return 0;
}

/* --- CDI ------------------------------------------------------------------------ */

static void add_to_array(const char *word, void *arg)
{
	json_object_array_add(arg, json_object_new_string(word));
}

static void add_cdi_mount(struct json_object *mounts, const char *file, const char *destination,
			  const char *const *options)
{
	struct json_object *mount = json_object_new_object();
	char *dir = directory_of(file);

	json_object_object_add(mount, "hostPath", json_object_new_string(dir ? dir : ""));
	json_object_object_add(mount, "containerPath", json_object_new_string(destination));
	json_object_object_add(mount, "options", string_array(options));
	json_object_array_add(mounts, mount);
	free(dir);
}

int cdi_text(const struct inject_settings *s, struct inject_text *ret)
{
	static const char *const library_options[] = { LIBRARY_OPTIONS }, *const socket_options[] = { SOCKET_OPTIONS };
	struct json_object *spec = json_object_new_object(), *devices = json_object_new_array(),
		*device = json_object_new_object(), *edits = json_object_new_object(),
		*env = json_object_new_array(), *mounts = json_object_new_array();
	int r;

	json_object_object_add(spec, "cdiVersion", json_object_new_string(CDI_VERSION));
	json_object_object_add(spec, "kind", json_object_new_string(INJECT_CDI_KIND));
	json_object_object_add(spec, "devices", devices);
	json_object_array_add(devices, device);
	json_object_object_add(device, "name", json_object_new_string("default"));
	json_object_object_add(device, "containerEdits", edits);
	json_object_object_add(edits, "env", env);
	json_object_object_add(edits, "mounts", mounts);
	add_cdi_mount(mounts, s->library, INJECT_LIBRARY_DIR, library_options);
	add_cdi_mount(mounts, s->socket, INJECT_SOCKET_DIR, socket_options);
	r = each_word(s, add_to_array, env);
	if (r < 0) {
		json_object_put(spec);
		return r;
	}
	return json_text(spec, PRETTY, ret);
}

/* --- hooks.d -------------------------------------------------------------------- */

int hook_text(const char *const *argv, struct inject_text *ret)
{
	static const char *const stages[] = { "precreate", NULL };
	struct json_object *o = json_object_new_object(), *hook = json_object_new_object(),
		*when = json_object_new_object(), *annotations = json_object_new_object();

	json_object_object_add(o, "version", json_object_new_string("1.0.0"));
	json_object_object_add(o, "hook", hook);
	json_object_object_add(hook, "path", json_object_new_string(argv[0]));
	json_object_object_add(hook, "args", string_array(argv));
	json_object_object_add(o, "when", when);
	json_object_object_add(when, "annotations", annotations);
	/* Both are regular expressions. */
	json_object_object_add(annotations, "^sigshim\\.dev/inject$", json_object_new_string("^true$"));
	json_object_object_add(o, "stages", string_array(stages));
	return json_text(o, PRETTY, ret);
}

/* --- flags ---------------------------------------------------------------------- */

struct writer {
	FILE *f;
	bool compose;
};

/* In YAML as a JSON string, which it is a part of; on a command line as it is. */
static void write_word(const char *word, void *arg)
{
	struct writer *w = arg;

	if (w->compose) {
		struct json_object *o = json_object_new_string(word);

		fprintf(w->f, "  - %s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	} else {
		fprintf(w->f, "-e %s\n", word);
	}
}

static int write_volume(struct writer *w, const char *file, const char *destination)
{
	char *dir = directory_of(file), *word;
	int n;

	if (!dir)
		return -ENOMEM;
	n = asprintf(&word, "%s:%s:ro", dir, destination);
	if (n >= 0 && strpbrk(dir, " \t\n:\"'$\\*?[")) {
		n = -EINVAL;
		free(word);
	}
	free(dir);
	if (n < 0)
		return n == -EINVAL ? n : -ENOMEM;
	fprintf(w->f, w->compose ? "  - \"%s\"\n" : "-v %s\n", word);
	free(word);
	return 0;
}

int flags_text(const struct inject_settings *s, bool compose, struct inject_text *ret)
{
	struct inject_text text = { NULL, 0 };
	struct writer w = { open_memstream(&text.bytes, &text.len), compose };
	int r;

	if (!w.f)
		return -ENOMEM;
	if (compose)
		fputs("environment:\n", w.f);
	r = each_word(s, write_word, &w);
	if (compose)
		fputs("volumes:\n", w.f);
	if (r == 0)
		r = write_volume(&w, s->library, INJECT_LIBRARY_DIR);
	if (r == 0)
		r = write_volume(&w, s->socket, INJECT_SOCKET_DIR);
	if (fclose(w.f) != 0 && r == 0)
		r = -ENOMEM;
	if (r < 0)
		free(text.bytes);
	else
		*ret = text;
	return r;
}
