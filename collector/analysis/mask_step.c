/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One step of a replay of masks; see mask_step.h.
 */
#include "mask_step.h"

struct mask_cause mask_call(const struct log_event *ev)
{
	return (struct mask_cause){
		.kind = MASK_CALL, .event = ev->id, .stack = ev->stack, .process = ev->process, .tid = ev->tid
	};
}

struct mask_cause mask_inherited(struct mask_cause cause)
{
	if (cause.kind == MASK_CALL)
		cause.kind = MASK_INHERITED;
	else if (cause.kind != MASK_INHERITED)
		cause = (struct mask_cause){ .kind = MASK_START };
	return cause;
}

void mask_correct(struct mask_thread *t, uint64_t mask, uint64_t seq)
{
	unsigned int n;

	FOR_EACH_BIT(n, mask & ~t->mask)
		t->cause[n] = (struct mask_cause){
			.kind = MASK_UNRECORDED, .after_seq = t->last_seq, .before_seq = seq ? seq : t->last_seq + 1
		};
	t->mask = mask;
}

void mask_apply(struct mask_thread *t, const struct log_event *ev)
{
	unsigned int n;

	if (ev->flags & SIGSHIM_EVF_AFTER) {
		FOR_EACH_BIT(n, ev->mask_after & ~t->mask)
			t->cause[n] = mask_call(ev);
		t->mask = ev->mask_after;
		t->known = true;
	}
	t->seen = true;
	/* What a verifier saw beside the records has no number. */
	if (ev->seq)
		t->last_seq = ev->seq;
	t->last_ns = ev->ts_ns;
}
