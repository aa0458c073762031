/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings as JUnit's XML and as TAP: a case a rule, which fails by its
 * findings. Where there was no verdict, it is an error in JUnit, whose older
 * schemas know nothing else, and skipped in TAP. In JUnit also a case a scope,
 * which then has the findings that were made in it; see check_format.h.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "check_format.h"

/* XML 1.0 has no control characters but tab and newline, not even escaped. */
static void add_xml(struct text *t, const char *s)
{
	struct text valid = {};

	add_utf8(&valid, s);
	for (s = text_str(&valid); *s; s++)
		if (*s == '<' || *s == '>' || *s == '&' || *s == '"')
			text_addf(t, "&#%d;", *s);
		else if ((unsigned char)*s >= ' ' || *s == '\n' || *s == '\t')
			text_addc(t, *s);
		else
			text_addf(t, "\\x%02x", (unsigned char)*s);
	text_free(&valid);
}

static const struct doubt *doubt_of(const struct hygiene_report *r, unsigned int rule)
{
	for (unsigned int i = 0; i < r->ndoubts; i++)
		if (r->doubts[i].rules >> rule & 1)
			return &r->doubts[i];
	return NULL;
}

/* Of the whole log, or of the program that the scope is one of. */
static const struct doubt *doubt_in(const struct hygiene_report *r, const struct hygiene_scope *scope)
{
	for (unsigned int i = 0; i < r->ndoubts; i++)
		if (!r->doubts[i].comm || strcmp(r->doubts[i].comm, scope->comm) == 0)
			return &r->doubts[i];
	return NULL;
}

static const struct finding *next_finding(const struct hygiene_report *r, unsigned int rule,
					  const struct finding *after)
{
	const struct finding *f = after ? after + 1 : r->findings;

	for (; r->nfindings && f < r->findings + r->nfindings; f++)
		if (f->rule == hygiene_rule(rule) && hygiene_counts(r, f))
			return f;
	return NULL;
}

/* A case: a rule with what it found outside scopes, or a scope. */
struct junit_case {
	const char *name, *class;
	const struct hygiene_rule *rule;	/* NULL: a scope */
	const struct doubt *doubt;
};

static bool belongs(const struct hygiene_report *r, const struct junit_case *c, const struct finding *f)
{
	if (!hygiene_counts(r, f))
		return false;
	if (c->rule)
		return f->rule == c->rule && !*f->scope;
	return strcmp(f->scope, c->name) == 0 && strcmp(f->comm, c->class) == 0;
}

static const struct finding *next_of_case(const struct hygiene_report *r, const struct junit_case *c,
					  const struct finding *after)
{
	const struct finding *f = after ? after + 1 : r->findings;

	for (; r->nfindings && f < r->findings + r->nfindings; f++)
		if (belongs(r, c, f))
			return f;
	return NULL;
}

static bool case_at(const struct hygiene_report *r, unsigned int i, struct junit_case *ret)
{
	const struct hygiene_scope *scope;

	if (i < hygiene_nrules()) {
		*ret = (struct junit_case){ hygiene_rule(i)->id, "sigshim", hygiene_rule(i), doubt_of(r, i) };
		return r->rules >> i & 1;
	}
	scope = &r->scopes[i - hygiene_nrules()];
	*ret = (struct junit_case){ scope->name, scope->comm, NULL, doubt_in(r, scope) };
	return true;
}

static int add_failure(const struct check_view *v, const struct junit_case *c, const struct finding *first,
		       struct text *t)
{
	struct text body = {};
	int r = 0;

	for (const struct finding *f = first; f && r == 0; f = next_of_case(v->report, c, f))
		r = check_finding(v, f, &body, false);
	text_add(t, "    <failure message=\"");
	add_xml(t, first->message);
	text_addf(t, "\" type=\"%s\">", hygiene_severity_name(first->severity));
	add_xml(t, text_str(&body));
	text_add(t, "</failure>\n");
	text_free(&body);
	return r;
}

static int add_case(const struct check_view *v, const struct junit_case *c, struct text *t)
{
	const struct finding *f = next_of_case(v->report, c, NULL);
	struct text reason = {};
	int r = 0;

	text_add(t, "  <testcase name=\"");
	add_xml(t, c->name);
	text_add(t, "\" classname=\"");
	add_xml(t, c->class);
	text_addf(t, "\" time=\"0\"%s>\n", f || c->doubt ? "" : "/");
	if (f) {
		r = add_failure(v, c, f, t);
	} else if (c->doubt) {
		check_doubt(v, c->doubt, &reason);
		text_add(t, "    <error type=\"inconclusive\" message=\"inconclusive: ");
		add_xml(t, text_str(&reason));
		text_add(t, "\"/>\n");
	}
	text_add(t, f || c->doubt ? "  </testcase>\n" : "");
	text_free(&reason);
	return r;
}

/* With all that the schemas of Ant, Jenkins and others ask for, and nothing that one of them lacks. */
static void add_suite(const struct hygiene_report *report, unsigned int ncases, struct text *t)
{
	unsigned int failed = 0, errors = 0, n = 0;
	time_t now = time(NULL);
	struct junit_case c;
	struct tm tm;
	char stamp[32];

	for (unsigned int i = 0; i < ncases; i++) {
		if (!case_at(report, i, &c))
			continue;
		n++;
		if (next_of_case(report, &c, NULL))
			failed++;
		else
			errors += c.doubt != NULL;
	}
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", gmtime_r(&now, &tm));
	text_addf(t, " <testsuite id=\"0\" package=\"sigshim\" name=\"signal hygiene\" hostname=\"localhost\" "
		  "timestamp=\"%s\" tests=\"%u\" failures=\"%u\" errors=\"%u\" time=\"0\">\n", stamp, n,
		  failed, errors);
	text_addf(t, "  <properties><property name=\"events\" value=\"%" PRIu64 "\"/></properties>\n",
		  report->events);
}

int check_junit(const struct check_view *v, struct text *t)
{
	unsigned int ncases = hygiene_nrules() + v->report->nscopes;
	struct junit_case c;
	int r = 0;

	text_add(t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	add_suite(v->report, ncases, t);
	for (unsigned int i = 0; i < ncases && r == 0; i++)
		if (case_at(v->report, i, &c))
			r = add_case(v, &c, t);
	text_add(t, "  <system-out/>\n  <system-err/>\n </testsuite>\n</testsuites>\n");
	return r;
}

/* Lines of a diagnostic begin with "# ". */
static void add_diagnostic(struct text *t, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "\n");

		text_add(t, "# ");
		text_addn(t, s, n);
		text_addc(t, '\n');
		s += n + (s[n] == '\n');
	}
}

int check_tap(const struct check_view *v, struct text *t)
{
	const struct hygiene_report *report = v->report;
	struct text body = {};
	int r = 0, number = 0;

	text_addf(t, "TAP version 13\n1..%d\n", __builtin_popcountll(report->rules));
	for (unsigned int i = 0; i < hygiene_nrules() && r == 0; i++) {
		const struct finding *f = report->nfindings ? next_finding(report, i, NULL) : NULL;
		const struct doubt *d = doubt_of(report, i);

		if (!(report->rules >> i & 1))
			continue;
		text_addf(t, "%s %d - %s", f ? "not ok" : "ok", ++number, hygiene_rule(i)->id);
		text_clear(&body);
		if (!f && d) {
			check_doubt(v, d, &body);
			text_addf(t, " # SKIP inconclusive: %s", text_str(&body));
			text_clear(&body);
		}
		text_addc(t, '\n');
		for (; f && r == 0; f = next_finding(report, i, f))
			r = check_finding(v, f, &body, false);
		add_diagnostic(t, text_str(&body));
	}
	text_free(&body);
	return r;
}
