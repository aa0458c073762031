/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers around json-c; see json.h.
 */
#include "json.h"

#include <inttypes.h>
#include <string.h>

void json_put_string(struct json_object *o, const char *key, const char *value)
{
	struct text t = {};

	if (value)
		add_utf8(&t, value);
	json_object_object_add(o, key, value ? json_object_new_string(text_str(&t)) : NULL);
	text_free(&t);
}

void json_put_int(struct json_object *o, const char *key, int64_t value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

void json_put_address(struct json_object *o, const char *key, uint64_t value)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "0x%" PRIx64, value);
	json_object_object_add(o, key, json_object_new_string(buf));
}

void json_put_mask(struct json_object *o, const char *key, uint64_t mask, bool known)
{
	struct json_object *names = known ? json_object_new_array() : NULL;
	char buf[SIGNAL_NAME_MAX];

	for (int n = 1; known && n <= 64; n++)
		if (mask >> (n - 1) & 1)
			json_object_array_add(names, json_object_new_string(signal_name(n, buf)));
	json_object_object_add(o, key, names);
}

static struct json_object *frame_object(const struct log_frame *f)
{
	struct json_object *j = json_object_new_object();

	if (f->pc)
		json_put_address(j, "pc", f->pc);
	else
		json_object_object_add(j, "pc", NULL);
	json_put_string(j, "module", f->module);
	if (f->module)
		json_put_address(j, "offset", f->offset);
	else
		json_object_object_add(j, "offset", NULL);
	json_put_string(j, "build_id", f->build_id);
	json_put_string(j, "function", f->function);
	json_put_string(j, "file", f->file);
	if (f->file && f->line)
		json_put_int(j, "line", f->line);
	else
		json_object_object_add(j, "line", NULL);
	if (f->inlined)
		json_object_object_add(j, "inlined", json_object_new_boolean(true));
	return j;
}

void json_put_stack(struct json_object *o, const struct log_frame *frames, int n)
{
	struct json_object *stack = json_object_new_array();
	struct text name = {};

	if (n > 0)
		frame_name(&name, &frames[0]);
	json_put_string(o, "caller", n > 0 ? text_str(&name) : NULL);
	for (int i = 0; i < n; i++)
		json_object_array_add(stack, frame_object(&frames[i]));
	json_object_object_add(o, "stack", stack);
	text_free(&name);
}

void json_put_args(struct json_object *o, const struct log_event *ev)
{
	struct text args = {};

	add_utf8(&args, ev->args);
	json_object_object_add(o, "args", json_tokener_parse(text_str(&args)));
	text_free(&args);
}

static void write_json(struct text *t, struct json_object *o, size_t cut)
{
	size_t len;
	const char *s = json_object_to_json_string_length(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	if (s && len >= 2 * cut)
		text_addn(t, s + cut, len - 2 * cut);
	else
		t->failed = true;
	json_object_put(o);
}

void json_write(struct text *t, struct json_object *o)
{
	write_json(t, o, 0);
}

void json_write_inner(struct text *t, struct json_object *o)
{
	write_json(t, o, 1);
}

uint64_t json_raw(struct json_object *raw, unsigned int i)
{
	struct json_object *o;

	if (!json_object_is_type(raw, json_type_array) || i >= json_object_array_length(raw))
		return 0;
	o = json_object_array_get_idx(raw, i);
	/* Above INT64_MAX only the unsigned accessor has the value. */
	return json_object_get_int64(o) < 0 ? (uint64_t)json_object_get_int64(o) : json_object_get_uint64(o);
}
