/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls as text; see call_text.h.
 */
#include "call_text.h"

#include <json-c/json.h>
#include <string.h>

#include "format.h"

static void add_value(struct text *t, struct json_object *value, enum sigshim_kind kind);

/* {ss_sp=0x7f..., ss_size=8192} */
static void add_object(struct text *t, struct json_object *value)
{
	const char *sep = "";

	text_addc(t, '{');
	json_object_object_foreach(value, key, member) {
		bool flags = strstr(key, "flags") != NULL;

		text_addf(t, "%s%s=", sep, key);
		add_value(t, member, flags ? SIGSHIM_KIND_SFD_FLAGS : SIGSHIM_KIND_INT);
		sep = ", ";
	}
	text_addc(t, '}');
}

static void add_flags(struct text *t, struct json_object *value)
{
	size_t n = json_object_array_length(value);

	for (size_t i = 0; i < n; i++) {
		if (i)
			text_addc(t, '|');
		add_printable(t, json_object_get_string(json_object_array_get_idx(value, i)));
	}
	if (n == 0)
		text_addc(t, '0');
}

/* [A B], or ~[C] when most signals are in it. */
static void add_set(struct text *t, struct json_object *value)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < json_object_array_length(value); i++) {
		int n = signal_parse(json_object_get_string(json_object_array_get_idx(value, i)));

		if (n > 0)
			mask |= 1ull << (n - 1);
	}
	if (__builtin_popcountll(mask) > 32) {
		add_mask_short(t, mask);
		return;
	}
	text_addc(t, '[');
	add_mask(t, mask);
	text_addc(t, ']');
}

static void add_value(struct text *t, struct json_object *value, enum sigshim_kind kind)
{
	if (json_object_is_type(value, json_type_object))
		add_object(t, value);
	else if (json_object_is_type(value, json_type_array))
		(kind == SIGSHIM_KIND_SFD_FLAGS ? add_flags : add_set)(t, value);
	else
		add_printable(t, value ? json_object_get_string(value) : "NULL");
}

void call_args(struct text *t, const struct log_event *ev)
{
	struct json_object *args = json_tokener_parse(ev->args), *value;
	const char *sep = "";

	for (unsigned int i = 0; i < ev->desc->nargs; i++) {
		if (!json_object_object_get_ex(args, ev->desc->args[i].name, &value))
			continue;
		text_add(t, sep);
		add_value(t, value, ev->desc->args[i].kind);
		sep = ", ";
	}
	json_object_put(args);
}

void call_result(struct text *t, const struct log_event *ev)
{
	char buf[16];
	const char *error = error_text(ev->error, buf);

	/* It has none, but for calls that may not return. */
	if (!event_has_result(ev->desc, ev->error)) {
		text_add(t, ev->desc->via == SIGSHIM_VIA_NOTE ? "" : "= ?");
		return;
	}
	text_add(t, "= ");
	text_addi(t, ev->ret);
	if (error)
		text_addf(t, " %s", error);
}
