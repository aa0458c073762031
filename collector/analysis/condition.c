/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of keys and the SQL of each; see condition.h.
 *
 * What threads, processes, stacks and symbols decide is asked of those small
 * tables in sub-selects, so that the large one is read through its indexes.
 */
#include "condition.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vocabulary.h"
#include "when.h"

/* How a key's values are read and compared. Of an ID the first digits do. */
enum kind { NUMBER, DURATION, TEXT, ID, PATH, FUNCTION, WORD, BIT, RUN, SINCE, UNTIL };

struct condition_key {
	const char *name;
	enum kind kind;
	const char *column, *column2;	/* either may match */
	const char *before, *after;	/* around the comparison */
	const char *hint;		/* of the whole condition */
	const struct vocabulary *words;
};

#define OF_THREAD "e.thread IN (SELECT t2.id FROM threads t2 " \
	"JOIN processes p2 ON p2.id = t2.process WHERE ", ")", ""
#define OF_CONTAINER(column) "(SELECT k2." column " FROM containers k2 WHERE k2.id = p2.container)"
#define OF_FRAME "c.stack IN (SELECT f2.stack FROM stack_frames f2 WHERE f2.frame IN (" \
	"SELECT s2.frame FROM symbols s2 WHERE ", "))", ""
#define OF_CALLER "c.stack IN (SELECT f2.stack FROM stack_frames f2 WHERE f2.depth = 0 AND f2.frame IN (" \
	"SELECT s2.frame FROM symbols s2 WHERE s2.level = 0 AND ", "))", ""
#define OF_MODULE "c.stack IN (SELECT f2.stack FROM stack_frames f2 WHERE f2.frame IN (" \
	"SELECT x2.id FROM frames x2 JOIN modules m2 ON m2.id = x2.module WHERE ", "))", ""
/* Always true, and leads to the index on threads and numbers. */
#define OF_SEQ "e.thread IN (SELECT t2.id FROM threads t2) AND (", ")", ""
/* In no index: calls are few beside events, and perhaps none of them matches. */
#define OF_CALL "", "", "unlikely"
#define DIRECT "", "", ""

static const struct condition_key keys[] = {
	{ "event", WORD, "c.event", NULL, DIRECT, &vocabulary_event },
	{ "pid", NUMBER, "p2.pid", "p2.host_pid", OF_THREAD, NULL },
	{ "tid", NUMBER, "t2.tid", "t2.host_tid", OF_THREAD, NULL },
	{ "comm", TEXT, "p2.comm", NULL, OF_THREAD, NULL },
	{ "exe", PATH, "p2.exe", NULL, OF_THREAD, NULL },
	{ "signal", BIT, "c.signals", NULL, OF_CALL, &vocabulary_signal },
	{ "how", WORD, "c.how", NULL, OF_CALL, &vocabulary_how },
	{ "ret", NUMBER, "c.ret", NULL, OF_CALL, NULL },
	{ "errno", WORD, "c.error", NULL, OF_CALL, &vocabulary_errno },
	{ "function", FUNCTION, "s2.function", NULL, OF_FRAME, NULL },
	{ "module", PATH, "m2.path", NULL, OF_MODULE, NULL },
	{ "caller", FUNCTION, "s2.function", NULL, OF_CALLER, NULL },
	{ "run", RUN, "p2.run", NULL, OF_THREAD, NULL },
	{ "since", SINCE, "e.ts_ns", NULL, DIRECT, NULL },
	{ "until", UNTIL, "e.ts_ns", NULL, DIRECT, NULL },
	{ "thread", NUMBER, "e.thread", NULL, DIRECT, NULL },
	{ "host_pid", NUMBER, "p2.host_pid", NULL, OF_THREAD, NULL },
	{ "host_tid", NUMBER, "t2.host_tid", NULL, OF_THREAD, NULL },
	{ "origin", WORD, "(c.flags >> 4)", NULL, OF_CALL, &vocabulary_origin },
	{ "seq", NUMBER, "e.seq", NULL, OF_SEQ, NULL },
	{ "uid", NUMBER, "p2.uid", NULL, OF_THREAD, NULL },
	{ "duration", DURATION, "e.duration_ns", NULL, DIRECT, NULL },
	{ "container", ID, "p2.container", OF_CONTAINER("name"), OF_THREAD, NULL },
	{ "image", PATH, OF_CONTAINER("image"), NULL, OF_THREAD, NULL },
	{ "pod", PATH, OF_CONTAINER("pod"), NULL, OF_THREAD, NULL },
};
#define NKEYS (sizeof(keys) / sizeof(keys[0]))

const char *const condition_keys[] = {
	"event", "pid", "tid", "comm", "exe", "signal", "how", "ret", "errno", "function", "module",
	"caller", "run", "since", "until", "thread", "host_pid", "host_tid", "origin", "seq", "uid",
	"duration", "container", "image", "pod", NULL
};
_Static_assert(sizeof(condition_keys) / sizeof(condition_keys[0]) == NKEYS + 1, "a name for each key");

const char *const op_names[OP_MAX] = { "=", "!=", "~", "<", "<=", ">", ">=" };

#define EQUALITY (1 << OP_EQ | 1 << OP_NE)
#define GLOBS (EQUALITY | 1 << OP_GLOB)
#define ORDER (EQUALITY | 1 << OP_LT | 1 << OP_LE | 1 << OP_GT | 1 << OP_GE)

static const unsigned int kind_ops[] = {
	[NUMBER] = ORDER, [DURATION] = ORDER, [RUN] = ORDER,
	[TEXT] = GLOBS, [ID] = GLOBS, [PATH] = GLOBS, [FUNCTION] = GLOBS, [WORD] = GLOBS, [BIT] = GLOBS,
	[SINCE] = 1 << OP_EQ, [UNTIL] = 1 << OP_EQ,
};

const struct condition_key *condition_key(const char *name)
{
	for (unsigned int i = 0; i < NKEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static void bind(struct builder *b, struct bind_value value)
{
	struct bind_value *grown = reallocarray(b->values, b->nvalues + 1, sizeof(*grown));

	if (!grown || (value.is_text && !value.text)) {
		b->failed = true;
		b->values = grown ? grown : b->values;
		return;
	}
	b->values = grown;
	b->values[b->nvalues++] = value;
}

static void bind_number(struct builder *b, int64_t n)
{
	bind(b, (struct bind_value){ .number = n });
}

static void bind_text(struct builder *b, const char *s)
{
	bind(b, (struct bind_value){ .is_text = true, .text = strdup(s) });
}

/* Terms are joined by OR in what condition_add puts in parentheses. */
static void begin_term(struct builder *b)
{
	if (b->sql.len && b->sql.s[b->sql.len - 1] != '(')
		text_add(&b->sql, " OR ");
}

static void compare(struct builder *b, const struct condition_key *key, enum op op, int64_t n)
{
	for (const char *column = key->column; column;
	     column = column == key->column ? key->column2 : NULL) {
		begin_term(b);
		text_addf(&b->sql, "%s %s ?", column, op_names[op]);
		bind_number(b, n);
	}
}

struct word_match {
	struct builder *b;
	const struct condition_key *key;
};

static void add_word(int64_t value, void *arg)
{
	struct word_match *m = arg;

	if (m->key->kind == WORD) {
		compare(m->b, m->key, OP_EQ, value);
		return;
	}
	begin_term(m->b);
	text_addf(&m->b->sql, "(%s & ?) <> 0", m->key->column);
	bind_number(m->b, UINT64_C(1) << (value - 1));
}

static void text_term(struct builder *b, const char *fmt, const char *column, const char *value)
{
	begin_term(b);
	text_addf(&b->sql, fmt, column, column, column);
	bind_text(b, value);
}

/* The part of a path after its last slash, in SQL. */
#define BASE_NAME "substr(%s, length(rtrim(%s, replace(%s, '/', ''))) + 1)"

static void match_text(struct builder *b, const struct condition_key *key, bool glob, const char *value)
{
	text_term(b, glob ? "%s GLOB ?" : "%s = ?", key->column, value);
	if (key->kind == ID && !glob)
		text_term(b, "(length(%s) = 64 AND instr(%s, ?) = 1)", key->column, value);
	if (key->kind == ID)
		text_term(b, glob ? "%s GLOB ?" : "%s = ?", key->column2, value);
	if (key->kind == PATH && !strchr(value, '/'))
		text_term(b, glob ? BASE_NAME " GLOB ?" : BASE_NAME " = ?", key->column, value);
	if (key->kind != FUNCTION)
		return;
	/*
	 * Also with a parameter list. A range, for the index; what lives inside
	 * the function (a lambda, a local class) has more behind the list.
	 */
	begin_term(b);
	if (glob)
		text_addf(&b->sql, "(%s GLOB ? || '(*'", key->column);
	else
		text_addf(&b->sql, "(%s >= ? || '(' AND %s < ? || ')'", key->column, key->column);
	text_addf(&b->sql, " AND %s NOT GLOB '*)::*')", key->column);
	bind_text(b, value);
	if (!glob)
		bind_text(b, value);
}

/* The least ts_ns that a time since which leaves in any run, or the greatest until which. */
static void add_bound(struct text *sql, enum kind kind, const struct when *w)
{
	const char *least = kind == SINCE ? "min" : "max", *most = kind == SINCE ? "max" : "min";

	if (w->since_run)
		text_addf(sql, "(SELECT %s(mono_ns) + %" PRId64 " FROM runs)", least, w->ns);
	else
		text_addf(sql, "(SELECT %" PRId64 " - %s(started_ns - mono_ns) FROM runs)", w->ns, most);
}

/* Of several such conditions the strictest; one of several values is left to its condition. */
static void tighten(struct builder *b, enum kind kind, const char *value)
{
	struct text *bound = kind == SINCE ? &b->from : &b->to, both = {};
	struct when w;

	if (when_parse(value, b->now_ns, &w) < 0)
		return;
	if (!bound->len) {
		add_bound(bound, kind, &w);
		return;
	}
	text_addf(&both, "%s(%s, ", kind == SINCE ? "max" : "min", text_str(bound));
	add_bound(&both, kind, &w);
	text_addc(&both, ')');
	text_free(bound);
	*bound = both;
}

/*
 * The first comparison is implied by the second; it finds the part of the log
 * to look at. Clocks of different runs (boots) need not agree.
 */
static int match_time(struct builder *b, const struct condition_key *key, const char *value)
{
	const char *op = key->kind == SINCE ? ">=" : "<=";
	struct when w;

	if (when_parse(value, b->now_ns, &w) < 0)
		return -EINVAL;
	begin_term(b);
	if (key->kind == SINCE)
		text_add(&b->sql, "e.id >= (SELECT ifnull(min(first), 9223372036854775807) FROM event_blocks "
			 "WHERE max_ts >= ");
	else
		text_add(&b->sql, "e.id <= (SELECT ifnull(max(last), 0) FROM event_blocks WHERE min_ts <= ");
	add_bound(&b->sql, key->kind, &w);
	if (w.since_run)
		text_addf(&b->sql, ") AND e.ts_ns - r.mono_ns %s ?", op);
	else
		text_addf(&b->sql, ") AND e.ts_ns + (r.started_ns - r.mono_ns) %s ?", op);
	bind_number(b, w.ns);
	return 0;
}

static int match_number(struct builder *b, const struct condition_key *key, enum op op, const char *value)
{
	char *end;
	int64_t n;

	if (key->kind == RUN && strcmp(value, "last") == 0) {
		begin_term(b);
		text_addf(&b->sql, "%s %s (SELECT max(id) FROM runs)", key->column, op_names[op]);
		return 0;
	}
	errno = 0;
	n = strtoll(value, &end, 0);
	if (key->kind == DURATION ? duration_parse(value, 1, &n) < 0 : errno || end == value || *end)
		return -EINVAL;
	compare(b, key, op, n);
	return 0;
}

static int match_value(struct builder *b, const struct condition_key *key, enum op op,
		       const char *value, char **ret_error)
{
	struct word_match m = { b, key };
	const char *want = NULL;
	int r = 0;

	switch (key->kind) {
	case WORD:
	case BIT:
		return vocabulary_match(key->words, value, op == OP_GLOB, add_word, &m, ret_error);
	case TEXT:
	case ID:
	case PATH:
	case FUNCTION:
		match_text(b, key, op == OP_GLOB, value);
		return 0;
	case SINCE:
	case UNTIL:
		want = when_forms;
		r = match_time(b, key, value);
		break;
	case NUMBER:
	case RUN:
	case DURATION:
		want = key->kind == RUN ? "a number, or 'last'" :
			key->kind == DURATION ? "a number of ns, or with us, ms, s" : "a number";
		r = match_number(b, key, op, value);
		break;
	}
	if (r < 0 && asprintf(ret_error, "'%s' is no value for %s; valid: %s", value, key->name, want) < 0)
		r = -ENOMEM;
	return r;
}

static int bad_operator(const struct condition_key *key, enum op op, char **ret_error)
{
	struct text t = {};
	const char *sep = "";

	text_addf(&t, "operator '%s' does not go with %s; valid:", op_names[op], key->name);
	for (unsigned int i = 0; i < OP_MAX; i++) {
		if (!(kind_ops[key->kind] & 1u << i))
			continue;
		text_addf(&t, "%s %s%s", sep, key->name, op_names[i]);
		sep = ",";
	}
	*ret_error = text_take(&t);
	return *ret_error ? -EINVAL : -ENOMEM;
}

int condition_add(struct builder *b, const struct condition_key *key, enum op op,
		  char *const *values, unsigned int n, char **ret_error)
{
	/* A null (no stack, no comm) is not equal to anything. */
	const char *begin = op == OP_NE ? "NOT ifnull((" : "((", *end = op == OP_NE ? "), 0)" : "))";
	int r;

	if (!(kind_ops[key->kind] & 1u << op))
		return bad_operator(key, op, ret_error);
	if (b->sql.len)
		text_add(&b->sql, " AND ");
	text_addf(&b->sql, "%s(%s%s(", key->hint, begin, key->before);
	for (unsigned int i = 0; i < n; i++) {
		r = match_value(b, key, op == OP_NE ? OP_EQ : op, values[i], ret_error);
		if (r < 0)
			return r;
	}
	text_addf(&b->sql, ")%s%s)", key->after, end);
	if (n == 1 && (key->kind == SINCE || key->kind == UNTIL))
		tighten(b, key->kind, *values);
	return b->failed || b->sql.failed || b->from.failed || b->to.failed ? -ENOMEM : 0;
}
