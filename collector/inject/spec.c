/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The editor of OCI runtime specifications: mounts and environment, and
 * nothing else. What it doesn't know stays, in its order; numbers keep their
 * digits. For the channels of this folder and cli/. MT-safe.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64

/* --- text to objects and back ------------------------------------------------ */

/* Whether a number is one that json-c keeps: it makes integers fit, silently. */
static bool is_kept(const char *text, size_t len)
{
	char digits[24];

	if (memchr(text, '.', len) || memchr(text, 'e', len) || memchr(text, 'E', len))
		return true;	/* these keep their text */
	if (len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	errno = 0;
	if (*digits == '-')
		strtoll(digits, NULL, 10);
	else
		strtoull(digits, NULL, 10);
	return errno == 0;
}

/* All numbers of a text that was parsed already; nor does JSON have strings in single quotes. */
static bool numbers_are_kept(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"') {
			while (++i < len && text[i] != '"')
				i += text[i] == '\\';
		} else if (text[i] == '-' || (text[i] >= '0' && text[i] <= '9')) {
			size_t begin = i;

			while (i < len && text[i] && strchr("+-.0123456789eE", text[i]))
				i++;
			if (!is_kept(text + begin, i - begin))
				return false;
			i--;
		} else if (text[i] == '\'') {
			return false;
		}
	}
	return true;
}

/* A whole text that is one object; NULL if it is none, or json-c would lose something of it. */
static struct json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tok;
	struct json_object *o;
	size_t end;

	/* In the name of a member it would end the name. */
	if (len > INJECT_MAX_SPEC || memmem(text, len, "\\u0000", 6))
		return NULL;
	tok = json_tokener_new_ex(MAX_DEPTH);
	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 |
			       JSON_TOKENER_ALLOW_TRAILING_CHARS);
	o = json_tokener_parse_ex(tok, text, (int)len);
	end = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);
	while (o && end < len && strchr(" \t\r\n", text[end]) && text[end])
		end++;
	if (end == len && json_object_is_type(o, json_type_object) && numbers_are_kept(text, len))
		return o;
	json_object_put(o);
	return NULL;
}

/* As people's tools write it, if that is how it was written. */
static int style_of(const char *text, size_t len)
{
	return memchr(text, '\n', len < 4 ? len : 4) ?
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_PRETTY_TAB :
		JSON_C_TO_STRING_PLAIN;
}

int json_text(struct json_object *o, int flags, struct inject_text *ret)
{
	size_t len = 0;
	const char *text = json_object_to_json_string_length(o, flags | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	char *bytes = text ? malloc(len + 1) : NULL;

	if (bytes) {
		memcpy(bytes, text, len);
		bytes[len] = '\n';
		*ret = (struct inject_text){ bytes, len + 1 };
	}
	json_object_put(o);
	return bytes ? 0 : -ENOMEM;
}

struct json_object *string_array(const char *const *words)
{
	struct json_object *list = json_object_new_array();

	for (; *words; words++)
		json_object_array_add(list, json_object_new_string(*words));
	return list;
}

/* The member, of this type; made where there is none. NULL: it is of another type. */
static struct json_object *member(struct json_object *o, const char *name, enum json_type type)
{
	struct json_object *m = NULL;

	if (json_object_object_get_ex(o, name, &m) && m)
		return json_object_is_type(m, type) ? m : NULL;
	m = type == json_type_array ? json_object_new_array() : json_object_new_object();
	json_object_object_add(o, name, m);
	return m;
}

/* A member's text; "" where it is none. */
static const char *text_of(struct json_object *o, const char *name)
{
	struct json_object *m = NULL;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, name, &m) ||
	    !json_object_is_type(m, json_type_string))
		return "";
	return json_object_get_string(m);
}

static bool is_annotated(struct json_object *spec)
{
	struct json_object *all = NULL;

	return json_object_object_get_ex(spec, "annotations", &all) &&
		strcmp(text_of(all, INJECT_ANNOTATION), "true") == 0;
}

/* --- mounts ------------------------------------------------------------------ */

static size_t find_mount(struct json_object *mounts, const char *destination)
{
	size_t n = json_object_array_length(mounts), i = 0;

	while (i < n && strcmp(text_of(json_object_array_get_idx(mounts, i), "destination"), destination) != 0)
		i++;
	return i;
}

/* At the end, so that it lies on top of what else is mounted. */
static int set_mount(struct json_object *mounts, const char *destination, const char *file, const char *const *options)
{
	struct json_object *mount = json_object_new_object();
	char *source = directory_of(file);
	int r = source ? 0 : -ENOMEM;

	if (r == 0) {
		json_object_object_add(mount, "destination", json_object_new_string(destination));
		json_object_object_add(mount, "type", json_object_new_string("bind"));
		json_object_object_add(mount, "source", json_object_new_string(source));
		json_object_object_add(mount, "options", string_array(options));
		r = json_object_array_put_idx(mounts, find_mount(mounts, destination), mount) < 0 ? -ENOMEM : 0;
	}
	if (r < 0)
		json_object_put(mount);
	free(source);
	return r;
}

/* --- environment ------------------------------------------------------------- */

/* Its value; of several the last, which is the one that runtimes pass on. */
static const char *find_env(struct json_object *env, const char *name, size_t *ret_index)
{
	size_t len = strlen(name);

	for (size_t i = json_object_array_length(env); i-- > 0;) {
		struct json_object *o = json_object_array_get_idx(env, i);
		const char *word = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";

		if (strncmp(word, name, len) == 0 && word[len] == '=') {
			*ret_index = i;
			return word + len + 1;
		}
	}
	*ret_index = json_object_array_length(env);
	return NULL;
}

static int set_env(struct json_object *env, const char *name, const char *value, const char *rest)
{
	struct json_object *o;
	char *word;
	size_t i;

	find_env(env, name, &i);
	if (asprintf(&word, "%s=%s%s%s", name, value, rest && *rest ? ":" : "", rest ? rest : "") < 0)
		return -ENOMEM;
	o = json_object_new_string(word);
	free(word);
	return json_object_array_put_idx(env, i, o) < 0 ? -ENOMEM : 0;
}

/* Whether a list, separated as LD_PRELOAD is, begins with the path; and what follows. */
static bool begins_with(const char *list, const char *path, const char **ret_rest)
{
	size_t len = strlen(path);

	if (!list || strncmp(list, path, len) != 0 || !strchr(" :", list[len]))
		return false;
	*ret_rest = list[len] ? list + len + 1 : "";
	return true;
}

static int set_words(struct json_object *env, const struct inject_settings *s)
{
	int r = 0;

	for (unsigned int i = 0; i < s->nenv && r == 0; i++) {
		const char *equals = strchr(s->env[i], '=');
		char *name = equals ? strndup(s->env[i], (size_t)(equals - s->env[i])) : NULL;

		r = name ? set_env(env, name, equals + 1, NULL) : -EINVAL;
		free(name);
	}
	return r;
}

static int edit_env(struct json_object *env, const struct inject_settings *s)
{
	char library[CONTAINER_PATH], socket[CONTAINER_PATH];
	const char *before, *rest;
	size_t i;
	int r = container_library(s, library, sizeof(library));

	if (r == 0)
		r = container_socket(s, socket, sizeof(socket));
	if (r < 0)
		return r;
	before = find_env(env, "LD_PRELOAD", &i);
	if (!begins_with(before, library, &rest))
		r = set_env(env, "LD_PRELOAD", library, before);
	if (r == 0)
		r = set_env(env, "SIGSHIM_SOCKET", socket, NULL);
	return r == 0 ? set_words(env, s) : r;
}

/* --- in and out ---------------------------------------------------------------- */

static int edit(struct json_object *spec, const struct inject_settings *s)
{
	static const char *const library_options[] = { LIBRARY_OPTIONS }, *const socket_options[] = { SOCKET_OPTIONS };
	struct json_object *mounts = member(spec, "mounts", json_type_array), *process = NULL, *env;
	int r;

	if (!mounts || !json_object_object_get_ex(spec, "process", &process) ||
	    !json_object_is_type(process, json_type_object))
		return -EBADMSG;
	env = member(process, "env", json_type_array);
	if (!env)
		return -EBADMSG;
	r = set_mount(mounts, INJECT_LIBRARY_DIR, s->library, library_options);
	if (r == 0)
		r = set_mount(mounts, INJECT_SOCKET_DIR, s->socket, socket_options);
	return r == 0 ? edit_env(env, s) : r;
}

int spec_wants(const char *text, size_t len)
{
	struct json_object *spec = parse(text, len);
	int r = spec ? is_annotated(spec) : -EBADMSG;

	json_object_put(spec);
	return r;
}

int spec_inject(const char *text, size_t len, const struct inject_settings *s, struct inject_text *ret)
{
	struct json_object *spec = parse(text, len);
	int r = spec ? edit(spec, s) : -EBADMSG;

	if (r == 0)
		return json_text(spec, style_of(text, len), ret);
	json_object_put(spec);
	return r;
}

/* The library at the list's beginning, and with it the settings of ours. */
static bool strip_env(struct json_object *env)
{
	static const char mark[] = INJECT_LIBRARY_DIR "/";
	bool found = false;
	const char *list;
	size_t i;

	list = find_env(env, "LD_PRELOAD", &i);
	if (list && strncmp(list, mark, sizeof(mark) - 1) == 0) {
		const char *rest = list + strcspn(list, " :");
		char *kept = *rest ? strdup(rest + 1) : NULL;

		found = true;
		if (kept)
			set_env(env, "LD_PRELOAD", kept, NULL);
		else
			json_object_array_del_idx(env, i, 1);
		free(kept);
	}
	for (i = json_object_array_length(env); found && i-- > 0;) {
		struct json_object *o = json_object_array_get_idx(env, i);

		if (json_object_is_type(o, json_type_string) && strncmp(json_object_get_string(o), "SIGSHIM_", 8) == 0)
			json_object_array_del_idx(env, i, 1);
	}
	return found;
}

static bool strip_mounts(struct json_object *mounts)
{
	static const char *const ours[] = { INJECT_LIBRARY_DIR, INJECT_SOCKET_DIR };
	bool found = false;

	for (unsigned int i = 0; i < 2; i++) {
		size_t at = find_mount(mounts, ours[i]);

		if (at < json_object_array_length(mounts)) {
			json_object_array_del_idx(mounts, at, 1);
			found = true;
		}
	}
	return found;
}

int spec_strip(const char *text, size_t len, struct inject_text *ret)
{
	struct json_object *spec = parse(text, len), *process = NULL, *list = NULL;
	bool found = false;
	int r;

	if (!spec)
		return -EBADMSG;
	if (json_object_object_get_ex(spec, "mounts", &list) && json_object_is_type(list, json_type_array))
		found |= strip_mounts(list);
	if (json_object_object_get_ex(spec, "process", &process) && json_object_is_type(process, json_type_object) &&
	    json_object_object_get_ex(process, "env", &list) && json_object_is_type(list, json_type_array))
		found |= strip_env(list);
	if (!found) {
		json_object_put(spec);
		return 0;
	}
	r = json_text(spec, style_of(text, len), ret);
	return r < 0 ? r : 1;
}
