/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one record does to the model; see model.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include "model.h"

/* After lost records nothing is taken for granted that this record doesn't tell. */
static void doubt(struct thread *t)
{
	t->whole = false;
	t->alt.known = false;
	t->redundant_set = 0;
	t->pending = 0;
	t->suspect = 0;
	t->clobbered.active = false;
	t->exec.kind = MASK_NOBODY;
	t->nhistory = HISTORY;
}

static void remember_mask(struct thread *t, uint64_t mask)
{
	for (unsigned int i = 0; i < t->nhistory && i < HISTORY; i++)
		if (t->history[i] == mask)
			return;
	if (t->nhistory < HISTORY)
		t->history[t->nhistory] = mask;
	if (t->nhistory <= HISTORY)
		t->nhistory++;
}

void model_before(struct thread *t, const struct log_event *ev, bool gives_old, uint64_t *ret_unrecorded)
{
	bool lost = t->m.seen && ev->seq && ev->seq != t->m.last_seq + 1;

	*ret_unrecorded = 0;
	if (lost)
		doubt(t);
	if (!(ev->flags & SIGSHIM_EVF_BEFORE))
		return;
	if (t->m.seen && t->m.known)
		*ret_unrecorded = ev->mask_before & ~t->m.mask;
	mask_correct(&t->m, ev->mask_before, ev->seq);
	t->m.known = true;
	t->process->ever_blocked |= ev->mask_before;
	if (call_class(ev->desc) == CALL_LEGACY || (call_class(ev->desc) == CALL_MASK && gives_old))
		remember_mask(t, ev->mask_before);
}

static void add_birth(struct birth *list, unsigned int *n, struct birth b)
{
	struct birth *slot = &list[(*n)++ % RECENT];

	if (slot->shared && !--slot->shared->users) {
		free(slot->shared->sigfd);
		free(slot->shared);
	}
	*slot = b;
}

static int set_action(struct process *p, int signo, struct action a)
{
	int r;

	if (signo < 1 || signo > NSIGNALS)
		return 0;
	r = model_own(p);
	if (r == 0)
		p->shared->action[signo - 1] = a;
	return r;
}

static struct action make_action(uint64_t handler, unsigned int flags, uint64_t mask, const struct log_event *ev)
{
	return (struct action){
		.kind = handler == 0 ? ACTION_DEFAULT : handler == 1 ? ACTION_IGNORE : ACTION_HANDLER,
		.handler = handler, .onstack = flags & SA_ONSTACK, .nodefer = flags & SA_NODEFER, .mask = mask,
		.by = mask_call(ev),
	};
}

static int apply_action(struct process *p, const struct log_event *ev, const struct detail *d)
{
	const char *name = ev->desc->name;
	int signo = (int)d->raw[0];

	if (strcmp(name, "siginterrupt") == 0)
		return 0;
	if (strcmp(name, "sigignore") == 0)
		return set_action(p, signo, make_action(1, 0, 0, ev));
	if (!strstr(name, "sigaction")) {
		if (strcmp(name, "sigset") == 0 && d->raw[1] == 2)
			return 0;
		return set_action(p, signo, make_action(d->raw[1], strstr(name, "sysv") ? SA_NODEFER : 0, 0, ev));
	}
	if (d->has_action)
		return set_action(p, signo, make_action(d->action.handler, d->action.flags, d->action.mask, ev));
	if (d->raw[1])
		return set_action(p, signo, (struct action){});
	if (d->has_old_action && signo >= 1 && signo <= NSIGNALS &&
	    p->shared->action[signo - 1].kind == ACTION_UNKNOWN) {
		struct action a = make_action(d->old_action.handler, d->old_action.flags, d->old_action.mask, ev);

		a.by = (struct mask_cause){};
		return set_action(p, signo, a);
	}
	return 0;
}

static void apply_alternate(struct thread *t, const struct log_event *ev, const struct detail *d)
{
	if (!d->raw[0]) {
		if (d->has_old_stack && !t->alt.known)
			t->alt = (struct alternate){
				.known = true, .active = !(d->old_stack.flags & SS_DISABLE),
				.sp = d->old_stack.sp, .size = d->old_stack.size,
			};
		t->alt_ever |= t->alt.active;
		return;
	}
	t->alt = (struct alternate){
		.known = d->has_stack, .active = d->has_stack && !(d->stack.flags & SS_DISABLE),
		.sp = d->stack.sp, .size = d->stack.size, .by = mask_call(ev),
	};
	t->alt_ever |= t->alt.active;
}

static struct sigfd *find_sigfd(struct shared *s, int fd)
{
	for (unsigned int i = 0; i < s->nsigfd; i++)
		if (s->sigfd[i].fd == fd)
			return &s->sigfd[i];
	return NULL;
}

static int apply_sigfd(struct thread *t, const struct log_event *ev, const struct detail *d)
{
	struct process *p = t->process;
	bool new = (int)d->raw[0] == -1;
	struct sigfd *fd, *grown;
	int number = new ? (int)ev->ret : (int)d->raw[0], r = model_own(p);

	if (r < 0 || !d->has_set)
		return r;
	fd = find_sigfd(p->shared, number);
	if (!fd) {
		grown = reallocarray(p->shared->sigfd, p->shared->nsigfd + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		p->shared->sigfd = grown;
		fd = &grown[p->shared->nsigfd++];
		*fd = (struct sigfd){};
	}
	if (new || !fd->process)
		*fd = (struct sigfd){
			.fd = number, .cloexec = d->raw[ev->desc->nargs - 1] & SFD_CLOEXEC,
			.process = new ? p->row.id : 0, .thread = ev->thread, .since_ns = ev->ts_ns,
			.by = mask_call(ev),
		};
	fd->set = d->set & ~(bit(SIGKILL) | bit(SIGSTOP));
	fd->open = t->m.known ? fd->set & ~t->m.mask : 0;
	p->shared->open |= fd->open;
	return 0;
}

/* What a thread sent to itself while it blocked it is pending until something takes it. */
static void note_pending(struct thread *t, const struct log_event *ev, const struct detail *d)
{
	const char *name = ev->desc->name;
	bool self = strcmp(name, "raise") == 0 || strcmp(name, "gsignal") == 0;
	unsigned int at = strcmp(name, "tgkill") == 0 ? 2 : self ? 0 : 1;
	int signo = (int)d->raw[at];

	if (strcmp(name, "tgkill") == 0 || strcmp(name, "tkill") == 0)
		self = (int)d->raw[at - 1] == ev->tid;
	else if (strcmp(name, "kill") == 0 || strcmp(name, "sigqueue") == 0)
		self = (int)d->raw[0] == ev->pid && t->process->running == 1 && !t->process->threads->next;
	if (!self || signo < 1 || signo > NSIGNALS || !(t->m.mask & bit(signo)))
		return;
	t->pending |= bit(signo);
	t->pending_by = mask_call(ev);
}

static bool all_block(const struct process *p, int signo)
{
	const struct thread *t = p->threads;

	while (t && (t->ended || (t->m.known && t->m.mask & bit(signo))))
		t = t->next;
	return p->threads && !t;
}

/* A value that was sent to a process stays queued until one of its threads may take it. */
static void note_queued(struct model *m, const struct log_event *ev, const struct detail *d)
{
	bool to_process = strcmp(ev->desc->name, "sigqueue") == 0 || strcmp(ev->desc->name, "rt_sigqueueinfo") == 0;
	struct process *p;
	int signo = (int)d->raw[1];

	if (!to_process || ev->error || signo < 1 || signo > NSIGNALS || ev->pid != ev->host_pid)
		return;
	p = model_process_by_pid(m, (int)d->raw[0]);
	if (!p || !all_block(p, signo))
		return;
	for (unsigned int i = 0; i < p->shared->nsigfd; i++)
		if (p->shared->sigfd[i].set & bit(signo))
			return;
	p->queued |= bit(signo);
	p->queued_by = mask_call(ev);
}

/* What the record shows open, waited for or given to a signalfd may have been taken. */
static void clear_queued(struct thread *t, const struct log_event *ev, const struct detail *d)
{
	struct process *p = t->process;

	if (!p->queued)
		return;
	if (ev->flags & SIGSHIM_EVF_BEFORE)
		p->queued &= ev->mask_before;
	if (ev->flags & SIGSHIM_EVF_AFTER)
		p->queued &= ev->mask_after;
	if (ev->flags & SIGSHIM_EVF_REQUESTED && call_class(ev->desc) == CALL_SUSPEND)
		p->queued &= ev->mask_requested;
	if (call_class(ev->desc) == CALL_OTHER || call_class(ev->desc) == CALL_JUMP)
		p->queued &= t->m.mask;
	if (call_class(ev->desc) == CALL_WAIT || call_class(ev->desc) == CALL_SIGNALFD)
		p->queued &= ~d->set;
	if (call_class(ev->desc) == CALL_ACTION && d->raw[0] >= 1 && d->raw[0] <= NSIGNALS &&
	    p->shared->action[d->raw[0] - 1].kind == ACTION_IGNORE)
		p->queued &= ~bit((int)d->raw[0]);
}

static void clear_pending(struct thread *t, const struct log_event *ev, const struct detail *d)
{
	t->pending &= t->m.mask;
	switch (call_class(ev->desc)) {
	case CALL_SUSPEND:
		t->pending &= ev->flags & SIGSHIM_EVF_REQUESTED ? ev->mask_requested : 0;
		break;
	case CALL_OTHER:
		t->pending &= strcmp(ev->desc->name, "sigpause") == 0 ? 0 : UINT64_MAX;
		break;
	case CALL_WAIT:
		t->pending &= ev->error ? UINT64_MAX : ~d->set;
		break;
	case CALL_ACTION:
		if (d->raw[0] >= 1 && d->raw[0] <= NSIGNALS &&
		    t->process->shared->action[d->raw[0] - 1].kind == ACTION_IGNORE)
			t->pending &= ~bit((int)d->raw[0]);
		break;
	default:
		break;
	}
}

struct scope *model_scope(struct thread *t, const char *name)
{
	for (unsigned int i = t->nscopes; i-- > 0;)
		if (strcmp(t->scope[i].name, name) == 0)
			return &t->scope[i];
	return NULL;
}

/* Of scopes that lie too deep the outer ones count. */
static void begin_scope(struct thread *t, const struct log_event *ev, const struct detail *d)
{
	struct scope *s = &t->scope[t->nscopes];

	if (t->nscopes == SCOPES)
		return;
	t->nscopes++;
	*s = (struct scope){
		.mask_known = ev->flags & SIGSHIM_EVF_BEFORE, .mask = ev->mask_before, .by = mask_call(ev),
	};
	memcpy(s->name, d->name, sizeof(s->name));
}

static int apply_call(struct thread *t, const struct log_event *ev, const struct detail *d)
{
	struct process *p = t->process;
	struct birth b = { .by = mask_call(ev) };
	struct scope *s;

	switch (call_class(ev->desc)) {
	case CALL_ACTION:
		return apply_action(p, ev, d);
	case CALL_ALTSTACK:
		apply_alternate(t, ev, d);
		return 0;
	case CALL_SIGNALFD:
		return apply_sigfd(t, ev, d);
	case CALL_FORK:
		b.key = (uint32_t)ev->ret;
		b.shared = p->shared;
		b.shared->users++;
		add_birth(p->child, &p->nchild, b);
		return 0;
	case CALL_SPAWN:
		b.key = (uint32_t)d->pid;
		add_birth(p->child, &p->nchild, b);
		return 0;
	case CALL_THREAD_CREATE:
		b.key = d->raw[ev->desc->nargs - 1];
		add_birth(p->creation, &p->ncreation, b);
		return 0;
	case CALL_SCOPE_BEGIN:
		begin_scope(t, ev, d);
		return 0;
	case CALL_SCOPE_END:
		s = model_scope(t, d->name);
		t->nscopes = s ? (unsigned int)(s - t->scope) : t->nscopes;
		return 0;
	case CALL_SEND:
	case CALL_QUEUE:
		note_pending(t, ev, d);
		return 0;
	default:
		return 0;
	}
}

int model_after(struct model *m, struct thread *t, const struct log_event *ev, const struct detail *d)
{
	int r = ev->error && call_class(ev->desc) != CALL_MASK ? 0 : apply_call(t, ev, d);
	unsigned int open;

	if (r < 0)
		return r;
	if (call_class(ev->desc) == CALL_WAIT) {	/* also one that met its limit */
		t->waited |= d->set;
		t->waited_by = mask_call(ev);
	}
	if (ev->flags & SIGSHIM_EVF_BEFORE && ev->flags & SIGSHIM_EVF_AFTER && ev->mask_before & ~ev->mask_after) {
		t->unblocked = ev->mask_before & ~ev->mask_after;
		t->ever_unblocked |= t->unblocked;
		t->unblocked_by = mask_call(ev);
	}
	mask_apply(&t->m, ev);
	t->process->ever_blocked |= t->m.mask;
	if (call_class(ev->desc) == CALL_SUSPEND && ev->flags & SIGSHIM_EVF_REQUESTED)
		t->process->ever_blocked |= ev->mask_requested;
	clear_pending(t, ev, d);
	clear_queued(t, ev, d);
	if (call_class(ev->desc) == CALL_QUEUE)
		note_queued(m, ev, d);
	for (open = 0; open < t->process->shared->nsigfd && t->pending; open++)
		t->pending &= ~t->process->shared->sigfd[open].set;
	t->exec.kind = MASK_NOBODY;
	if (call_class(ev->desc) == CALL_EXEC) {
		t->exec = mask_call(ev);
		t->exec_mask = t->m.mask;
	}
	t->exiting |= call_class(ev->desc) == CALL_EXIT;
	if (call_class(ev->desc) == CALL_THREAD_END && !t->ended) {
		t->ended = true;
		t->process->running -= t->noted;
	}
	return 0;
}
