/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier's certificates and findings; see verified.h.
 */
#include "verified.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../store/certificate.h"

struct verified {
	int64_t run;
	struct race *races;	/* by thread and number */
	unsigned int n;
};

static char *copy(const char *text)
{
	return strdup(text ? text : "unknown");
}

static int take_finding(const struct finding_info *f, void *arg)
{
	struct verified *v = arg;
	struct race *r;

	if ((v->run && f->run != v->run) || !f->thread || strcmp(f->kind, "toctou") != 0)
		return 0;
	if (!(v->n & (v->n - 1))) {
		r = reallocarray(v->races, v->n ? 2 * v->n : 1, sizeof(*r));
		if (!r)
			return -ENOMEM;
		v->races = r;
	}
	r = &v->races[v->n++];
	*r = (struct race){ f->thread, f->seq, copy(f->what), copy(f->record), copy(f->effect) };
	return r->what && r->record && r->effect ? 0 : -ENOMEM;
}

int verified_read(struct store *s, int64_t run, struct verified **ret)
{
	struct verified *v = calloc(1, sizeof(*v));
	int r = -ENOMEM;

	if (v) {
		v->run = run;
		r = store_findings(s, take_finding, v);
	}
	if (r == 0)
		*ret = v;
	else
		verified_free(v);
	return r;
}

void verified_free(struct verified *v)
{
	for (unsigned int i = 0; v && i < v->n; i++) {
		free(v->races[i].what);
		free(v->races[i].record);
		free(v->races[i].effect);
	}
	if (v)
		free(v->races);
	free(v);
}

static int by_record(const void *a, const void *b)
{
	const struct race *x = a, *y = b;

	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

const struct race *verified_race(const struct verified *v, int64_t thread, uint64_t seq)
{
	const struct race key = { .thread = thread, .seq = seq };

	return v->n ? bsearch(&key, v->races, v->n, sizeof(key), by_record) : NULL;
}

/* --- certificates ------------------------------------------------------------ */

struct demand {
	int64_t run;
	struct judge *judge;
	unsigned int runs, certificates;
};

static int count_run(const struct log_run *run, void *arg)
{
	struct demand *d = arg;

	d->runs += !d->run || run->id == d->run;
	return 0;
}

static int take_certificate(const struct certificate *c, void *arg)
{
	struct demand *d = arg;
	char reason[256];

	if (d->run && c->run != d->run)
		return 0;
	d->certificates++;
	if (strcmp(c->complete, "yes") == 0)
		return 0;
	snprintf(reason, sizeof(reason), "the certificate of the record's completeness says '%s': %s", c->complete,
		 c->why ? c->why : "no reason is given");
	judge_doubt_all(d->judge, NULL, 0, 1, reason);
	return 0;
}

int verified_demand(struct store *s, int64_t run, struct judge *j)
{
	struct demand d = { .run = run, .judge = j };
	int r = store_runs(s, count_run, &d);

	if (r == 0)
		r = store_certificates(s, take_certificate, &d);
	if (r == 0 && d.certificates < d.runs)
		judge_doubt_all(j, NULL, 0, d.runs - d.certificates,
				"no certificate says that the record is complete (record with --verify)");
	return r;
}
