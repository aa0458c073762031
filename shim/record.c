/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record of a call that was made: its bytes, its stack, and on their way.
 * AS-safe, MT-safe.
 */
#include <string.h>

#include "history.h"
#include "memo.h"
#include "record.h"
#include "sys.h"

#include "banned.h"

/* Bytes of the record, without a stack. */
static size_t frame_size(const struct call *c)
{
	size_t n = sizeof(struct sigshim_event) + c->ev->nargs * sizeof(long);

	for (unsigned int m = c->copied; m; m &= m - 1)
		n += sigshim_kind_copy(c->ev->kind[__builtin_ctz(m)]);
	return n;
}

/* Lays the record out; returns where the addresses go. */
static uint64_t *fill_frame(struct sigshim_event *f, const struct call *c)
{
	char *p = (char *)(f + 1);

	record_begin(f, c);
	for (unsigned int i = 0; i < c->ev->nargs; i++, p += sizeof(long))
		memcpy(p, &c->arg[i], sizeof(long));
	for (unsigned int m = c->copied; m; m &= m - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(m), n = sigshim_kind_copy(c->ev->kind[i]);

		if (n == sizeof(uint64_t))
			memcpy(p, c->copy[i], sizeof(uint64_t));
		else
			memcpy(p, c->copy[i], n);
		p += n;
	}
	return (uint64_t *)(void *)p;
}

/* A record with a stack that the collector knows: straight into the ring where there is one. */
static void store_known(const struct call *c, uint64_t *words, const struct memo_stack *known)
{
	struct process *p = shim_process;
	size_t size = frame_size(c);
	struct ring_place at = { .frame = words };
	bool direct = __atomic_load_n(&p->link, __ATOMIC_ACQUIRE) == LINK_RING &&
		ring_take(p, size, &at) == 0;
	struct sigshim_event *f = at.frame;

	fill_frame(f, c);
	f->h.size = (uint32_t)size;
	f->stack_id = known->id;
	f->stack_end = known->end;
	if (direct)
		ring_commit(&at, size);
	else
		transport_send(p, &f->h);
}

/* The stack's id, if it has been sent; else its addresses are made part of the record. */
static bool add_stack(struct sigshim_event *f, struct stack *st, uint64_t hash, bool tight)
{
	struct process *p = shim_process;

	f->stack_id = stack_find(p, hash);
	if (f->stack_id)
		return true;
	/* Generated code lies in no module; a walk that got no further than there has gone wrong. */
	if (!tight && !module_cover(p, st->pc, st->n) && st->end == SIGSHIM_STACK_COMPLETE)
		st->end = SIGSHIM_STACK_BROKEN;
	f->stack_id = __atomic_add_fetch(&p->stacks, 1, __ATOMIC_RELAXED);
	f->flags |= SIGSHIM_EVF_NEW_STACK;
	f->npcs = (uint16_t)st->n;
	return false;
}

/* `words` has room for FRAME_WORDS and as many addresses as the walk may give. */
static void store_walked(const struct call *c, uint64_t *words, const struct memo_miss *miss, bool tight)
{
	struct process *p = shim_process;
	struct sigshim_event *f = (void *)words;
	struct stack st = { .pc = fill_frame(f, c) };
	uint32_t epoch = p->epoch;
	uint64_t hash;
	bool known;

	if (c->ev->via == SIGSHIM_VIA_NOTE)
		stack_alone(&st, c->from.pc);
	else
		stack_walk(&st, &c->from, c->t, tight);
	hash = stack_hash(&st);
	known = add_stack(f, &st, hash, tight);
	f->stack_end = (uint8_t)st.end;
	f->h.size = (uint32_t)((char *)(st.pc + f->npcs) - (char *)words);
	if (transport_send(p, &f->h) && !known)
		stack_sent(p, hash, f->stack_id, epoch);
	else if (known && miss && st.end <= SIGSHIM_STACK_DEPTH)
		memo_learn(miss, &c->from, &st, &(struct memo_stack){ f->stack_id, f->stack_end });
}

void record_call(struct call *c, uint64_t *words, bool tight)
{
	struct process *p = shim_process;
	struct memo_stack known;
	struct memo_miss miss;

	if (c->t->in_vfork)
		c->flags |= SIGSHIM_EVF_VFORK;
	if (!tight)
		transport_check(p, c->end);
	if (tight || !c->from.sp || shim_config.stack != SIGSHIM_STACK_UNWIND)
		store_walked(c, words, NULL, tight);
	else if (likely(memo_find(c->t, &c->from, p->epoch, &known, &miss)))
		store_known(c, words, &known);
	else
		store_walked(c, words, &miss, tight);
	if (unlikely(c->t->history))
		history_add(c);
	if (!(c->flags & SIGSHIM_EVF_AFTER))
		return;
	c->t->mask = c->after;
	c->t->mask_known = 1;
}
