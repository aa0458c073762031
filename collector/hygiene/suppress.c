/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Suppressions, in valgrind's form; see hygiene.h.
 *
 *	{
 *	   name
 *	   rule-id
 *	   fun:function
 *	   ...
 *	   obj:/lib/libfoo.so*
 *	   src:file.c:12
 *	}
 *
 * The rule and the patterns may hold * and ?. Frames are compared from the
 * innermost; those after the last pattern don't matter; `...` stands for any
 * number. It covers a finding when it fits the stack of one of its calls.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../analysis/frame.h"
#include "../analysis/text.h"
#include "hygiene.h"

#define MAX_PATTERNS 64
#define WRITTEN 24	/* frames of one that is made */

struct suppression {
	char *name, *rule, *file;
	int line;
	char *pattern[MAX_PATTERNS];
	unsigned int npatterns;
	bool used;
};

struct suppressions {
	struct suppression *list;
	unsigned int n;
};

static bool matches(const char *pattern, const char *s)
{
	for (; *pattern && *pattern != '*'; pattern++, s++)
		if (!*s || (*pattern != '?' && *pattern != *s))
			return false;
	if (!*pattern)
		return !*s;
	for (;; s++) {
		if (matches(pattern + 1, s))
			return true;
		if (!*s)
			return false;
	}
}

/* --- reading ------------------------------------------------------------- */

static int bad(char **ret_error, const char *path, int line, const char *what)
{
	if (asprintf(ret_error, "%s:%d: %s", path, line, what) < 0)
		*ret_error = NULL;
	return -EINVAL;
}

static bool is_pattern(const char *s)
{
	return strcmp(s, "...") == 0 || strncmp(s, "fun:", 4) == 0 || strncmp(s, "obj:", 4) == 0 ||
		strncmp(s, "src:", 4) == 0;
}

/* The line without blanks at its ends and without a comment. */
static char *strip(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	if (*s == '#')
		*s = '\0';
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

static const char *take_line(struct suppression *s, const char *word)
{
	if (!s->name)
		s->name = strdup(word);
	else if (!s->rule)
		s->rule = strdup(word);
	else if (!is_pattern(word))
		return "a line in braces is fun:, obj:, src: or ...";
	else if (s->npatterns == MAX_PATTERNS)
		return "too many lines";
	else
		s->pattern[s->npatterns++] = strdup(word);
	return NULL;
}

static const char *check(const struct suppression *s)
{
	bool known = false;

	if (!s->name || !s->rule)
		return "a suppression needs a name and a rule before this";
	for (unsigned int i = 0; i < hygiene_nrules(); i++)
		known |= matches(s->rule, hygiene_rule(i)->id);
	return known ? NULL : "the second line is no rule; see sigshim explain";
}

static int read_file(FILE *file, const char *path, struct suppressions *all, char **ret_error)
{
	struct suppression *now = NULL, *grown;
	const char *wrong = NULL;
	char *line = NULL, *word;
	size_t size = 0;
	int number = 0;

	while (!wrong && getline(&line, &size, file) >= 0) {
		number++;
		word = strip(line);
		if (!*word)
			continue;
		if (strcmp(word, "{") == 0 && !now) {
			grown = reallocarray(all->list, all->n + 1, sizeof(*grown));
			if (!grown)
				break;
			all->list = grown;
			now = &grown[all->n++];
			*now = (struct suppression){ .file = strdup(path), .line = number };
		} else if (strcmp(word, "}") == 0 && now) {
			wrong = check(now);
			now = NULL;
		} else {
			wrong = now ? take_line(now, word) : "a suppression begins with { on a line of its own";
		}
	}
	free(line);
	if (!wrong && now)
		wrong = "the last suppression is not closed with }";
	return wrong ? bad(ret_error, path, number, wrong) : 0;
}

int suppressions_read(const char *path, struct suppressions **io, char **ret_error)
{
	FILE *file = fopen(path, "re");
	int r;

	if (!file) {
		r = -errno;
		if (asprintf(ret_error, "%s: %s", path, strerror(-r)) < 0)
			*ret_error = NULL;
		return r;
	}
	if (!*io)
		*io = calloc(1, sizeof(**io));
	r = *io ? read_file(file, path, *io, ret_error) : -ENOMEM;
	fclose(file);
	return r;
}

void suppressions_free(struct suppressions *s)
{
	for (unsigned int i = 0; s && i < s->n; i++) {
		free(s->list[i].name);
		free(s->list[i].rule);
		free(s->list[i].file);
		for (unsigned int k = 0; k < s->list[i].npatterns; k++)
			free(s->list[i].pattern[k]);
	}
	if (s)
		free(s->list);
	free(s);
}

/* --- matching -------------------------------------------------------------- */

static bool fits_frame(const char *pattern, const struct log_frame *f)
{
	char place[512];

	if (strncmp(pattern, "fun:", 4) == 0)
		return f->function && matches(pattern + 4, f->function);
	if (strncmp(pattern, "obj:", 4) == 0)
		return f->module && matches(pattern + 4, f->module);
	if (!f->file)
		return false;
	snprintf(place, sizeof(place), "%s:%d", f->file, f->line);
	return matches(pattern + 4, f->file) || matches(pattern + 4, place) ||
		matches(pattern + 4, base_name(f->file)) || matches(pattern + 4, base_name(place));
}

static bool fits_stack(char *const *pattern, unsigned int npatterns, const struct log_frame *f, int n)
{
	for (; npatterns; pattern++, npatterns--, f++, n--) {
		if (strcmp(*pattern, "...") == 0) {
			for (int i = 0; i <= n; i++)
				if (fits_stack(pattern + 1, npatterns - 1, f + i, n - i))
					return true;
			return false;
		}
		if (n <= 0 || !fits_frame(*pattern, f))
			return false;
	}
	return true;
}

static bool covers(const struct suppression *s, struct store *store, const struct finding *f)
{
	const struct log_frame *frames;

	if (!matches(s->rule, f->rule->id))
		return false;
	if (fits_stack(s->pattern, s->npatterns, NULL, 0))
		return true;
	for (unsigned int i = 0; i < f->ncalls; i++) {
		const struct hygiene_call *c = &f->call[i];
		int n = c->stack ? store_stack_read(store, c->stack, c->process, &frames, NULL) : 0;

		if (n > 0 && fits_stack(s->pattern, s->npatterns, frames, n))
			return true;
	}
	return false;
}

int suppressions_apply(struct suppressions *sup, struct store *s, struct hygiene_report *r)
{
	for (unsigned int i = 0; i < r->nfindings; i++)
		for (unsigned int k = 0; sup && k < sup->n; k++) {
			if (!covers(&sup->list[k], s, &r->findings[i]))
				continue;
			sup->list[k].used = true;
			r->findings[i].suppressed = true;
		}
	return 0;
}

void suppressions_unused(const struct suppressions *sup,
			 void (*fn)(const char *name, const char *file, int line, void *arg), void *arg)
{
	for (unsigned int i = 0; sup && i < sup->n; i++)
		if (!sup->list[i].used)
			fn(sup->list[i].name, sup->list[i].file, sup->list[i].line, arg);
}

/* --- writing ----------------------------------------------------------------- */

int suppression_write(struct store *s, const struct finding *f, FILE *out)
{
	const struct log_frame *frames;
	int n = 0;

	if (f->ncalls && f->call[0].stack)
		n = store_stack_read(s, f->call[0].stack, f->call[0].process, &frames, NULL);
	fprintf(out, "{\n   %s in %s\n   %s\n", f->rule->id, f->comm, f->rule->id);
	for (int i = 0; i < n && i < WRITTEN; i++) {
		if (frames[i].function)
			fprintf(out, "   fun:%s\n", frames[i].function);
		else if (frames[i].module)
			fprintf(out, "   obj:%s\n", frames[i].module);
		else
			fputs("   ...\n", out);
	}
	fputs(n > 0 ? "}\n" : "   ...\n}\n", out);
	return n < 0 ? n : 0;
}

/* --- the baseline -------------------------------------------------------------- */

void hygiene_baseline(struct hygiene_report *r, const struct hygiene_report *earlier)
{
	for (unsigned int i = 0; i < r->nfindings; i++)
		for (unsigned int k = 0; k < earlier->nfindings; k++)
			r->findings[i].known |= r->findings[i].print == earlier->findings[k].print;
}
