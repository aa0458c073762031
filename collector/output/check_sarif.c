/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings as SARIF 2.1.0 (OASIS); see check_format.h.
 */
#include <string.h>

#include <sigshim/version.h>

#include "check_format.h"

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

static void put(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

static struct json_object *message(const char *text)
{
	struct json_object *o = json_object_new_object();

	json_put_string(o, "text", text);
	return o;
}

static struct json_object *rule_object(const struct hygiene_rule *rule)
{
	struct json_object *o = json_object_new_object(), *level = json_object_new_object();

	json_put_string(o, "id", rule->id);
	put(o, "shortDescription", message(rule->message));
	put(o, "fullDescription", message(rule->explanation));
	put(o, "help", message(rule->fix));
	json_put_string(level, "level", hygiene_severity_name(rule->severity));
	put(o, "defaultConfiguration", level);
	return o;
}

/* A path as a URI: what it may not hold is written as %XX. */
static void add_uri(struct text *t, const char *path)
{
	text_add(t, *path == '/' ? "file://" : "");
	for (; *path; path++)
		if (strchr("/-._~", *path) || (*path >= '0' && *path <= '9') ||
		    (*path >= 'A' && *path <= 'Z') || (*path >= 'a' && *path <= 'z'))
			text_addc(t, *path);
		else
			text_addf(t, "%%%02X", (unsigned char)*path);
}

static struct json_object *location(const struct log_frame *f)
{
	struct json_object *o = json_object_new_object(), *physical = json_object_new_object();
	struct json_object *artifact = json_object_new_object(), *region = json_object_new_object();
	struct text uri = {}, name = {};

	if (f->file || f->module) {
		add_uri(&uri, f->file ? f->file : f->module);
		json_put_string(artifact, "uri", text_str(&uri));
		put(physical, "artifactLocation", artifact);
		artifact = NULL;
		if (f->file && f->line > 0) {
			json_put_int(region, "startLine", f->line);
			put(physical, "region", region);
			region = NULL;
		}
		put(o, "physicalLocation", physical);
		physical = NULL;
	}
	json_object_put(artifact);
	json_object_put(region);
	json_object_put(physical);
	frame_name(&name, f);
	put(o, "message", message(text_str(&name)));
	text_free(&uri);
	text_free(&name);
	return o;
}

static struct json_object *stack_object(const struct check_view *v, const struct finding *f, unsigned int i)
{
	struct json_object *o = json_object_new_object(), *frames = json_object_new_array();
	const struct log_frame *frame = NULL;
	enum sigshim_stack_end end;
	int n = check_frames(v, f, i, &frame, &end);

	put(o, "message", message(f->call[i].role));
	for (int k = 0; k < n; k++) {
		struct json_object *one = json_object_new_object();

		put(one, "location", location(&frame[k]));
		json_put_string(one, "module", frame[k].module ? frame[k].module : "");
		json_object_array_add(frames, one);
	}
	put(o, "frames", frames);
	return o;
}

/* The innermost frame, else the program. */
static struct json_object *finding_location(const struct check_view *v, const struct finding *f)
{
	struct log_frame program = { .module = *f->exe ? f->exe : f->comm, .function = f->comm };
	const struct log_frame *frames = NULL, *best = &program;
	enum sigshim_stack_end end;
	int n = check_frames(v, f, 0, &frames, &end);

	if (n > 0)
		best = &frames[0];
	return location(best);
}

static unsigned int rule_index(const struct hygiene_rule *rule)
{
	unsigned int i = 0;

	while (hygiene_rule(i) != rule)
		i++;
	return i;
}

static struct json_object *result_object(const struct check_view *v, const struct finding *f)
{
	struct json_object *o = json_object_new_object(), *locations = json_object_new_array();
	struct json_object *stacks = json_object_new_array(), *prints = json_object_new_object();

	json_put_string(o, "ruleId", f->rule->id);
	json_put_int(o, "ruleIndex", rule_index(f->rule));
	json_put_string(o, "level", hygiene_severity_name(f->severity));
	put(o, "message", message(f->message));
	json_object_array_add(locations, finding_location(v, f));
	put(o, "locations", locations);
	for (unsigned int i = 0; i < f->ncalls; i++)
		json_object_array_add(stacks, stack_object(v, f, i));
	put(o, "stacks", stacks);
	json_put_address(prints, "sigshimStacks/v1", f->print);
	put(o, "partialFingerprints", prints);
	json_put_int(o, "occurrenceCount", (int64_t)f->count);
	return o;
}

/* Doubts are notifications of the run, which SARIF keeps apart from results. */
static struct json_object *invocation(const struct check_view *v)
{
	struct json_object *o = json_object_new_object(), *notes = json_object_new_array();

	for (unsigned int i = 0; i < v->report->ndoubts; i++) {
		struct json_object *note = json_object_new_object();
		struct text t = {};

		text_add(&t, "inconclusive: ");
		check_doubt(v, &v->report->doubts[i], &t);
		json_put_string(note, "level", "warning");
		put(note, "message", message(text_str(&t)));
		json_object_array_add(notes, note);
		text_free(&t);
	}
	put(o, "executionSuccessful", json_object_new_boolean(1));
	put(o, "toolExecutionNotifications", notes);
	return o;
}

int check_sarif(const struct check_view *v, struct text *t)
{
	struct json_object *o = json_object_new_object(), *runs = json_object_new_array();
	struct json_object *run = json_object_new_object(), *tool = json_object_new_object();
	struct json_object *driver = json_object_new_object(), *rules = json_object_new_array();
	struct json_object *results = json_object_new_array(), *invocations = json_object_new_array();

	for (unsigned int i = 0; i < hygiene_nrules(); i++)
		json_object_array_add(rules, rule_object(hygiene_rule(i)));
	for (unsigned int i = 0; i < v->report->nfindings; i++)
		if (hygiene_counts(v->report, &v->report->findings[i]))
			json_object_array_add(results, result_object(v, &v->report->findings[i]));
	json_object_array_add(invocations, invocation(v));
	json_put_string(driver, "name", "sigshim");
	json_put_string(driver, "version", SIGSHIM_VERSION_STRING);
	put(driver, "rules", rules);
	put(tool, "driver", driver);
	put(run, "tool", tool);
	put(run, "invocations", invocations);
	put(run, "results", results);
	json_object_array_add(runs, run);
	json_put_string(o, "$schema", SCHEMA);
	json_put_string(o, "version", "2.1.0");
	put(o, "runs", runs);
	json_write(t, o);
	text_addc(t, '\n');
	return 0;
}
