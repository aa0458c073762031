/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `sigshim explain`: what the event table says about an event, for readers.
 * docs/EVENTS.md is its output. main-only.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../table/table.h"
#include "cli.h"
#include "document.h"
#include "explain_rules.h"

#define MAX_TEXT 1024

enum { OPT_MARKDOWN, OPT_RULES };

static const struct cli_option options[] = {
	[OPT_MARKDOWN] = { 0, "markdown", NULL, "write about all events, in Markdown; with --rules about all rules" },
	[OPT_RULES] = { 0, "rules", NULL, "list the rules of sigshim check" },
	{ .name = NULL }
};

static const char tags_legend[] =
	"Tags of arguments: K comes from kernel space. U comes from user space: a pointer into "
	"user memory was followed to get it. TOCTOU can change between check and use. OPT may be "
	"null. ADDED is no argument of the call: the library adds it to the record.";

/* "[K,TOCTOU]", or nothing. */
static const char *tags_text(unsigned int tags, char buf[static 32])
{
	static const struct {
		unsigned int tag;
		const char *name;
	} list[] = {
		{ SIGSHIM_TAG_K, "K" }, { SIGSHIM_TAG_U, "U" },
		{ SIGSHIM_TAG_TOCTOU, "TOCTOU" }, { SIGSHIM_TAG_OPT, "OPT" },
		{ SIGSHIM_TAG_ADDED, "ADDED" },
	};
	char *p = buf;

	*p = '\0';
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (tags & list[i].tag)
			p += sprintf(p, "%c%s", p == buf ? '[' : ',', list[i].name);
	if (p > buf)
		strcpy(p, "]");
	return buf;
}

static bool is_libc(const struct event_desc *e)
{
	return e->via != SIGSHIM_VIA_SYSCALL;
}

static const char *form_name(const struct event_desc *e)
{
	if (e->via == SIGSHIM_VIA_NOTE)
		return "Noted by the library";
	return is_libc(e) ? "Library call" : "Through syscall(2)";
}

/* Whether it sends a signal: the kernel then generates one. */
static bool sends(const struct event_desc *e)
{
	const char *name = e->sys ? e->sys->name : "";

	return strstr(name, "kill") || strstr(name, "queueinfo") || strstr(name, "send_signal");
}

static const char *failure_text(const struct event_desc *e)
{
	static const char *const texts[] = {
		[SIGSHIM_ERR_ERRNO] = "On failure it returns -1 and sets errno.",
		[SIGSHIM_ERR_RETURN] = "On failure it returns the error number, shown as errno in "
			"records, and leaves errno alone.",
		[SIGSHIM_ERR_NEVER] = "It cannot fail.",
	};

	if (e->via == SIGSHIM_VIA_NOTE)
		return "It is no call, and has no result: the library notes it as it happens.";
	if (e->via == SIGSHIM_VIA_JUMP)
		return "It is recorded as it begins, without a result, since it may not return.";
	return texts[e->err];
}

static const char *mask_text(const struct event_desc *e)
{
	static const char *const texts[] = {
		[SIGSHIM_EFFECT_NONE] = "the thread's mask at the time",
		[SIGSHIM_EFFECT_APART] = "no mask, which such calls leave alone",
		[SIGSHIM_EFFECT_MASK] = "the thread's mask before the call, as requested, and after",
		[SIGSHIM_EFFECT_QUERY] = "the thread's mask before and after the call",
		[SIGSHIM_EFFECT_WHILE] = "the thread's mask, and the one for the wait as requested",
		[SIGSHIM_EFFECT_JUMP] = "the thread's mask before, and the one that is restored",
	};

	return texts[e->effect];
}

static void explain_form(const struct document *d, const struct event_desc *e)
{
	static const struct document_row head = { { "Argument", "Type", "Tags", "Meaning" } };
	struct document_row rows[SIGSHIM_MAX_ARGS];
	char text[MAX_TEXT], tags[SIGSHIM_MAX_ARGS][32];

	document_heading(d, 3, form_name(e));
	if (is_libc(e))
		snprintf(text, sizeof(text), "%s %s%s", e->ret_type, e->name, e->prototype);
	else
		snprintf(text, sizeof(text), "%s syscall(SYS_%s, %s", e->ret_type, e->sys->name,
			 e->prototype + 1);
	if (e->via != SIGSHIM_VIA_NOTE)
		document_code(d, text);
	for (unsigned int i = 0; i < e->nargs; i++)
		rows[i] = (struct document_row){ { e->args[i].name, e->args[i].ctype,
			tags_text(e->args[i].tags, tags[i]), e->args[i].doc } };
	document_table(d, &head, rows, e->nargs, 4);
	snprintf(text, sizeof(text), "%s Records have origin %s and %s.", failure_text(e), e->origin,
		 mask_text(e));
	document_paragraph(d, text);
}

static void number_text(char *buf, size_t size, int nr)
{
	if (nr >= 0)
		snprintf(buf, size, "%d", nr);
	else
		snprintf(buf, size, "none");
}

static void explain_wrapper(const struct document *d, const struct event_desc *e)
{
	char text[MAX_TEXT], native[16];

	number_text(native, sizeof(native), e->sys ? e->sys->nr : -1);
	if (e->via == SIGSHIM_VIA_NOTE)
		snprintf(text, sizeof(text), "None: libsigshim.so notes it from within.");
	else if (is_libc(e))
		snprintf(text, sizeof(text), "libsigshim.so wraps the libc symbol %s.", e->ident);
	else
		snprintf(text, sizeof(text), "libsigshim.so wraps the libc symbol syscall and "
			 "records number %s, SYS_%s.", native, e->sys->name);
	document_item(d, text);
}

static void explain_tracepoints(const struct document *d, const struct syscall_desc *sys)
{
	char text[MAX_TEXT], native[16], compat[16];

	if (!sys)
		return;
	number_text(native, sizeof(native), sys->nr);
	number_text(compat, sizeof(compat), sys->nr_compat);
	snprintf(text, sizeof(text), "Kernel tracepoints, for the verifier: "
		 "raw_syscalls:sys_enter and raw_syscalls:sys_exit of %s, number %s (native), "
		 "%s (i386 compat).", sys->name, native, compat);
	document_item(d, text);
}

static void explain_hooks(const struct document *d, const struct event_desc *first)
{
	const struct syscall_desc *told = NULL;

	document_heading(d, 3, "Hooks");
	for (const struct event_desc *e = first; e; e = event_by_name(e->name, e->id + 1))
		explain_wrapper(d, e);
	for (const struct event_desc *e = first; e; e = event_by_name(e->name, e->id + 1)) {
		if (e->sys != told)
			explain_tracepoints(d, e->sys);
		told = e->sys;
	}
	if (sends(first))
		document_item(d, "Kernel tracepoints, for the signal itself: "
			      "signal:signal_generate when it is sent, signal:signal_deliver "
			      "when it is taken.");
	document_end_items(d);
}

/* One text of each form, with the form before it where there are several. */
static void explain_texts(const struct document *d, const struct event_desc *first,
			  const char *heading, const char *(*get)(const struct event_desc *e))
{
	bool several = event_by_name(first->name, first->id + 1);
	char text[MAX_TEXT];

	document_heading(d, 3, heading);
	for (const struct event_desc *e = first; e; e = event_by_name(e->name, e->id + 1)) {
		snprintf(text, sizeof(text), "%s%s%s", several ? form_name(e) : "",
			 several ? ": " : "", get(e));
		document_paragraph(d, text);
	}
}

static const char *get_purpose(const struct event_desc *e)
{
	return e->purpose;
}

static const char *get_example(const struct event_desc *e)
{
	return e->example;
}

static const char *get_issues(const struct event_desc *e)
{
	return e->issues;
}

static const char *get_related(const struct event_desc *e)
{
	return e->related;
}

static bool has_toctou(const struct event_desc *first)
{
	for (const struct event_desc *e = first; e; e = event_by_name(e->name, e->id + 1))
		for (unsigned int i = 0; i < e->nargs; i++)
			if (e->args[i].tags & SIGSHIM_TAG_TOCTOU)
				return true;
	return false;
}

static void explain_event(const struct document *d, const struct event_desc *first)
{
	document_heading(d, 2, first->name);
	if (!d->markdown)
		putchar('\n');
	explain_texts(d, first, "Purpose", get_purpose);
	for (const struct event_desc *e = first; e; e = event_by_name(e->name, e->id + 1))
		explain_form(d, e);
	explain_hooks(d, first);
	explain_texts(d, first, "Example", get_example);
	explain_texts(d, first, "Known issues", get_issues);
	if (!has_toctou(first))
		document_paragraph(d, "None of its arguments is read from memory that another thread could "
				   "change meanwhile (TOCTOU).");
	explain_texts(d, first, "Related events", get_related);
}

#define SUMMARY 96

/* The beginning of a purpose, as much as a line of the terminal can hold. */
static void summarize(const struct document *d, const char *purpose, char buf[static SUMMARY])
{
	size_t n = strcspn(purpose, ".,:;("), room = d->markdown ? SUMMARY - 1 : 60;

	while (n > 0 && purpose[n - 1] == ' ')
		n--;
	if (n <= room) {
		snprintf(buf, SUMMARY, "%.*s", (int)n, purpose);
		return;
	}
	for (n = room - 4; n > 0 && purpose[n] != ' ';)
		n--;
	snprintf(buf, SUMMARY, "%.*s ...", (int)n, purpose);
}

static void list_events(const struct document *d)
{
	static const struct document_row head = { { "Event", "Purpose" } };
	struct document_row rows[SIGSHIM_EV_MAX];
	char summary[SIGSHIM_EV_MAX][SUMMARY];
	const char *const *name = event_names();
	unsigned int n;

	for (n = 0; name[n]; n++) {
		summarize(d, event_by_name(name[n], 1)->purpose, summary[n]);
		rows[n] = (struct document_row){ { name[n], summary[n] } };
	}
	document_table(d, &head, rows, n, 2);
}

static int explain_all(const struct document *d)
{
	puts("<!-- SPDX-License-Identifier: BSD-2-Clause -->\n"
	     "<!-- Made from include/sigshim/events.def by `make docs`. -->");
	document_heading(d, 1, "Events");
	list_events(d);
	document_paragraph(d, tags_legend);
	for (const char *const *name = event_names(); *name; name++)
		explain_event(d, event_by_name(*name, 1));
	return EXIT_OK;
}

static int unknown_event(const char *word)
{
	const char *near = nearest(word, event_names()), *rule = nearest(word, hygiene_rule_ids());
	char valid[SIGSHIM_EV_MAX * 32], *p = valid;

	for (const char *const *name = event_names(); *name; name++)
		p += snprintf(p, sizeof(valid) - (size_t)(p - valid), "%s%s",
			      p == valid ? "" : ", ", *name);
	if (rule && !near)
		return cli_usage(&cmd_explain, "unknown rule '%s'; did you mean '%s'?", word, rule);
	if (near)
		return cli_usage(&cmd_explain, "unknown event '%s'; did you mean '%s'?\n"
				 "Valid events: %s", word, near, valid);
	return cli_usage(&cmd_explain, "unknown event '%s'\nValid events: %s", word, valid);
}

static int run_explain(int argc, char **argv)
{
	struct document d = {};
	bool rules = false;
	const char *arg;
	int o;

	while ((o = cli_next(&cmd_explain, argc, argv, false, &arg)) >= 0)
		if (o == OPT_MARKDOWN)
			d.markdown = true;
		else
			rules = true;
	d.bold = !d.markdown && cli_is_terminal(STDOUT_FILENO);
	if (d.markdown && optind < argc)
		return cli_usage(&cmd_explain, "--markdown writes about all events; leave out '%s'",
				 argv[optind]);
	for (int i = optind; i < argc; i++)
		if (!event_by_name(argv[i], 1) && !hygiene_rule_by_id(argv[i]))
			return unknown_event(argv[i]);
	if (rules)
		return explain_rules(&d);
	if (d.markdown)
		return explain_all(&d);
	if (optind == argc) {
		list_events(&d);
		puts("Tell about one of them: sigshim explain EVENT. The rules: sigshim explain --rules");
		return EXIT_OK;
	}
	for (int i = optind; i < argc; i++)
		if (event_by_name(argv[i], 1))
			explain_event(&d, event_by_name(argv[i], 1));
		else
			explain_rule(&d, hygiene_rule_by_id(argv[i]));
	if (event_by_name(argv[optind], 1))
		document_paragraph(&d, tags_legend);
	return EXIT_OK;
}

const struct cli_command cmd_explain = {
	.name = "explain",
	.args = "[EVENT|RULE]...",
	.summary = "Tell what an event means, or a rule of sigshim check",
	.details = "Without EVENT, lists all events with a line each.",
	.options = options,
	.run = run_explain,
};
