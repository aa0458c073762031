/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words that filters take; see vocabulary.h.
 */
#include "vocabulary.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../table/table.h"
#include "text.h"

#define MAX_ERRNO 133
#define MAX_WORDS 256

static bool event_at(unsigned int i, char buf[static 24], const char **ret_name, int64_t *ret_value)
{
	const struct event_desc *d = event_by_id(i + 1);

	*ret_name = d ? d->name : NULL;
	*ret_value = i + 1;
	return i < SIGSHIM_EV_MAX;
}

static bool origin_at(unsigned int i, char buf[static 24], const char **ret_name, int64_t *ret_value)
{
	*ret_name = origin_name((int)i + 1);
	*ret_value = i + 1;
	return *ret_name;
}

static bool signal_at(unsigned int i, char buf[static 24], const char **ret_name, int64_t *ret_value)
{
	if (i >= 64)
		return false;
	*ret_name = signal_name(i + 1, buf);
	*ret_value = i + 1;
	return true;
}

static bool signal_alias(const char *text, int64_t *ret_value)
{
	int n = signal_parse(text);

	*ret_value = n;
	return n > 0;
}

static bool errno_at(unsigned int i, char buf[static 24], const char **ret_name, int64_t *ret_value)
{
	if (i > MAX_ERRNO)
		return false;
	*ret_name = i ? errno_name(i) : "null";
	*ret_value = i;
	return true;
}

static bool errno_alias(const char *text, int64_t *ret_value)
{
	int n = errno_parse(text);

	*ret_value = n;
	return n >= 0;
}

static bool how_at(unsigned int i, char buf[static 24], const char **ret_name, int64_t *ret_value)
{
	return flag_at("how", i, ret_name, ret_value);
}

/* "block" for SIG_BLOCK; numbers, since programs also pass wrong ones. */
static bool how_alias(const char *text, int64_t *ret_value)
{
	const char *name;
	char *end;

	for (unsigned int i = 0; flag_at("how", i, &name, ret_value); i++)
		if (strcasecmp(name + strlen("SIG_"), text) == 0)
			return true;
	*ret_value = strtoll(text, &end, 0);
	return *text && !*end;
}

const struct vocabulary vocabulary_event = { "event", event_at, NULL };
const struct vocabulary vocabulary_origin = { "origin", origin_at, NULL };
const struct vocabulary vocabulary_signal = { "signal", signal_at, signal_alias };
const struct vocabulary vocabulary_errno = { "errno", errno_at, errno_alias };
const struct vocabulary vocabulary_how = { "how", how_at, how_alias };

char *unknown_word(const char *what, const char *text, const char *const *names)
{
	const char *near = nearest(text, names);
	struct text t = {};

	text_addf(&t, "unknown %s '%s'", what, text);
	if (near)
		text_addf(&t, "; did you mean '%s'?", near);
	text_addf(&t, "%s valid:", near ? "" : ";");
	for (int i = 0; names[i]; i++)
		text_addf(&t, "%s %s", i ? "," : "", names[i]);
	return text_take(&t);
}

static char *unknown_in(const struct vocabulary *v, const char *text)
{
	char made[MAX_WORDS][24];
	const char *names[MAX_WORDS + 1], *name;
	unsigned int n = 0;
	int64_t value;

	for (unsigned int i = 0; i < MAX_WORDS && v->at(i, made[n], &name, &value); i++) {
		bool known = !name;

		for (unsigned int k = 0; k < n && !known; k++)
			known = strcmp(names[k], name) == 0;
		if (!known)
			names[n++] = name;
	}
	names[n] = NULL;
	return unknown_word(v->what, text, names);
}

int vocabulary_match(const struct vocabulary *v, const char *text, bool glob,
		     void (*fn)(int64_t value, void *arg), void *arg, char **ret_error)
{
	const char *name;
	char buf[24];
	int64_t value;
	int n = 0;

	for (unsigned int i = 0; v->at(i, buf, &name, &value); i++) {
		if (!name)
			continue;
		if (glob ? fnmatch(text, name, FNM_CASEFOLD) == 0 : strcasecmp(text, name) == 0) {
			fn(value, arg);
			n++;
		}
	}
	if (!n && !glob && v->parse && v->parse(text, &value)) {
		fn(value, arg);
		n++;
	}
	if (!n)
		*ret_error = unknown_in(v, text);
	return n ? n : -EINVAL;
}
