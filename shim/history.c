/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The API of <sigshim/sigshim.h>: the last calls of a thread, for tests that
 * ask what changed the thread's state. A thread that has never asked has no
 * history and pays one branch a call. A handler may add a call while another
 * is being added: places are given out by one instruction, and a place counts
 * once its number is written. AS-safe, MT-safe.
 */
#include "history.h"

#include <string.h>
#include <sys/mman.h>

#include <sigshim/sigshim.h>

#include "sys.h"

#include "banned.h"

#define SLOTS 256	/* a power of two */

struct history {
	uint64_t last;	/* number given out */
	struct sigshim_call slot[SLOTS];
};

static uint64_t signals_of(const struct call *c)
{
	uint64_t set = 0, one;

	for (unsigned int i = 0; i < c->ev->nargs; i++) {
		switch (c->ev->kind[i]) {
		case SIGSHIM_KIND_SIGNO:
			set |= c->arg[i] > 0 && c->arg[i] <= 64 ? 1ull << (c->arg[i] - 1) : 0;
			break;
		case SIGSHIM_KIND_MASK32:
			set |= (uint32_t)c->arg[i];
			break;
		case SIGSHIM_KIND_SIGSET_IN:
		case SIGSHIM_KIND_SIGSET_WHILE:
		case SIGSHIM_KIND_SIGSET_PAIR:
			memcpy(&one, c->copy[i], sizeof(one));
			set |= c->copied >> i & 1 ? one : 0;
			break;
		default:
			break;
		}
	}
	return set;
}

void history_add(const struct call *c)
{
	unsigned int masks = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER;
	struct history *h = c->t->history;
	struct sigshim_call *s;
	uint64_t number;

	if (c->t->in_vfork)
		return;		/* a child's; the history is its parent's */
	number = __atomic_add_fetch(&h->last, 1, __ATOMIC_RELAXED);
	s = &h->slot[number % SLOTS];
	__atomic_store_n(&s->number, 0, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	s->event = c->ev->name;
	s->caller = (const void *)c->from.pc;
	s->signals = signals_of(c);
	s->masks_known = (c->flags & masks) == masks;
	s->mask_before = c->before;
	s->mask_after = c->after;
	for (unsigned int i = 0; i < 3; i++)
		s->arg[i] = i < c->ev->nargs ? c->arg[i] : 0;
	s->ret = c->ret;
	s->error = c->error;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&s->number, number, __ATOMIC_RELAXED);
}

void history_release(struct thread *t)
{
	struct history *h = t->history;

	t->history = NULL;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (h)
		sys(SYS_munmap, h, sizeof(*h));
}

static struct history *new_history(void)
{
	long p = sys(SYS_mmap, 0, sizeof(struct history), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return (unsigned long)p > -4096ul ? NULL : (struct history *)p;
}

static int is_recording(void)
{
	return process_ready() && __atomic_load_n(&shim_process->link, __ATOMIC_RELAXED) != LINK_NONE;
}

/* A child on its parent's memory has no history of its own. */
static uint64_t mark(void)
{
	struct thread *t = is_recording() ? thread_self() : NULL;
	struct history *h, *none = NULL;

	if (!t || t->in_vfork)
		return 0;
	h = t->history ? NULL : new_history();
	if (h && !__atomic_compare_exchange_n(&t->history, &none, h, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		sys(SYS_munmap, h, sizeof(*h));	/* a handler was faster */
	return t->history ? t->history->last + 1 : 0;
}

static int next(uint64_t *io_mark, struct sigshim_call *ret)
{
	struct thread *t = process_ready() ? thread_self() : NULL;
	const struct history *h = t && !t->in_vfork ? t->history : NULL;
	uint64_t number = *io_mark;

	if (!h || !number)
		return 0;
	if (number + SLOTS <= h->last)
		number = h->last - SLOTS + 1;
	for (; number <= h->last; number++) {
		*ret = h->slot[number % SLOTS];
		if (ret->number != number)
			continue;	/* being written still, beneath this handler */
		*io_mark = number + 1;
		return 1;
	}
	return 0;
}

/* noinline: what it returns to is the caller that the record tells. */
static __attribute__((noinline)) void scope(const char *name, int begins)
{
	const long arg[SIGSHIM_MAX_ARGS] = { (long)name };

	shim_note(begins ? SIGSHIM_EV_scope_begin : SIGSHIM_EV_scope_end, arg, (uintptr_t)__builtin_return_address(0));
}

static long make_call(long nr, long a, long b, long c, long d)
{
	return sys(nr, a, b, c, d);
}

const struct sigshim_api *sigshim_api(void);
SHIM_API const struct sigshim_api *sigshim_api(void)
{
	static const struct sigshim_api api = {
		.size = sizeof(api), .recording = is_recording, .mark = mark, .next = next, .sys = make_call,
		.scope = scope,
	};

	return &api;
}
