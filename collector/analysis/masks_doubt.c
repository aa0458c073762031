/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lost records leave the masks of their threads in doubt until a later record
 * proves them; see masks.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "masks_internal.h"

struct doubt {
	struct masks *m;
	const struct masks_query *q;
};

static bool proved(const struct mask_thread *t, const struct gap_info *gap)
{
	if (gap->thread && gap->last_seq)
		return t->last_seq > gap->last_seq;
	return t->last_ns > gap->ts_ns;
}

static bool concerns(const struct mask_thread *t, const struct gap_info *gap)
{
	if (gap->thread)
		return t->id == gap->thread;
	return !gap->process || t->process->id == gap->process;
}

static int apply_gap(const struct gap_info *gap, void *arg)
{
	struct doubt *d = arg;
	struct masks *m = d->m;
	char **gaps, *reason;

	if (gap->run != d->q->run || gap->ts_ns > d->q->at_ns)
		return 0;
	gaps = reallocarray(m->gaps, m->ngaps + 1, sizeof(*gaps));
	if (!gaps)
		return -ENOMEM;
	m->gaps = gaps;
	reason = strdup(gap->reason ? gap->reason : "lost");
	if (!reason)
		return -ENOMEM;
	m->gaps[m->ngaps++] = reason;
	for (unsigned int i = 0; i < m->nthreads; i++) {
		struct mask_thread *t = &m->threads[i];

		if (!concerns(t, gap) || proved(t, gap))
			continue;
		t->uncertain = true;
		t->gap = reason;
	}
	return 0;
}

int masks_doubt(struct store *s, const struct masks_query *q, struct masks *m)
{
	struct doubt d = { m, q };

	return store_gaps(s, apply_gap, &d);
}
