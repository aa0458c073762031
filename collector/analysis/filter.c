/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Splits filter expressions into key, operator and values; see filter.h.
 */
#include "filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "condition.h"
#include "vocabulary.h"

#define MAX_VALUES 256

struct filter {
	struct builder b;
};

int filter_new(int64_t now_ns, struct filter **ret)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->b.now_ns = now_ns;
	*ret = f;
	return 0;
}

static void forget_values(struct builder *b, unsigned int from)
{
	while (b->nvalues > from) {
		b->nvalues--;
		if (b->values[b->nvalues].is_text)
			free((char *)b->values[b->nvalues].text);
	}
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	forget_values(&f->b, 0);
	free(f->b.values);
	text_free(&f->b.sql);
	text_free(&f->b.from);
	text_free(&f->b.to);
	free(f);
}

void filter_query(const struct filter *f, struct event_query *q)
{
	q->where = text_str(&f->b.sql);
	q->values = f->b.values;
	q->nvalues = f->b.nvalues;
	q->from = f->b.from.len ? text_str(&f->b.from) : NULL;
	q->to = f->b.to.len ? text_str(&f->b.to) : NULL;
}

/* The operator at *p, the longest that fits; OP_MAX if there is none. */
static enum op take_operator(const char **p)
{
	enum op best = OP_MAX;

	for (enum op op = 0; op < OP_MAX; op++)
		if (strncmp(*p, op_names[op], strlen(op_names[op])) == 0 &&
		    (best == OP_MAX || strlen(op_names[op]) > strlen(op_names[best])))
			best = op;
	if (best != OP_MAX)
		*p += strlen(op_names[best]);
	return best;
}

/* Splits at commas that are not inside the parentheses of a parameter list. */
static unsigned int split_values(char *s, char **ret, unsigned int max)
{
	unsigned int n = 0;
	int depth = 0;

	ret[n++] = s;
	for (; *s; s++) {
		depth += (*s == '(' || *s == '<') - (*s == ')' || *s == '>');
		if (*s != ',' || depth > 0)
			continue;
		if (n == max)
			return max + 1;
		*s = '\0';
		ret[n++] = s + 1;
	}
	return n;
}

/* A word without an operator: perhaps an event's or signal's name alone. */
static char *not_a_filter(const char *expression)
{
	char *s = NULL;
	int r;

	if (event_by_name(expression, 1))
		r = asprintf(&s, "'%s' is not a filter; did you mean event=%s?", expression, expression);
	else if (signal_parse(expression) > 0)
		r = asprintf(&s, "'%s' is not a filter; did you mean signal=%s?", expression, expression);
	else
		r = asprintf(&s, "'%s' is not a filter: key=value[,value], key!=value, key~glob, or "
			     "key<number are", expression);
	return r < 0 ? NULL : s;
}

static int add(struct builder *b, const char *expression, char *copy, char **ret_error)
{
	size_t key_len = strcspn(expression, "=!~<>");
	const char *p = expression + key_len;
	enum op op = take_operator(&p);
	const struct condition_key *key;
	char *values[MAX_VALUES];
	unsigned int n;

	if (op == OP_MAX || key_len == 0) {
		*ret_error = not_a_filter(expression);
		return -EINVAL;
	}
	copy[key_len] = '\0';
	key = condition_key(copy);
	if (!key) {
		*ret_error = unknown_word("key", copy, condition_keys);
		return -EINVAL;
	}
	n = split_values(copy + (p - expression), values, MAX_VALUES);
	if (n > MAX_VALUES)
		return asprintf(ret_error, "more than %d values for %s", MAX_VALUES, copy) < 0 ?
			-ENOMEM : -EINVAL;
	for (unsigned int i = 0; i < n; i++)
		if (!*values[i])
			return asprintf(ret_error, "'%s' lacks a value after '%s'", expression,
					op_names[op]) < 0 ? -ENOMEM : -EINVAL;
	return condition_add(b, key, op, values, n, ret_error);
}

int filter_add(struct filter *f, const char *expression, char **ret_error)
{
	size_t sql_len = f->b.sql.len;
	unsigned int nvalues = f->b.nvalues;
	char *copy = strdup(expression), *error = NULL;
	int r = copy ? add(&f->b, expression, copy, &error) : -ENOMEM;

	free(copy);
	if (r >= 0)
		return 0;
	forget_values(&f->b, nvalues);
	if (f->b.sql.s)
		f->b.sql.s[sql_len] = '\0';
	f->b.sql.len = sql_len;
	if (r == -EINVAL && !error)
		r = -ENOMEM;
	if (r == -EINVAL)
		*ret_error = error;
	else
		free(error);
	return r;
}
