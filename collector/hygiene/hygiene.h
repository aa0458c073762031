/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signal hygiene: rules over a log, and what they found. The face of this
 * folder, which output/ and cli/ use. A report belongs to one thread.
 *
 * Functions return 0 or positive, or -errno.
 */
#ifndef SIGSHIM_HYGIENE_H
#define SIGSHIM_HYGIENE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../store/store.h"

enum hygiene_severity {
	HYGIENE_NOTE = 1,
	HYGIENE_WARNING,
	HYGIENE_ERROR,
};

struct hygiene_rule {
	const char *id;
	enum hygiene_severity severity;	/* the highest that it gives */
	const char *message, *explanation, *inconclusive, *fix, *sources;
};

unsigned int hygiene_nrules(void);
const struct hygiene_rule *hygiene_rule(unsigned int i);
/* NULL for an unknown id. */
const struct hygiene_rule *hygiene_rule_by_id(const char *id);
/* All ids, NULL-terminated. */
const char *const *hygiene_rule_ids(void);

/* "note", "warning", "error". hygiene_severity_parse: -EINVAL. */
extern const char *const hygiene_severities[];	/* NULL-terminated */
const char *hygiene_severity_name(enum hygiene_severity severity);
int hygiene_severity_parse(const char *name);

/*
 * Which rules: ids and globs joined by commas; with a '-' before it, without
 * those; a list that begins so begins with all. -EINVAL with *ret_error (free
 * it) for a word that names none. Bit i stands for hygiene_rule(i).
 */
int hygiene_rules_parse(const char *spec, uint64_t *ret_rules, char **ret_error);

/* --- findings ---------------------------------------------------------- */

#define HYGIENE_CALLS 4

/* A recorded call that takes part. */
struct hygiene_call {
	const char *role;	/* "blocked here" */
	int64_t event, stack, process;
};

struct finding {
	const struct hygiene_rule *rule;
	enum hygiene_severity severity;
	char *message;
	uint64_t signals;	/* that it is about */
	int64_t process;
	int pid, tid;
	char *comm, *exe;	/* never NULL */
	char scope[SIGSHIM_COPY_TEXT];	/* in which its thread was; "": none */
	struct hygiene_call call[HYGIENE_CALLS];	/* the first is where it happens */
	unsigned int ncalls;
	uint64_t count;		/* how often */
	uint64_t print;		/* the same in every log of the same program */
	bool suppressed, known;	/* by a suppression, by the baseline */
};

/* Why no verdict was possible. */
struct doubt {
	uint64_t rules;
	char *reason;
	char *comm;		/* NULL: the whole log */
	int pid;		/* of the first such process */
	uint64_t count;		/* how many */
};

/* What programs named through <sigshim/sigshim.h>, such as their tests; each once. */
struct hygiene_scope {
	char *name, *comm;
};

struct hygiene_report {
	struct finding *findings;
	unsigned int nfindings;
	struct doubt *doubts;
	unsigned int ndoubts;
	struct hygiene_scope *scopes;
	unsigned int nscopes;
	uint64_t rules;		/* those that were asked */
	uint64_t events;	/* looked at */
	unsigned int shown;	/* findings at the level that are neither suppressed nor known */
	unsigned int below, suppressed, known;	/* the others */
	enum hygiene_severity level;
};

struct hygiene_options {
	int64_t run;			/* 0: all */
	uint64_t rules;
	enum hygiene_severity level;
	bool require_complete;
	bool partial;			/* the recording was told to leave events out */
	int (*progress)(void *arg);	/* as in struct event_query */
	void *progress_arg;
};

int hygiene_check(struct store *s, const struct hygiene_options *opt, struct hygiene_report **ret);
void hygiene_free(struct hygiene_report *r);

/* Whether it counts: at the level, not suppressed, not known. */
bool hygiene_counts(const struct hygiene_report *r, const struct finding *f);

/* --- what is known already ---------------------------------------------- */

struct suppressions;

/* -EINVAL with *ret_error "FILE:LINE: what" (free it) for a bad file. NULL *io begins one. */
int suppressions_read(const char *path, struct suppressions **io, char **ret_error);
void suppressions_free(struct suppressions *s);
/* Marks the findings that they cover. */
int suppressions_apply(struct suppressions *sup, struct store *s, struct hygiene_report *r);
/* Calls fn for each that covered nothing. */
void suppressions_unused(const struct suppressions *sup,
			 void (*fn)(const char *name, const char *file, int line, void *arg), void *arg);
/* One that covers the finding, in the form of the files. */
int suppression_write(struct store *s, const struct finding *f, FILE *out);

/* Marks the findings that `earlier` has too. */
void hygiene_baseline(struct hygiene_report *r, const struct hygiene_report *earlier);

#endif
