/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules about which thread gets a signal, and about signalfds. One function a
 * rule, named in rules.def; see judge.h for what they see.
 */
#include <string.h>
#include <sys/signalfd.h>

#include "rules.h"

/* Sent to processes rather than raised by a thread's own doing. */
#define ASYNCHRONOUS (bit(SIGHUP) | bit(SIGINT) | bit(SIGQUIT) | bit(SIGTERM) | bit(SIGCHLD) | bit(SIGALRM) | \
	bit(SIGUSR1) | bit(SIGUSR2) | bit(SIGWINCH) | bit(SIGIO))

static const struct thread *living_thread(const struct process *p, int64_t id)
{
	const struct thread *t = p->threads;

	while (t && (t->m.id != id || t->ended))
		t = t->next;
	return t;
}

/*
 * Signals that a thread of the process takes from a signalfd or by sigwait, and
 * the call that says so. What it does not block any more it has done with, or,
 * with a signalfd that may be open yet, *ret_late gets it.
 */
static uint64_t consumed(const struct process *p, uint64_t which, struct mask_cause *ret_by, uint64_t *ret_late)
{
	uint64_t set = 0, one;

	for (unsigned int i = 0; i < p->shared->nsigfd; i++) {
		const struct sigfd *fd = &p->shared->sigfd[i];
		const struct thread *t = fd->process == p->row.id ? living_thread(p, fd->thread) : NULL;

		one = t ? fd->set & ~fd->open & which : 0;
		if (one && !(set & ~*ret_late))
			*ret_by = fd->by;
		set |= one;
		*ret_late |= t ? one & ~t->m.mask : 0;
	}
	for (const struct thread *t = p->threads; t; t = t->next) {
		one = t->ended ? 0 : t->waited & t->m.mask & which;
		if (one)
			*ret_by = t->waited_by;
		set |= one;
		*ret_late &= ~one;
	}
	return set;
}

static void steals_from_handler(struct judge *j, const struct moment *m, uint64_t open)
{
	char names[SIGNALS_TEXT], creator[256];
	struct mask_cause by = {};
	uint64_t set = 0;
	struct place place = judge_place(j, m->p, m->t->creation.stack);
	unsigned int n;

	if (!place.module || place.main_program || place.libc)
		return;
	snprintf(creator, sizeof(creator), "%s", place.module);
	open &= ASYNCHRONOUS;
	FOR_EACH_BIT(n, open) {
		const struct action *a = &m->p->shared->action[n];

		if (a->kind != ACTION_HANDLER || !a->by.event)
			continue;
		place = judge_place(j, m->p, a->by.stack);
		if (!place.module || strcmp(place.module, creator) == 0)
			continue;
		set |= 1ull << n;
		by = a->by;
	}
	if (set)
		judge_report(j, m, HYGIENE_WARNING, set, (struct judge_call[]){
				     { "the thread was created here", m->t->creation },
				     { "the handler was installed here", by }, {} },
			     "a thread that a library made can run the program's handler for %s",
			     signals_text(set, names));
}

void rule_thread_steals(struct judge *j, const struct moment *m)
{
	uint64_t open = ~m->ev->mask_before & ~UNBLOCKABLE, set, late = 0;
	struct mask_cause by = {};
	char names[SIGNALS_TEXT];

	if (m->class != CALL_THREAD_START || !(m->ev->flags & SIGSHIM_EVF_BEFORE))
		return;
	set = consumed(m->p, open, &by, &late);
	if (set)
		judge_report(j, m, set & ~late ? HYGIENE_ERROR : HYGIENE_NOTE, set, (struct judge_call[]){
				     { "the thread was created here", m->t->creation },
				     { "the signals are waited for here", by }, {} },
			     "a thread starts with %s open, which another waits for: the signal may come to it instead",
			     signals_text(set, names));
	else
		steals_from_handler(j, m, open);
}

void rule_sigwait_unblocked(struct judge *j, const struct moment *m)
{
	uint64_t set = m->d->set & ~UNBLOCKABLE & ~RESERVED & ~m->ev->mask_before;
	char names[SIGNALS_TEXT];

	if (m->class != CALL_WAIT || !m->d->has_set || !(m->ev->flags & SIGSHIM_EVF_BEFORE))
		return;
	if (__builtin_popcountll(m->d->set) >= 50)	/* all, but for what a fault raises */
		set &= ~(FAULTS | bit(SIGTRAP) | bit(SIGABRT) | bit(SIGSYS));
	if (set)
		judge_report(j, m, HYGIENE_ERROR, set, (struct judge_call[]){ judge_here("waited for here", m), {} },
			     "%s waits for %s, which this thread does not block", m->ev->desc->name,
			     signals_text(set, names));
}

/* --- signalfd --------------------------------------------------------------- */

static bool makes_sigfd(const struct moment *m)
{
	return m->class == CALL_SIGNALFD && !m->ev->error && (int)m->d->raw[0] == -1 && m->d->has_set;
}

/* What a call blocked after a signalfd for it was made. */
static void blocked_late(struct judge *j, const struct moment *m, struct sigfd *fd)
{
	uint64_t late = fd->open & m->ev->mask_after;
	char names[SIGNALS_TEXT];

	if (!late)
		return;
	fd->open &= ~late;
	judge_report(j, m, HYGIENE_NOTE, late, (struct judge_call[]){
			     { "the signalfd was made here", fd->by }, judge_here("blocked only here", m), {} },
		     "%s is blocked only after the signalfd for it was made", signals_text(late, names));
}

static void never_blocked(struct judge *j, const struct moment *m, const struct sigfd *fd)
{
	uint64_t set = fd->open & ~m->p->ever_blocked;
	char names[SIGNALS_TEXT];

	if (!set)
		return;
	if (m->p->lossy)
		judge_doubt(j, m->p, "a call that blocked a signalfd's signals may be missing");
	else
		judge_report(j, m, HYGIENE_ERROR, set, (struct judge_call[]){
				     { "the signalfd was made here", fd->by }, {} },
			     "a signalfd for %s, which is never blocked: its handler or default action wins",
			     signals_text(set, names));
}

void rule_sfd_unblocked(struct judge *j, const struct moment *m)
{
	struct shared *s = m->p->shared;

	if (!s->open || (m->kind != AT_END && !(s->open & m->ev->mask_after)))
		return;
	for (unsigned int i = 0; i < s->nsigfd; i++) {
		if (s->sigfd[i].process != m->p->row.id || !s->sigfd[i].open)
			continue;
		if (m->kind == AT_END)
			never_blocked(j, m, &s->sigfd[i]);
		else if (m->ev->thread == s->sigfd[i].thread && m->ev->flags & SIGSHIM_EVF_AFTER)
			blocked_late(j, m, &s->sigfd[i]);
	}
}

static void other_thread_open(struct judge *j, const struct moment *m, const struct thread *t,
			      const struct sigfd *fd)
{
	uint64_t set = fd->set & ~fd->open & ~t->m.mask & ~t->ever_unblocked;
	char names[SIGNALS_TEXT];

	/* Those that start later are another rule's. */
	if (!set || fd->process != m->p->row.id || fd->thread == t->m.id || t->began_ns > fd->since_ns ||
	    !t->m.known || (!t->main && !t->noted))
		return;
	if (m->p->lossy)
		judge_doubt(j, m->p, "a call that blocked a signalfd's signals in another thread may be missing");
	else
		judge_report(j, m, HYGIENE_ERROR, set, (struct judge_call[]){
				     { "the signalfd was made here", fd->by },
				     { "the other thread was created here", t->creation }, {} },
			     "%s is open in another thread (%s) than the signalfd's: the signal may come to it instead",
			     signals_text(set, names), t->main ? "the main thread" : "which was created before");
}

void rule_sfd_other_thread(struct judge *j, const struct moment *m)
{
	struct shared *s = m->p->shared;

	for (unsigned int i = 0; i < s->nsigfd; i++) {
		if (m->kind == AT_THREAD_END)
			other_thread_open(j, m, m->t, &s->sigfd[i]);
		for (const struct thread *t = m->p->threads; t && m->kind == AT_END; t = t->next)
			if (!t->ended)
				other_thread_open(j, m, t, &s->sigfd[i]);
	}
}

void rule_sfd_no_cloexec(struct judge *j, const struct moment *m)
{
	bool flags = strcmp(m->ev->desc->ident, "sys_signalfd") != 0;

	if (makes_sigfd(m) && !(flags && m->d->raw[m->ev->desc->nargs - 1] & SFD_CLOEXEC))
		judge_report(j, m, HYGIENE_WARNING, 0, (struct judge_call[]){ judge_here("made here", m), {} },
			     "a signalfd without SFD_CLOEXEC, which programs that are executed inherit");
}

void rule_sfd_fork_shared(struct judge *j, const struct moment *m)
{
	const struct shared *s = m->p->shared;

	if (m->class != CALL_SIGNALFD || m->ev->error || (int)m->d->raw[0] < 0 || !m->p->forked)
		return;
	for (unsigned int i = 0; i < s->nsigfd; i++)
		if (s->sigfd[i].fd == (int)m->d->raw[0] && s->sigfd[i].process &&
		    s->sigfd[i].process != m->p->row.id)
			judge_report(j, m, HYGIENE_WARNING, 0, (struct judge_call[]){
					     judge_here("changed here, by a child", m),
					     { "made here, by its parent", s->sigfd[i].by }, {} },
				     "a forked child changes its parent's signalfd, which both share");
}

/* The signals of a signalfd that have a handler or are ignored, and the call that did it. */
static uint64_t acted_on(const struct process *p, uint64_t set, struct mask_cause *ret_by)
{
	uint64_t found = 0;
	unsigned int n;

	FOR_EACH_BIT(n, set) {
		const struct action *a = &p->shared->action[n];

		if ((a->kind != ACTION_HANDLER && a->kind != ACTION_IGNORE) || !a->by.event)
			continue;
		found |= 1ull << n;
		*ret_by = a->by;
	}
	return found;
}

void rule_sfd_and_handler(struct judge *j, const struct moment *m)
{
	const struct shared *s = m->p->shared;
	int signo = (int)m->d->raw[0];
	char names[SIGNALS_TEXT];
	struct mask_cause by = {};

	if (m->ev->error || (m->class != CALL_SIGNALFD && m->class != CALL_ACTION))
		return;
	for (unsigned int i = 0; i < s->nsigfd; i++) {
		uint64_t set = s->sigfd[i].set;

		if (m->class == CALL_SIGNALFD ? s->sigfd[i].by.event != m->ev->id :
		    signo < 1 || signo > NSIGNALS || !(set & bit(signo)))
			continue;
		set = acted_on(m->p, m->class == CALL_ACTION ? bit(signo) : set, &by);
		if (set)
			judge_report(j, m, HYGIENE_NOTE, set, (struct judge_call[]){
					     { "the signalfd was made here", s->sigfd[i].by },
					     { "the action was set here", by }, {} },
				     "%s has a signalfd and a handler, or is ignored", signals_text(set, names));
	}
}
