/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules about single changes of the mask. One function a rule, named in
 * rules.def; see judge.h for what they see.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"
#include "verified.h"

#define FEW 32		/* more were not named one by one */

static bool changes_mask(const struct moment *m)
{
	return m->class == CALL_MASK && m->d->raw[1] && !m->ev->error && m->ev->flags & SIGSHIM_EVF_REQUESTED;
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Notes each SIG_BLOCK of what is blocked already; a SIG_SETMASK settles them. */
static void note_redundant(const struct moment *m)
{
	struct thread *t = m->t;
	uint64_t twice = m->ev->mask_requested & m->ev->mask_before;
	unsigned int n;

	if ((int)m->d->raw[0] == SIG_SETMASK)
		t->redundant_set = 0;
	if ((int)m->d->raw[0] != SIG_BLOCK || !twice)
		return;
	if (!t->redundant)
		t->redundant = calloc(NSIGNALS, sizeof(*t->redundant));
	if (!t->redundant)
		return;
	t->redundant_set |= twice;
	FOR_EACH_BIT(n, twice)
		t->redundant[n] = mask_call(m->ev);
}

void rule_unblock_not_restore(struct judge *j, const struct moment *m)
{
	struct thread *t = m->t;
	char names[SIGNALS_TEXT];
	struct place now, twice, first;
	uint64_t set;
	unsigned int n;

	if (!changes_mask(m) || !(m->ev->flags & SIGSHIM_EVF_BEFORE))
		return;
	note_redundant(m);
	set = m->ev->mask_requested & m->ev->mask_before & t->redundant_set;
	if ((int)m->d->raw[0] != SIG_UNBLOCK || !set)
		return;
	t->redundant_set &= ~set;
	n = (unsigned int)__builtin_ctzll(set);
	if (!t->m.cause[n].event)
		return;
	now = judge_place(j, m->p, m->ev->stack);
	twice = judge_place(j, m->p, t->redundant[n].stack);
	first = judge_place(j, m->p, t->m.cause[n].stack);
	if (!same(now.module, twice.module) || !now.function || !first.function || !twice.function ||
	    (same(first.module, now.module) &&
	     (same(first.function, now.function) || same(first.function, twice.function))))
		return;
	judge_report(j, m, HYGIENE_WARNING, set, (struct judge_call[]){
			     judge_here("unblocked here", m), { "blocked again here, when it was blocked already",
			     t->redundant[n] }, { "blocked first here", t->m.cause[n] }, {} },
		     "unblocks %s, which its caller had blocked before", signals_text(set, names));
}

void rule_mask_scope_leak(struct judge *j, const struct moment *m)
{
	struct scope *s = m->class == CALL_SCOPE_END ? model_scope(m->t, m->d->name) : NULL;
	uint64_t changed, held;
	char names[SIGNALS_TEXT];
	unsigned int n;

	if (m->class != CALL_SCOPE_END)
		return;
	if (!s || !s->mask_known || !(m->ev->flags & SIGSHIM_EVF_BEFORE)) {
		judge_doubt(j, m->p, "the beginning of a scope is not in the log");
		return;
	}
	changed = (s->mask ^ m->ev->mask_before) & ~RESERVED;
	held = changed & m->ev->mask_before;
	if (!changed)
		return;
	n = (unsigned int)__builtin_ctzll(held ? held : changed);
	judge_report(j, m, HYGIENE_ERROR, changed, (struct judge_call[]){
			     judge_here("the scope ends here", m),
			     held ? (struct judge_call){ "blocked here", model_cause(m->p, m->t, n) } :
			     (struct judge_call){ "unblocked here", m->t->unblocked & changed ?
						  m->t->unblocked_by : (struct mask_cause){} },
			     { "it began here", s->by }, {} },
		     "%s leaves %s %s", s->name, signals_text(held ? held : changed, names),
		     held ? "blocked" : "unblocked");
}

static bool had_mask(const struct thread *t, uint64_t mask)
{
	for (unsigned int i = 0; i < t->nhistory && i < HISTORY; i++)
		if (t->history[i] == mask)
			return true;
	return t->nhistory > HISTORY;
}

void rule_setmask_clobber(struct judge *j, const struct moment *m)
{
	uint64_t cleared = m->ev->mask_before & ~m->ev->mask_requested & ~RESERVED, others = 0;
	struct thread *t = m->t;
	char names[SIGNALS_TEXT], module[256];
	struct place here, cause;
	unsigned int n;

	if (!changes_mask(m) || (int)m->d->raw[0] != SIG_SETMASK || !cleared ||
	    had_mask(t, m->ev->mask_requested & ~UNBLOCKABLE))
		return;
	here = judge_place(j, m->p, m->ev->stack);
	if (!here.module || here.main_program || here.libc)
		return;
	snprintf(module, sizeof(module), "%s", here.module);
	FOR_EACH_BIT(n, cleared) {
		if (t->m.cause[n].kind != MASK_CALL)
			continue;
		cause = judge_place(j, m->p, t->m.cause[n].stack);
		if (cause.module && strcmp(cause.module, module) != 0)
			others |= 1ull << n;
	}
	if (others)
		judge_report(j, m, HYGIENE_WARNING, others, (struct judge_call[]){
				     judge_here("the mask is replaced here", m),
				     { "blocked here", t->m.cause[__builtin_ctzll(others)] }, {} },
			     "a library unblocks %s, which others had blocked: the mask that it sets is none "
			     "that it was given",
			     signals_text(others, names));
}

void rule_sigprocmask_mt(struct judge *j, const struct moment *m)
{
	static const char *const calls[] = { "sigprocmask", "sighold", "sigrelse", "sigsetmask", "sigblock", NULL };
	struct thread *other = m->p->threads;
	int i = 0;

	if (m->p->running < 2 || strcmp(m->ev->desc->origin, "syscall") == 0)
		return;
	while (calls[i] && strcmp(calls[i], m->ev->desc->name) != 0)
		i++;
	if (!calls[i] || (m->class == CALL_MASK && !m->d->raw[1]))
		return;
	while (other && (other == m->t || !other->creation.event || other->ended))
		other = other->next;
	judge_report(j, m, HYGIENE_NOTE, 0, (struct judge_call[]){
			     judge_here("called here", m),
			     { "another thread was created here", other ? other->creation : m->t->creation }, {} },
		     "%s in a process with more than one thread", m->ev->desc->name);
}

void rule_mask_unblockable(struct judge *j, const struct moment *m)
{
	bool given = m->class == CALL_MASK ? m->ev->flags & SIGSHIM_EVF_REQUESTED && m->d->raw[1] :
		m->d->has_set && (m->class == CALL_SIGNALFD || m->class == CALL_WAIT || m->class == CALL_SUSPEND);
	uint64_t set = m->class == CALL_MASK ? m->ev->mask_requested : m->d->set;
	char names[SIGNALS_TEXT];

	if (given && set & UNBLOCKABLE && __builtin_popcountll(set) <= FEW)
		judge_report(j, m, HYGIENE_NOTE, set & UNBLOCKABLE,
			     (struct judge_call[]){ judge_here("passed here", m), {} },
			     "%s is in a set for %s, which can't have it", signals_text(set & UNBLOCKABLE, names),
			     m->ev->desc->name);
}

void rule_reserved_rt(struct judge *j, const struct moment *m)
{
	const struct log_event *ev = m->ev;
	int signo = (int)m->d->raw[m->class == CALL_ACTION ? 0 : strstr(ev->desc->name, "tg") ? 2 : 1];
	uint64_t touched = 0;
	char names[SIGNALS_TEXT];

	if (ev->error)
		return;
	if (m->class == CALL_MASK && ev->flags & SIGSHIM_EVF_BEFORE)
		touched = ev->mask_after & ~ev->mask_before & RESERVED;
	else if (m->class == CALL_ACTION && m->d->raw[1] && (signo == 32 || signo == 33))
		touched = bit(signo);
	else if ((m->class == CALL_SEND || m->class == CALL_QUEUE) && (signo == 32 || signo == 33))
		touched = bit(signo);
	if (touched && !judge_place(j, m->p, ev->stack).libc)
		judge_report(j, m, HYGIENE_WARNING, touched, (struct judge_call[]){ judge_here("here", m), {} },
			     "%s touches %s, which libc keeps for itself", ev->desc->name,
			     signals_text(touched, names));
}

void rule_efault_but_changed(struct judge *j, const struct moment *m)
{
	bool known = m->ev->flags & SIGSHIM_EVF_BEFORE || m->t->m.known;
	uint64_t before = m->ev->flags & SIGSHIM_EVF_BEFORE ? m->ev->mask_before : m->t->m.mask;
	uint64_t changed = m->ev->mask_after ^ before;
	char names[SIGNALS_TEXT];

	if (m->class != CALL_MASK || m->ev->error != EFAULT || !m->d->raw[1] || !m->d->raw[2] ||
	    !(m->ev->flags & SIGSHIM_EVF_REQUESTED) || !(m->ev->flags & SIGSHIM_EVF_AFTER))
		return;
	if (!known)
		judge_doubt(j, m->p, "the mask before a call that failed with EFAULT is not known");
	else if (changed)
		judge_report(j, m, HYGIENE_ERROR, changed, (struct judge_call[]){ judge_here("here", m), {} },
			     "%s fails with EFAULT for its third argument and changes the mask all the same: %s",
			     m->ev->desc->name, signals_text(changed, names));
}

void rule_arg_race(struct judge *j, const struct moment *m)
{
	if (m->race)
		judge_report(j, m, HYGIENE_ERROR, 0, (struct judge_call[]){ judge_here("called here", m), {} },
			     "%s was changed during %s: the kernel acted on %s, and afterwards it was %s",
			     m->race->what, m->ev->desc->name, m->race->effect, m->race->record);
}

/* Whether a stack shows that a handler runs: the kernel's frame, or the handler's own. */
static bool in_handler(struct judge *j, const struct moment *m, uint64_t handler, bool *ret_known)
{
	const struct log_frame *f;
	int n = judge_frames(j, m->p, m->ev->stack, &f);

	*ret_known = n > 0;
	for (int i = 0; i < n; i++) {
		if (!f[i].function && !f[i].module)
			*ret_known = false;
		if (f[i].signal || (f[i].function && f[i].pc - f[i].function_offset == handler))
			return true;
	}
	return false;
}

/* Exactly what the kernel blocks for the handler of one of the signals got blocked. */
static void suspect(const struct moment *m)
{
	uint64_t expected;
	unsigned int n;

	FOR_EACH_BIT(n, m->unrecorded) {
		const struct action *a = &m->p->shared->action[n];

		expected = (a->mask | 1ull << n) & ~UNBLOCKABLE & ~(m->t->m.mask & ~m->unrecorded);
		if (a->kind != ACTION_HANDLER || a->nodefer || expected != m->unrecorded)
			continue;
		m->t->suspect = m->unrecorded;
		m->t->suspect_handler = a->handler;
		m->t->suspect_by = a->by;
	}
}

static void doubt_suspect(struct judge *j, const struct moment *m, struct thread *t)
{
	if (t->suspect && t->suspect_unclear)
		judge_doubt(j, m->p, "a signal got blocked unseen, and no whole stack tells whether its handler runs");
	t->suspect = 0;
}

void rule_longjmp_mask(struct judge *j, const struct moment *m)
{
	struct thread *t = m->t;
	char names[SIGNALS_TEXT];
	bool known;

	if (m->kind == AT_THREAD_END)
		doubt_suspect(j, m, t);
	for (t = m->p->threads; t && m->kind == AT_END; t = t->next)
		doubt_suspect(j, m, t);
	t = m->t;
	if (m->kind != AT_CALL)
		return;
	/* A call that was never finished is what a jump out of a handler leaves. */
	if (t->whole || m->p->left)
		suspect(m);
	t->suspect &= t->m.mask;
	if (!t->suspect)
		return;
	t->suspect_unclear = !in_handler(j, m, t->suspect_handler, &known) && !known;
	if (t->suspect_unclear || in_handler(j, m, t->suspect_handler, &known))
		return;
	judge_report(j, m, HYGIENE_WARNING, t->suspect, (struct judge_call[]){
			     judge_here("still blocked here, outside the handler", m),
			     { "the handler was installed here", t->suspect_by }, {} },
		     "a handler was left without its return: %s stays blocked", signals_text(t->suspect, names));
	t->suspect = 0;
}
