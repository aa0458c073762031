/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting by a key; see count.h. main-only.
 */
#include "count.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "text.h"

struct row {
	char *value;	/* NULL: none */
	int64_t count;
};

struct counter {
	struct store *store;
	const struct count_key *key;
	struct row *rows;
	size_t n, size;
};

struct count_key {
	const char *name;
	const char *sql;
	/* Turns a group into rows; NULL: the group's value is the row's. */
	int (*expand)(struct counter *c, const char *group, int64_t count);
};

static int add_row(struct counter *c, const char *value, int64_t count)
{
	if (c->n == c->size) {
		size_t size = c->size ? 2 * c->size : 256;
		struct row *rows = reallocarray(c->rows, size, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		c->rows = rows;
		c->size = size;
	}
	c->rows[c->n] = (struct row){ value ? strdup(value) : NULL, count };
	if (value && !c->rows[c->n].value)
		return -ENOMEM;
	c->n++;
	return 0;
}

static int expand_event(struct counter *c, const char *group, int64_t count)
{
	const struct event_desc *d = event_by_id(atoi(group));

	return add_row(c, d ? d->name : group, count);
}

static int expand_origin(struct counter *c, const char *group, int64_t count)
{
	const char *name = origin_name(atoi(group));

	return add_row(c, name ? name : group, count);
}

static int expand_how(struct counter *c, const char *group, int64_t count)
{
	const char *name = group ? flag_name("how", strtoll(group, NULL, 10)) : NULL;

	return add_row(c, name ? name : group, count);
}

static int expand_errno(struct counter *c, const char *group, int64_t count)
{
	const char *name = errno_name(atoi(group));

	return add_row(c, name ? name : strcmp(group, "0") == 0 ? NULL : group, count);
}

static int expand_signals(struct counter *c, const char *group, int64_t count)
{
	uint64_t set = strtoll(group, NULL, 10);
	char buf[SIGNAL_NAME_MAX];
	int r = set ? 0 : add_row(c, NULL, count);

	for (int n = 1; n <= 64 && r == 0; n++)
		if (set >> (n - 1) & 1)
			r = add_row(c, signal_name(n, buf), count);
	return r;
}

/* The frames of the stack that a group is; 0 frames for no stack. */
static int frames_of(struct counter *c, const char *group, const struct log_frame **ret)
{
	return group ? store_stack_read(c->store, strtoll(group, NULL, 10), 0, ret, NULL) : 0;
}

static int expand_caller(struct counter *c, const char *group, int64_t count)
{
	const struct log_frame *frames;
	int n = frames_of(c, group, &frames), r;
	struct text t = {};

	if (n <= 0)
		return n < 0 ? n : add_row(c, NULL, count);
	frame_name(&t, &frames[0]);
	r = add_row(c, text_str(&t), count);
	text_free(&t);
	return r;
}

/* Counts each value once a stack, also when it recurs in it. */
static int expand_each(struct counter *c, const char *group, int64_t count, bool modules)
{
	const struct log_frame *frames;
	int n = frames_of(c, group, &frames), r = n < 0 ? n : 0;

	for (int i = 0; i < n && r == 0; i++) {
		const char *value = modules ? frames[i].module : frames[i].function;
		bool seen = !value;

		for (int k = 0; k < i && !seen; k++) {
			const char *other = modules ? frames[k].module : frames[k].function;

			seen = other && strcmp(other, value) == 0;
		}
		if (!seen)
			r = add_row(c, value, count);
	}
	return n == 0 ? add_row(c, NULL, count) : r;
}

static int expand_function(struct counter *c, const char *group, int64_t count)
{
	return expand_each(c, group, count, false);
}

static int expand_module(struct counter *c, const char *group, int64_t count)
{
	return expand_each(c, group, count, true);
}

/* Outermost first, joined by semicolons: the form that flame graphs read. */
static int expand_stack(struct counter *c, const char *group, int64_t count)
{
	const struct log_frame *frames;
	int n = frames_of(c, group, &frames), r;
	struct text t = {};

	if (n <= 0)
		return n < 0 ? n : add_row(c, NULL, count);
	while (n-- > 0) {
		frame_name(&t, &frames[n]);
		if (n)
			text_addc(&t, ';');
	}
	r = add_row(c, text_str(&t), count);
	text_free(&t);
	return r;
}

static const struct count_key keys[] = {
	{ "event", "c.event", expand_event },
	{ "pid", "p.pid", NULL },
	{ "tid", "t.tid", NULL },
	{ "comm", "p.comm", NULL },
	{ "exe", "p.exe", NULL },
	{ "signal", "c.signals", expand_signals },
	{ "how", "c.how", expand_how },
	{ "ret", "c.ret", NULL },
	{ "errno", "c.error", expand_errno },
	{ "function", "c.stack", expand_function },
	{ "module", "c.stack", expand_module },
	{ "caller", "c.stack", expand_caller },
	{ "run", "p.run", NULL },
	{ "thread", "e.thread", NULL },
	{ "host_pid", "p.host_pid", NULL },
	{ "host_tid", "t.host_tid", NULL },
	{ "origin", "(c.flags >> 4)", expand_origin },
	{ "uid", "p.uid", NULL },
	{ "stack", "c.stack", expand_stack },
	{ "container", "p.container", NULL },
	{ "image", "(SELECT image FROM containers WHERE id = p.container)", NULL },
	{ "pod", "(SELECT pod FROM containers WHERE id = p.container)", NULL },
};
#define NKEYS (sizeof(keys) / sizeof(keys[0]))

const char *const count_keys[] = {
	"event", "pid", "tid", "comm", "exe", "signal", "how", "ret", "errno", "function", "module",
	"caller", "run", "thread", "host_pid", "host_tid", "origin", "uid", "stack", "container", "image", "pod",
	NULL
};
_Static_assert(sizeof(count_keys) / sizeof(count_keys[0]) == NKEYS + 1, "a name for each key");

const struct count_key *count_key(const char *name)
{
	for (unsigned int i = 0; i < NKEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

bool count_is_number(const struct count_key *key)
{
	static const char *const texts[] = { "comm", "exe", "container", "image", "pod" };

	for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(key->name, texts[i]) == 0)
			return false;
	return !key->expand;
}

static int take_group(const char *group, int64_t count, void *arg)
{
	struct counter *c = arg;

	return c->key->expand ? c->key->expand(c, group, count) : add_row(c, group, count);
}

static int by_value(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (!x->value || !y->value)
		return !y->value - !x->value;
	return strcmp(x->value, y->value);
}

static int by_count(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->count == y->count ? by_value(a, b) : x->count < y->count ? 1 : -1;
}

/* Groups can stand for the same value. */
static void merge_rows(struct counter *c)
{
	size_t n = 0;

	if (!c->n)
		return;
	qsort(c->rows, c->n, sizeof(c->rows[0]), by_value);
	for (size_t i = 1; i < c->n; i++) {
		if (by_value(&c->rows[n], &c->rows[i]) == 0) {
			c->rows[n].count += c->rows[i].count;
			free(c->rows[i].value);
		} else {
			c->rows[++n] = c->rows[i];
		}
	}
	c->n = n + 1;
	qsort(c->rows, c->n, sizeof(c->rows[0]), by_count);
}

int count_by(struct store *s, const struct event_query *q, const struct count_key *key,
	     int (*fn)(const char *value, int64_t count, void *arg), void *arg)
{
	struct counter c = { .store = s, .key = key };
	int r = store_count_by(s, q, key->sql, take_group, &c);

	if (r == 0)
		merge_rows(&c);
	for (size_t i = 0; i < c.n && r == 0; i++)
		r = fn(c.rows[i].value, c.rows[i].count, arg);
	for (size_t i = 0; i < c.n; i++)
		free(c.rows[i].value);
	free(c.rows);
	return r;
}
