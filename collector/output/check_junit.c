/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings as JUnit's XML and as TAP: a case a rule, which fails by its
 * findings, and is skipped where there was no verdict; see check_format.h.
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

static const struct finding *next_finding(const struct hygiene_report *r, unsigned int rule,
					  const struct finding *after)
{
	const struct finding *f = after ? after + 1 : r->findings;

	for (; f < r->findings + r->nfindings; f++)
		if (f->rule == hygiene_rule(rule) && hygiene_counts(r, f))
			return f;
	return NULL;
}

static unsigned int count_failed(const struct hygiene_report *r)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < hygiene_nrules(); i++)
		n += r->nfindings && next_finding(r, i, NULL);
	return n;
}

static unsigned int count_skipped(const struct hygiene_report *r)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < hygiene_nrules(); i++)
		n += doubt_of(r, i) && !(r->nfindings && next_finding(r, i, NULL));
	return n;
}

static int add_failure(const struct check_view *v, const struct finding *first, unsigned int rule, struct text *t)
{
	struct text body = {};
	int r = 0;

	for (const struct finding *f = first; f && r == 0; f = next_finding(v->report, rule, f))
		r = check_finding(v, f, &body, false);
	text_add(t, "    <failure message=\"");
	add_xml(t, first->message);
	text_addf(t, "\" type=\"%s\">", hygiene_severity_name(first->severity));
	add_xml(t, text_str(&body));
	text_add(t, "</failure>\n");
	text_free(&body);
	return r;
}

static int add_case(const struct check_view *v, unsigned int rule, struct text *t)
{
	const struct finding *f = v->report->nfindings ? next_finding(v->report, rule, NULL) : NULL;
	const struct doubt *d = doubt_of(v->report, rule);
	struct text reason = {};
	int r = 0;

	text_addf(t, "  <testcase name=\"%s\" classname=\"sigshim\" time=\"0\"", hygiene_rule(rule)->id);
	text_add(t, f || d ? ">\n" : "/>\n");
	if (f) {
		r = add_failure(v, f, rule, t);
	} else if (d) {
		check_doubt(v, d, &reason);
		text_add(t, "    <skipped message=\"inconclusive: ");
		add_xml(t, text_str(&reason));
		text_add(t, "\"/>\n");
	}
	text_add(t, f || d ? "  </testcase>\n" : "");
	text_free(&reason);
	return r;
}

/* With all that the schemas of Ant, Jenkins and others ask for, and nothing that one of them lacks. */
int check_junit(const struct check_view *v, struct text *t)
{
	unsigned int failed = count_failed(v->report), skipped = count_skipped(v->report);
	int n = __builtin_popcountll(v->report->rules), r = 0;

	time_t now = time(NULL);
	struct tm tm;
	char stamp[32];

	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", gmtime_r(&now, &tm));
	text_add(t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	text_addf(t, " <testsuite id=\"0\" package=\"sigshim\" name=\"signal hygiene\" hostname=\"localhost\" "
		  "timestamp=\"%s\" tests=\"%d\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"0\">\n", stamp, n,
		  failed, skipped);
	text_addf(t, "  <properties><property name=\"events\" value=\"%" PRIu64 "\"/></properties>\n",
		  v->report->events);
	for (unsigned int i = 0; i < hygiene_nrules() && r == 0; i++)
		if (v->report->rules >> i & 1)
			r = add_case(v, i, t);
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
