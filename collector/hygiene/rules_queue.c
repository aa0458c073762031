/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules about signals that are sent with a value. One function a rule, named
 * in rules.def; see judge.h for what they see.
 */
#include <errno.h>
#include <string.h>

#include "rules.h"

#define RTMIN 34

/* The argument that is the signal. */
static int sent_signal(const struct moment *m)
{
	for (unsigned int i = 0; i < m->ev->desc->nargs; i++)
		if (m->ev->desc->args[i].kind == SIGSHIM_KIND_SIGNO)
			return (int)m->d->raw[i];
	return 0;
}

static bool names_process(const struct moment *m)
{
	return m->ev->desc->args[0].kind == SIGSHIM_KIND_PID;
}

static void forged(struct judge *j, const struct moment *m, const char *what)
{
	judge_report(j, m, HYGIENE_ERROR, 0, (struct judge_call[]){ judge_here("sent here", m), {} },
		     "%s claims %s", m->ev->desc->name, what);
}

void rule_queue_forged(struct judge *j, const struct moment *m)
{
	const struct detail_info *info = &m->d->info;
	bool other = names_process(m) && (int)m->d->raw[0] != m->ev->pid;

	if (!m->d->has_info || (m->class != CALL_QUEUE && m->class != CALL_SEND) || m->ev->error == EFAULT)
		return;
	if (other && (info->code >= 0 || info->code == SI_TKILL))
		forged(j, m, "to be the kernel, or tgkill, to another process: that si_code is reserved, EPERM");
	else if (info->code == SI_QUEUE && info->pid != m->ev->pid)
		forged(j, m, "another sender: si_pid is not the sender's");
	else if (info->code == SI_QUEUE && (int)info->uid != m->ev->uid && m->ev->uid &&
		 m->ev->pid == m->ev->host_pid)
		forged(j, m, "another user: si_uid is not the sender's");
	else if (info->code == SI_QUEUE && (int)info->uid != m->ev->uid)
		judge_doubt(j, m->p, "si_uid differs from the user that the process began as, who may change");
}

void rule_queue_eagain(struct judge *j, const struct moment *m)
{
	char name[SIGNAL_NAME_MAX];

	if (m->class == CALL_QUEUE && m->ev->error == EAGAIN)
		judge_report(j, m, HYGIENE_WARNING, 0, (struct judge_call[]){ judge_here("failed here", m), {} },
			     "%s of %s failed with EAGAIN: as many are queued as RLIMIT_SIGPENDING allows",
			     m->ev->desc->name, signal_name(sent_signal(m), name));
}

void rule_queue_std_payload(struct judge *j, const struct moment *m)
{
	int signo = sent_signal(m);
	char name[SIGNAL_NAME_MAX];
	uint64_t value = 0;

	if (m->class != CALL_QUEUE || m->ev->error || signo < 1 || signo >= RTMIN)
		return;
	for (unsigned int i = 0; i < m->ev->desc->nargs; i++)
		if (m->ev->desc->args[i].kind == SIGSHIM_KIND_SIGVAL)
			value = m->d->raw[i];
	if (m->d->has_info && m->d->info.code == SI_QUEUE)
		value = m->d->info.value;
	if (value)
		judge_report(j, m, HYGIENE_WARNING, bit(signo), (struct judge_call[]){ judge_here("sent here", m), {} },
			     "a value goes with %s, which does not queue: the value of a second one is lost",
			     signal_name(signo, name));
}

void rule_queue_bad_target(struct judge *j, const struct moment *m)
{
	int pid = names_process(m) ? (int)m->d->raw[0] : 1;

	if (m->class != CALL_QUEUE || sent_signal(m) == 0)
		return;
	if (pid <= 0)
		judge_report(j, m, HYGIENE_ERROR, 0, (struct judge_call[]){ judge_here("sent here", m), {} },
			     "%s to %d, which is no process: unlike kill it takes no groups", m->ev->desc->name, pid);
	else if (m->ev->error == ESRCH)
		judge_report(j, m, HYGIENE_ERROR, 0, (struct judge_call[]){ judge_here("sent here", m), {} },
			     "%s to a process or thread that is not there any more (ESRCH)", m->ev->desc->name);
}

void rule_queue_not_received(struct judge *j, const struct moment *m)
{
	struct process *p = m->p;
	unsigned int n = (unsigned int)__builtin_ctzll(p->queued | 1ull << 63);
	char names[SIGNALS_TEXT];

	if (!p->queued || !p->row.end || strcmp(p->row.end, "exit") != 0)
		return;
	if (p->lossy)
		judge_doubt(j, p, "records that could have taken a queued signal are missing");
	else
		judge_report(j, m, HYGIENE_WARNING, p->queued, (struct judge_call[]){
				     { "sent here", p->queued_by }, { "blocked here", model_cause(p, NULL, n) }, {} },
			     "%s (pid %d) ended without receiving %s, which was queued to it",
			     program_name(p), p->row.pid, signals_text(p->queued, names));
}
