/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules about what a program hands on or holds to its end. One function a
 * rule, named in rules.def; see judge.h for what they see.
 */
#include <string.h>

#include "rules.h"

/* The signals that programs rely on being open when they begin. */
#define LEAKY (bit(SIGHUP) | bit(SIGINT) | bit(SIGQUIT) | bit(SIGTERM) | bit(SIGPIPE) | bit(SIGCHLD) | \
	bit(SIGALRM) | bit(SIGUSR1) | bit(SIGUSR2) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU) | FAULTS)

static const char *image_name(const struct moment *m)
{
	return m->image ? program_name(m->image) : "another program";
}

/* The exec, and up to three calls that blocked something of `set`. */
static void name_causes(const struct moment *m, uint64_t set, const char *first, struct judge_call ret[5])
{
	unsigned int n, used = 0;

	if (m->how.event)
		ret[used++] = (struct judge_call){ first, m->how };
	FOR_EACH_BIT(n, set) {
		struct mask_cause cause = model_cause(m->p, m->t, n);
		bool new = cause.event;

		for (unsigned int i = 0; i < used; i++)
			new = new && ret[i].cause.event != cause.event;
		if (new && used < 4)
			ret[used++] = (struct judge_call){ "blocked here", cause };
	}
	ret[used] = (struct judge_call){};
}

static uint64_t leaked(const struct moment *m, uint64_t which)
{
	if (!m->p->image_known || is_deliberate(m->p, m->image))
		return 0;
	return m->mask & ~m->p->image_mask & which;
}

void rule_mask_leak_exec(struct judge *j, const struct moment *m)
{
	uint64_t set = leaked(m, LEAKY);
	struct judge_call calls[5];
	char names[SIGNALS_TEXT];

	if (!set)
		return;
	name_causes(m, set, "executed here", calls);
	judge_report(j, m, HYGIENE_ERROR, set, calls, "%s starts %s with %s blocked", program_name(m->p),
		     image_name(m), signals_text(set, names));
}

void rule_mask_inherited(struct judge *j, const struct moment *m)
{
	uint64_t set = m->p->row.mask_start & ~RESERVED;
	const struct process *parent = m->parent;
	struct judge_call calls[5];
	char names[SIGNALS_TEXT], by[96];
	struct moment at = { .p = m->p };

	if (!m->p->row.mask_known)
		return;
	if (parent && is_deliberate(parent, m->p))
		return;
	if (parent && parent->image_known)
		set &= ~parent->image_mask;	/* its parent was told already */
	if (!set)
		return;
	name_causes(&at, set, "", calls);
	if (parent)
		snprintf(by, sizeof(by), "%s (pid %d)", program_name(parent), parent->row.pid);
	else
		snprintf(by, sizeof(by), "its parent, pid %d", m->p->row.ppid);
	judge_report(j, m, HYGIENE_WARNING, set, calls, "%s begins with %s blocked, by %s", program_name(m->p),
		     signals_text(set, names), by);
}

/* What a forked child itself ignores before its exec, as a shell's background job does, is meant so. */
static bool meant_for_exec(const struct moment *m, const struct action *a)
{
	bool exec = !m->image || (m->image->row.birth && strcmp(m->image->row.birth, "exec") == 0);

	return exec && m->p->forked && a->by.process == m->p->row.id;
}

void rule_ign_leak_exec(struct judge *j, const struct moment *m)
{
	uint64_t set = bit(SIGPIPE) | bit(SIGXFSZ) | bit(SIGCHLD) | bit(SIGINT) | bit(SIGQUIT);
	struct judge_call calls[5] = {};
	unsigned int n, used = 0;
	char names[SIGNALS_TEXT];
	uint64_t look;

	if (m->image && m->image->row.ignored_known)
		set &= m->image->row.ignored_start;
	else if (m->class == 0 && !m->how.event)
		return;
	else if (m->image || !m->t)
		return;	/* of posix_spawn's child only the kernel's word counts */
	if (is_shell(m->p) || is_deliberate(m->p, m->image))
		return;
	look = set;
	FOR_EACH_BIT(n, look) {
		const struct action *a = &m->p->shared->action[n];

		if (a->kind != ACTION_IGNORE || !a->by.event || meant_for_exec(m, a))
			set &= ~(1ull << n);
	}
	if (!set)
		return;
	if (m->how.event)
		calls[used++] = (struct judge_call){ "executed here", m->how };
	FOR_EACH_BIT(n, set)
		if (used < 4)
			calls[used++] = (struct judge_call){ "ignored here", m->p->shared->action[n].by };
	judge_report(j, m, HYGIENE_WARNING, set, calls, "%s starts %s with %s ignored", program_name(m->p),
		     image_name(m), signals_text(set, names));
}

/* The call that blocked it has returned to its caller's caller: the section is over, the mask is not. */
static bool outlives_its_section(struct judge *j, const struct moment *m, const struct mask_cause *cause)
{
	struct place p = judge_place(j, m->p, cause->stack);

	if (!p.function)
		return false;
	return strcmp(p.function, "main") == 0 || !judge_on_stack(j, m->p, m->ev->stack, p.function);
}

/* The main thread of a process that ended by a return from main, which is no record; else NULL. */
static struct thread *returned_from_main(const struct moment *m)
{
	struct thread *t = m->p->threads;

	while (t && !t->main)
		t = t->next;
	if (m->kind != AT_END || !t || t->exiting || t->ended || m->p->forked || !m->p->row.end ||
	    strcmp(m->p->row.end, "exit") != 0)
		return NULL;
	return t;
}

static uint64_t held_by_calls(struct judge *j, const struct moment *m, const struct thread *t)
{
	uint64_t set = m->p->image_known && t->m.known ? t->m.mask & ~m->p->image_mask & FAULTS : 0;
	unsigned int n;

	FOR_EACH_BIT(n, set)
		if (t->m.cause[n].kind != MASK_CALL || (m->ev && !outlives_its_section(j, m, &t->m.cause[n])))
			set &= ~(1ull << n);
	return set;
}

void rule_sync_blocked(struct judge *j, const struct moment *m)
{
	uint64_t set = m->kind == AT_HANDOVER ? leaked(m, FAULTS) : 0;
	struct moment at = *m;
	struct judge_call calls[5];
	char names[SIGNALS_TEXT];
	const char *when = "executes a program";

	if (m->kind == AT_THREAD && m->class == CALL_THREAD_START && m->p->image_known) {
		set = m->ev->mask_before & ~m->p->image_mask & FAULTS;
		when = "starts a thread";
		at.how = m->t->creation;
	} else if (m->kind == AT_CALL && m->class == CALL_EXIT && !m->p->forked) {
		set = held_by_calls(j, m, m->t);
		when = "ends";
		at.how = mask_call(m->ev);
	} else if (returned_from_main(m)) {
		at.t = returned_from_main(m);
		set = held_by_calls(j, m, at.t);
		when = "ends";
	}
	if (!set)
		return;
	name_causes(&at, set, m->kind == AT_CALL ? "ended here" : m->kind == AT_THREAD ? "created here" :
		    "executed here", calls);
	judge_report(j, &at, HYGIENE_ERROR, set, calls, 
		     "%s %s with %s blocked: a fault then kills it without its handler",
		     program_name(m->p), when, signals_text(set, names));
}

/* Signals whose default is to be ignored, and those that stop or continue. */
#define HARMLESS (bit(SIGCHLD) | bit(SIGURG) | bit(SIGWINCH) | bit(SIGCONT) | bit(SIGTSTP) | bit(SIGTTIN) | \
	bit(SIGTTOU))

static uint64_t matters(const struct process *p, uint64_t set)
{
	unsigned int n;

	FOR_EACH_BIT(n, set) {
		enum action_kind kind = p->shared->action[n].kind;

		if (kind == ACTION_IGNORE || (kind != ACTION_HANDLER && HARMLESS >> n & 1))
			set &= ~(1ull << n);
	}
	return set;
}

static void report_pending(struct judge *j, const struct moment *m, uint64_t set, const char *role,
			   struct mask_cause at, const char *what)
{
	struct judge_call calls[] = {
		{ role, at }, { "sent here", m->t ? m->t->pending_by : (struct mask_cause){} },
		{ "blocked here", model_cause(m->p, m->t, (unsigned int)__builtin_ctzll(set)) }, {}
	};
	char names[SIGNALS_TEXT];

	if (m->t && !(m->t->pending & set))
		calls[1].cause = (struct mask_cause){};
	judge_report(j, m, HYGIENE_WARNING, set, calls, "%s %s while %s is pending and blocked",
		     program_name(m->p), what, signals_text(set, names));
}

void rule_mask_pending_exit(struct judge *j, const struct moment *m)
{
	struct moment at = *m;
	uint64_t set;

	if (m->kind == AT_HANDOVER) {
		bool exec = m->image && m->image->row.birth && strcmp(m->image->row.birth, "exec") == 0;

		set = exec ? matters(m->p, m->image->row.pending_start & m->image->row.mask_start) : 0;
		if (set)
			report_pending(j, m, set, "executed here", m->how, "executes a program");
		return;
	}
	if (m->kind == AT_END)
		at.t = returned_from_main(m);
	if (m->kind == AT_END ? !at.t : m->class != CALL_EXIT)
		return;
	set = matters(m->p, at.t->pending & at.t->m.mask);
	if (!set)
		return;
	if (m->p->lossy)
		judge_doubt(j, m->p, "records that could have taken a pending signal are missing");
	else
		report_pending(j, &at, set, "ended here", m->ev ? mask_call(m->ev) : (struct mask_cause){}, "ends");
}
