/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules of `sigshim check` that this thread's calls alone can answer, for
 * <sigshim/sigshim.h>. Those functions that make no text are AS-safe; all are
 * MT-safe.
 */

static inline int sigshim_is_one_(const char *event, const char *const *events)
{
	for (; *events; events++)
		if (strcmp(event, *events) == 0)
			return 1;
	return 0;
}

static inline int sigshim_is_mask_(const char *event)
{
	static const char *const events[] = { "sigprocmask", "pthread_sigmask", "rt_sigprocmask", NULL };

	return sigshim_is_one_(event, events);
}

static inline int sigshim_is_wait_(const char *event)
{
	static const char *const events[] = { "sigwait", "sigwaitinfo", "sigtimedwait", "rt_sigtimedwait", NULL };

	return sigshim_is_one_(event, events);
}

static inline int sigshim_is_queue_(const char *event)
{
	static const char *const events[] = {
		"sigqueue", "pthread_sigqueue", "rt_sigqueueinfo", "rt_tgsigqueueinfo", NULL
	};

	return sigshim_is_one_(event, events);
}

/* What of the call's signals is open at its beginning, those apart that can't be blocked. */
static inline uint64_t sigshim_open_(const struct sigshim_call *c)
{
	uint64_t kept = UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1) | UINT64_C(3) << 31;
	uint64_t faults = UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGBUS - 1) | UINT64_C(1) << (SIGFPE - 1) |
		UINT64_C(1) << (SIGILL - 1) | UINT64_C(1) << (SIGTRAP - 1) | UINT64_C(1) << (SIGABRT - 1) |
		UINT64_C(1) << (SIGSYS - 1);

	if (__builtin_popcountll(c->signals) >= 50)	/* all, but for what a fault raises */
		kept |= faults;
	return c->masks_known ? c->signals & ~c->mask_before & ~kept : 0;
}

enum sigshim_rule_ {
	SIGSHIM_RULE_NONE_, SIGSHIM_RULE_SCOPE_, SIGSHIM_RULE_WAIT_, SIGSHIM_RULE_UNBLOCKABLE_, SIGSHIM_RULE_SFD_,
	SIGSHIM_RULE_CLOEXEC_, SIGSHIM_RULE_EAGAIN_, SIGSHIM_RULE_TARGET_, SIGSHIM_RULE_EFAULT_, SIGSHIM_RULE_END_
};

static inline int sigshim_rule_by_name_(const char *rule)
{
	static const char *const rules[] = {
		"", "mask-scope-leak", "sigwait-unblocked", "mask-unblockable", "sfd-unblocked", "sfd-no-cloexec",
		"queue-eagain", "queue-bad-target", "efault-but-changed",
	};

	for (int i = 1; i < SIGSHIM_RULE_END_; i++)
		if (strcmp(rule, rules[i]) == 0)
			return i;
	return SIGSHIM_RULE_NONE_;
}

static inline int sigshim_triggers_(const struct sigshim_call *c, int rule)
{
	uint64_t never = UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1);
	int made = strncmp(c->event, "signalfd", 8) == 0 && c->error == 0, queue = sigshim_is_queue_(c->event);

	switch (rule) {
	case SIGSHIM_RULE_WAIT_:
		return sigshim_is_wait_(c->event) && sigshim_open_(c);
	case SIGSHIM_RULE_UNBLOCKABLE_:
		return (made || sigshim_is_mask_(c->event) || sigshim_is_wait_(c->event)) && (c->signals & never) &&
			__builtin_popcountll(c->signals) <= 32;
	case SIGSHIM_RULE_SFD_:
		return made && sigshim_open_(c);
	case SIGSHIM_RULE_CLOEXEC_:
		return made && (int)c->arg[0] == -1 && strcmp(c->event, "signalfd") == 0 &&
			!(c->arg[2] & 02000000 /* SFD_CLOEXEC */);
	case SIGSHIM_RULE_EAGAIN_:
		return queue && c->error == EAGAIN;
	case SIGSHIM_RULE_TARGET_:
		return queue && c->signals && (c->error == ESRCH || (strcmp(c->event, "pthread_sigqueue") != 0 &&
			(int)c->arg[0] <= 0));
	case SIGSHIM_RULE_EFAULT_:
		return sigshim_is_mask_(c->event) && c->error == EFAULT && c->masks_known &&
			c->mask_before != c->mask_after;
	default:
		return 0;
	}
}

/* Calls since the mark that trigger the rule; the last of them in *ret. */
static inline int sigshim_rule_find_(uint64_t mark, int rule, struct sigshim_call *ret)
{
	struct sigshim_call call;
	uint64_t expected = mark, before = 0, now = 0;
	int n = 0, known = 0;

	if (!mark || !rule || !sigshim_recording())
		return -1;
	while (sigshim_next(&mark, &call)) {
		if (call.number != expected++)
			return -1;
		if (call.masks_known && !known)
			before = call.mask_before;
		known |= call.masks_known != 0;
		if (rule == SIGSHIM_RULE_SCOPE_ ? call.masks_known && call.mask_before != call.mask_after :
		    sigshim_triggers_(&call, rule)) {
			*ret = call;
			n++;
		}
	}
	if (rule != SIGSHIM_RULE_SCOPE_)
		return n;
	sigshim_sys_(SYS_rt_sigprocmask, 0, 0, (long)&now, 8);
	return n && before != now;
}

static inline int sigshim_rule_count(uint64_t mark, const char *rule)
{
	struct sigshim_call call;

	return sigshim_rule_find_(mark, sigshim_rule_by_name_(rule), &call);
}

static inline int sigshim_rule_explain(uint64_t mark, const char *rule, char *text, size_t size)
{
	struct sigshim_text_ t = { text, size };
	struct sigshim_call call;
	int n = sigshim_rule_find_(mark, sigshim_rule_by_name_(rule), &call);
	int saved = errno;

	sigshim_say_(&t, "%s ", rule);
	if (n > 0) {
		sigshim_say_(&t, "fires: %s", call.event);
		if (call.signals) {
			sigshim_say_(&t, " (");
			sigshim_say_signals_(&t, call.signals);
			sigshim_say_(&t, ")");
		}
		sigshim_say_(&t, " in ");
		sigshim_say_place_(&t, call.caller);
		sigshim_say_(&t, "\n");
	} else {
		sigshim_say_(&t, n ? "can't be judged by this thread's calls\n" : "does not fire\n");
	}
	sigshim_keep_(text);
	errno = saved;
	return n;
}
