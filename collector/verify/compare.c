/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a shim recorded against what the kernel did: the copies of arguments at
 * three moments, masks and results. A difference is a finding. See state.h.
 * main-only.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "state.h"

#define BIT(n) ((uint64_t)1 << ((n) - 1))
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))
#define LIBC_RESERVED (BIT(32) | BIT(33))	/* libc takes them out of what it passes on */
/* libc adds SA_RESTORER; the kernel takes out what it does not know. */
#define KNOWN_FLAGS ((uint64_t)(uint32_t)(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | \
				    SA_NODEFER | SA_RESETHAND))
#define AUTODISARM (1u << 31)
#define TEXT_MAX 128

struct views {
	char record[TEXT_MAX], entry[TEXT_MAX], effect[TEXT_MAX];	/* "": not known */
};

static void report(struct verify *v, const struct record *r, const struct pending *k, const char *kind,
		   const char *what, const struct views *views)
{
	const struct held *stack = k ? stack_kept(v, &k->call) : NULL;
	struct finding_info f = {
		.run = v->run, .process = r->peer->process, .thread = r->thread, .seq = r->ev.seq,
		.ts_ns = r->ev.start_ns, .ip = k ? k->call.ip : 0,
		.kind = kind, .what = what,
		.record = *views->record ? views->record : NULL, .entry = *views->entry ? views->entry : NULL,
		.effect = *views->effect ? views->effect : NULL,
		.stack = stack ? classify_stack(v, k->image, stack) : 0,
		.writer = stack && strcmp(kind, "toctou") == 0 ? stack->other : 0,
	};

	if (k)
		tracer_suspect(v->tracer, k->image->tgid);
	sink_finding(v->sink, &f);
}

void compare_absent(struct verify *v, const struct record *r)
{
	struct views views = { "recorded", "", "" };

	report(v, r, NULL, "no-kernel-event", r->ev.desc->sys->name, &views);
}

static void mask_text(char text[static TEXT_MAX], uint64_t mask)
{
	snprintf(text, TEXT_MAX, "0x%" PRIx64, mask);
}

/* The first argument of one of two kinds; -1: none was copied. */
static int copied_kind(const struct event *ev, enum sigshim_kind a, enum sigshim_kind b)
{
	for (unsigned int i = 0; i < ev->desc->nargs; i++)
		if (ev->copied & 1u << i && (ev->desc->args[i].kind == a || ev->desc->args[i].kind == b))
			return (int)i;
	return -1;
}

static uint64_t word_at(const unsigned char *p, unsigned int at, unsigned int size)
{
	uint64_t n = 0;

	memcpy(&n, p + at, size);
	return n;
}

/* --- masks ---------------------------------------------------------------------- */

static unsigned int compare_masks(struct verify *v, const struct record *r, const struct pending *k,
				  const struct event *kev)
{
	const unsigned int requested = SIGSHIM_EVF_REQUESTED, both = SIGSHIM_EVF_REQUESTED | SIGSHIM_EVF_AFTER;
	bool copies = r->ev.flags & requested && kev->flags & requested &&
		(r->ev.mask_requested ^ kev->mask_requested) & ~LIBC_RESERVED;
	bool effect = r->ev.desc->effect == SIGSHIM_EFFECT_MASK && r->ev.error == 0 &&
		(r->ev.flags & both) == both && !(r->ev.mask_requested & LIBC_RESERVED) &&
		(r->ev.mask_after ^ kev->mask_after) & ~LIBC_RESERVED;
	struct views views = { "", "", "" };

	if (!copies && !effect)
		return 0;
	mask_text(views.record, r->ev.mask_requested);
	if (kev->flags & requested)
		mask_text(views.entry, kev->mask_requested);
	mask_text(views.effect, k->call.mask_after);
	report(v, r, k, "toctou", r->ev.desc->effect == SIGSHIM_EFFECT_MASK ? "set" : "mask", &views);
	return 1;
}

static unsigned int compare_signalfd(struct verify *v, const struct record *r, const struct pending *k,
				     const struct event *kev)
{
	int mine = copied_kind(&r->ev, SIGSHIM_KIND_SIGSET_IN, SIGSHIM_KIND_SIGSET_IN);
	int its = copied_kind(kev, SIGSHIM_KIND_SIGSET_IN, SIGSHIM_KIND_SIGSET_IN);
	struct views views = { "", "", "" };
	const uint64_t *now = spec_effect(&k->call);
	uint64_t set;
	bool differs;

	if (strncmp(r->ev.desc->sys->name, "signalfd", 8) != 0 || mine < 0 || r->ev.error)
		return 0;
	set = word_at(r->ev.copy[mine], 0, 8);
	differs = (its >= 0 && set != word_at(kev->copy[its], 0, 8)) ||
		(now && (set & ~UNBLOCKABLE) != (*now & ~UNBLOCKABLE));
	if (!differs)
		return 0;
	mask_text(views.record, set);
	if (its >= 0)
		mask_text(views.entry, word_at(kev->copy[its], 0, 8));
	if (now)
		mask_text(views.effect, *now);
	report(v, r, k, "toctou", "mask", &views);
	return 1;
}

/* --- structures -------------------------------------------------------------------- */

static void stack_text(char text[static TEXT_MAX], uint64_t sp, uint64_t size, uint64_t flags)
{
	snprintf(text, TEXT_MAX, "sp=0x%" PRIx64 " size=%" PRIu64 " flags=0x%" PRIx64, sp, size, flags);
}

static unsigned int compare_altstack(struct verify *v, const struct record *r, const struct pending *k,
				     const struct event *kev)
{
	int mine = copied_kind(&r->ev, SIGSHIM_KIND_STACK_IN, SIGSHIM_KIND_STACK_IN);
	int its = copied_kind(kev, SIGSHIM_KIND_STACK_IN, SIGSHIM_KIND_STACK_IN);
	const struct trace_altstack *now = spec_effect(&k->call);
	uint64_t sp, size, flags, no_sp, no_size;
	struct views views = { "", "", "" };
	bool differs;

	if (mine < 0 || r->ev.error || !now)
		return 0;
	sp = word_at(r->ev.copy[mine], 0, 8);
	flags = word_at(r->ev.copy[mine], 8, 4);
	size = word_at(r->ev.copy[mine], 16, 8);
	no_sp = flags & SS_DISABLE ? 0 : sp;
	no_size = flags & SS_DISABLE ? 0 : size;
	differs = now->sp != no_sp || now->size != no_size || (now->flags ^ flags) & (AUTODISARM | SS_DISABLE) ||
		(its >= 0 && (sp != word_at(kev->copy[its], 0, 8) || flags != word_at(kev->copy[its], 8, 4) ||
			      size != word_at(kev->copy[its], 16, 8)));
	if (!differs)
		return 0;
	stack_text(views.record, sp, size, flags);
	if (its >= 0)
		stack_text(views.entry, word_at(kev->copy[its], 0, 8), word_at(kev->copy[its], 16, 8),
			   word_at(kev->copy[its], 8, 4));
	stack_text(views.effect, now->sp, now->size, now->flags);
	report(v, r, k, "toctou", "ss", &views);
	return 1;
}

static void info_text(char text[static TEXT_MAX], const unsigned char *info)
{
	snprintf(text, TEXT_MAX, "code=%d pid=%d value=0x%" PRIx64, (int)word_at(info, 8, 4),
		 (int)word_at(info, 16, 4), word_at(info, 24, 8));
}

/* Of what the kernel sends on, pid and uid may be translated for another namespace. */
static unsigned int compare_siginfo(struct verify *v, const struct record *r, const struct pending *k,
				    const struct event *kev)
{
	int mine = copied_kind(&r->ev, SIGSHIM_KIND_SIGINFO_IN, SIGSHIM_KIND_SIGINFO_IN);
	int its = copied_kind(kev, SIGSHIM_KIND_SIGINFO_IN, SIGSHIM_KIND_SIGINFO_IN);
	struct views views = { "", "", "" };
	const unsigned char *info;
	bool differs;

	if (mine < 0 || r->ev.error)
		return 0;
	info = r->ev.copy[mine];
	differs = (its >= 0 && memcmp(info, kev->copy[its], SIGSHIM_COPY_SIGINFO) != 0) ||
		(k->signal.has_info && (word_at(info, 8, 4) != word_at(k->signal.info, 8, 4) ||
					word_at(info, 24, 8) != word_at(k->signal.info, 24, 8)));
	if (!differs)
		return 0;
	info_text(views.record, info);
	if (its >= 0)
		info_text(views.entry, kev->copy[its]);
	if (k->signal.has_info)
		info_text(views.effect, k->signal.info);
	report(v, r, k, "toctou", "info", &views);
	return 1;
}

static void action_text(char text[static TEXT_MAX], uint64_t handler, uint64_t mask, uint64_t flags)
{
	snprintf(text, TEXT_MAX, "handler=0x%" PRIx64 " mask=0x%" PRIx64 " flags=0x%" PRIx64, handler,
		 mask & ~UNBLOCKABLE, flags & KNOWN_FLAGS);
}

static void copied_action(char text[static TEXT_MAX], const unsigned char *act)
{
	action_text(text, word_at(act, 0, 8), word_at(act, 8, 8), word_at(act, 16, 4));
}

static unsigned int compare_action(struct verify *v, const struct record *r, const struct pending *k,
				   const struct event *kev)
{
	int mine = copied_kind(&r->ev, SIGSHIM_KIND_ACTION_IN, SIGSHIM_KIND_KACTION_IN);
	int its = copied_kind(kev, SIGSHIM_KIND_ACTION_IN, SIGSHIM_KIND_KACTION_IN);
	struct views views = { "", "", "" };
	const struct trace_action *now;

	if (mine < 0 || r->ev.error)
		return 0;
	now = spec_effect(&k->call);
	copied_action(views.record, r->ev.copy[mine]);
	if (its >= 0)
		copied_action(views.entry, kev->copy[its]);
	/* A delivery may have reset it already. */
	if (now && !(now->flags & SA_RESETHAND) && !(word_at(r->ev.copy[mine], 16, 4) & SA_RESETHAND))
		action_text(views.effect, now->handler, now->mask, now->flags);
	if ((!*views.entry || strcmp(views.record, views.entry) == 0) &&
	    (!*views.effect || strcmp(views.record, views.effect) == 0))
		return 0;
	report(v, r, k, "toctou", "act", &views);
	return 1;
}

/* --- results ------------------------------------------------------------------------- */

static unsigned int compare_result(struct verify *v, const struct record *r, const struct pending *k,
				   const struct event *kev)
{
	struct views views = { "", "", "" };

	if (r->ev.error == kev->error || !(k->call.flags & TRACE_ENDED))
		return 0;
	snprintf(views.record, TEXT_MAX, "errno=%d", r->ev.error);
	snprintf(views.effect, TEXT_MAX, "errno=%d", kev->error);
	report(v, r, k, "result", "errno", &views);
	return 1;
}

unsigned int compare(struct verify *v, const struct record *r, const struct pending *k)
{
	struct spec_copies room;
	struct event kev;

	if (!spec_decode(&k->call, &room, &kev))
		return 0;
	return compare_masks(v, r, k, &kev) + compare_signalfd(v, r, k, &kev) +
		compare_altstack(v, r, k, &kev) + compare_siginfo(v, r, k, &kev) +
		compare_action(v, r, k, &kev) + compare_result(v, r, k, &kev);
}
