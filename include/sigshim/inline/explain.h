/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells in words what changed, and who did it, for <sigshim/sigshim.h> alone:
 * in the thread that found out, outside handlers. A place is named by addr2line,
 * which runs as a child that sends no SIGCHLD.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>

/* One for all files of a program. */
__attribute__((weak)) __thread char sigshim_last_[4096];

static inline const char *sigshim_last_error(void)
{
	return sigshim_last_;
}

static inline void sigshim_keep_(const char *text)
{
	size_t n = strlen(text);

	n = n < sizeof(sigshim_last_) ? n : sizeof(sigshim_last_) - 1;
	memcpy(sigshim_last_, text, n);
	sigshim_last_[n] = '\0';
}

struct sigshim_text_ {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3)))
static inline void sigshim_say_(struct sigshim_text_ *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n >= t->left)
		n = t->left ? (int)t->left - 1 : 0;
	t->at += n;
	t->left -= (size_t)n;
}

static inline void sigshim_say_signals_(struct sigshim_text_ *t, uint64_t set)
{
	static const char names[] = "HUP\0\0INT\0\0QUIT\0ILL\0\0TRAP\0ABRT\0BUS\0\0FPE\0\0KILL\0USR1\0SEGV\0"
		"USR2\0PIPE\0ALRM\0TERM\0STKFLCHLD\0CONT\0STOP\0TSTP\0TTIN\0TTOU\0URG\0\0XCPU\0XFSZ\0VTALR"
		"PROF\0WINCHIO\0\0\0PWR\0\0SYS\0";
	const char *before = "";

	for (int n = 1; n <= 64; n++) {
		if (!(set >> (n - 1) & 1))
			continue;
		if (n == SIGSTKFLT || n == SIGVTALRM)
			sigshim_say_(t, "%s%s", before, n == SIGSTKFLT ? "SIGSTKFLT" : "SIGVTALRM");
		else if (n < 32)
			sigshim_say_(t, "%sSIG%.5s", before, names + 5 * (n - 1));
		else
			sigshim_say_(t, "%sSIGRTMIN+%d", before, n - SIGRTMIN);
		before = " ";
	}
}

/* --- places ---------------------------------------------------------------------- */

/* What addr2line prints for an address of a module. 0: nothing. */
static inline size_t sigshim_ask_(const char *module, uint64_t address, char *buf, size_t size)
{
	char hex[32];
	char *argv[] = { (char *)"addr2line", (char *)"-Cfe", (char *)module, hex, NULL };
	char *envp[] = { (char *)"PATH=/usr/local/bin:/usr/bin:/bin", NULL };
	int pipe_[2];
	size_t used = 0;
	long n = 1, child;

	snprintf(hex, sizeof(hex), "%#llx", (unsigned long long)address);
	if (sigshim_sys_(SYS_pipe2, (long)pipe_, O_CLOEXEC, 0, 0) < 0)
		return 0;
	child = sigshim_sys_(SYS_clone, 0, 0, 0, 0);	/* no signal at its end */
	if (child == 0) {
		dup2(pipe_[1], 1);
		dup2(open("/dev/null", O_WRONLY), 2);
		sigshim_sys_(SYS_execve, (long)"/usr/bin/addr2line", (long)argv, (long)envp, 0);
		sigshim_sys_(SYS_execve, (long)"/usr/bin/eu-addr2line", (long)argv, (long)envp, 0);
		sigshim_sys_(SYS_exit_group, 127, 0, 0, 0);
	}
	close(pipe_[1]);
	while (child > 0 && used + 1 < size && (n = read(pipe_[0], buf + used, size - 1 - used)) != 0)
		used += n > 0 ? (size_t)n : 0;
	close(pipe_[0]);
	while (child > 0 && waitpid((pid_t)child, NULL, __WALL) < 0 && errno == EINTR)
		;
	buf[used] = '\0';
	return used;
}

/*
 * The mapped file at an address, and that address as debug information counts
 * it: from where the file begins, or from 0 in an executable that is not
 * relocated (e_type, 16 bytes in, is ET_EXEC). 0: there is none.
 */
static inline int sigshim_module_(uintptr_t at, char path[4096], uint64_t *ret_address)
{
	unsigned long long start, end, offset, base = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4400];
	int found = 0;

	while (maps && !found && fgets(line, sizeof(line), maps)) {
		path[0] = '\0';
		if (sscanf(line, "%llx-%llx %*s %llx %*s %*s %4095[^\n]", &start, &end, &offset, path) < 3)
			continue;
		if (!offset)
			base = start;
		found = at >= start && at < end && path[0] == '/';
	}
	if (maps)
		fclose(maps);
	if (found)
		*ret_address = ((const unsigned char *)(uintptr_t)base)[16] == 2 ? at : at - base;
	return found;
}

/* "function (file.c:41)", as much of it as is known. */
static inline void sigshim_say_place_(struct sigshim_text_ *t, const void *caller)
{
	char module[4096], answer[4096], *place, *end;
	uint64_t address = (uint64_t)(uintptr_t)caller - 1;	/* in the call, not behind it */

	if (!sigshim_module_((uintptr_t)address, module, &address)) {
		sigshim_say_(t, "%p, which is in no file", caller);
		return;
	}
	place = sigshim_ask_(module, address, answer, sizeof(answer)) ? strchr(answer, '\n') : NULL;
	if (!place || answer[0] == '?') {
		sigshim_say_(t, "%s+%#llx", module, (unsigned long long)address);
		return;
	}
	*place++ = '\0';
	place[strcspn(place, "\n")] = '\0';
	end = strstr(place, " (discriminator");
	if (end)
		*end = '\0';
	sigshim_say_(t, "%s (%s)", answer, place[0] == '?' ? module : place);
}

/* --- who -------------------------------------------------------------------------- */

static inline int sigshim_sets_action_(const char *event)
{
	static const char *const events[] = {
		"sigaction", "rt_sigaction", "signal", "bsd_signal", "sysv_signal", "ssignal", "sigset", "sigignore",
		"siginterrupt",
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(event, events[i]) == 0)
			return 1;
	return 0;
}

/* Whether the call may have changed that: signals of the mask, of dispositions, or a descriptor. */
static inline int sigshim_did_(const struct sigshim_call *c, unsigned int what, uint64_t signals, int fd)
{
	switch (what) {
	case SIGSHIM_MASK:
		return c->masks_known && ((c->mask_before ^ c->mask_after) & signals);
	case SIGSHIM_ALTSTACK:
		return c->arg[0] && c->error == 0 && strcmp(c->event, "sigaltstack") == 0;
	case SIGSHIM_ACTIONS:
		return (c->signals & signals) && c->error == 0 && sigshim_sets_action_(c->event);
	default:
		return c->ret == fd && strncmp(c->event, "signalfd", 8) == 0;
	}
}

static inline void sigshim_say_who_(struct sigshim_text_ *t, uint64_t mark, unsigned int what, uint64_t signals,
				    int fd)
{
	struct sigshim_call c, by;

	memset(&by, 0, sizeof(by));
	for (uint64_t at = mark; sigshim_next(&at, &c);)
		if (sigshim_did_(&c, what, signals, fd))
			by = c;
	if (by.event) {
		sigshim_say_(t, ", by %s in ", by.event);
		sigshim_say_place_(t, by.caller);
	} else if (mark) {
		sigshim_say_(t, ", by no recorded call of this thread");
	} else {
		sigshim_say_(t, "; run it by `sigshim run` to be told by whom");
	}
	sigshim_say_(t, "\n");
}

static inline void sigshim_say_mask_(struct sigshim_text_ *t, const struct sigshim_state *a,
				     const struct sigshim_state *b)
{
	uint64_t changed = a->mask ^ b->mask;

	for (; changed; changed &= changed - 1) {
		uint64_t one = changed & -changed;

		sigshim_say_signals_(t, one);
		sigshim_say_(t, b->mask & one ? " is blocked, and was not" : " is no longer blocked");
		sigshim_say_who_(t, a->mark, SIGSHIM_MASK, one, -1);
	}
}

static inline const char *sigshim_action_(uint64_t handler)
{
	return handler == 0 ? "SIG_DFL" : handler == 1 ? "SIG_IGN" : "a handler";
}

static inline void sigshim_say_actions_(struct sigshim_text_ *t, const struct sigshim_state *a,
					const struct sigshim_state *b)
{
	for (int i = 0; i < 64; i++) {
		if (memcmp(a->action[i], b->action[i], sizeof(a->action[i])) == 0)
			continue;
		sigshim_say_signals_(t, UINT64_C(1) << i);
		sigshim_say_(t, " has %s, and had %s%s", sigshim_action_(b->action[i][0]),
			     a->action[i][0] > 1 && b->action[i][0] > 1 ? "another, or other flags" :
			     sigshim_action_(a->action[i][0]), "");
		sigshim_say_who_(t, a->mark, SIGSHIM_ACTIONS, UINT64_C(1) << i, -1);
	}
}

/* Those of b that a doesn't have; `how` says what that means. */
static inline void sigshim_say_signalfds_(struct sigshim_text_ *t, const struct sigshim_state *a,
					  const struct sigshim_state *b, uint64_t mark, const char *how)
{
	for (int i = 0; i < b->nsignalfds; i++) {
		int j = 0;

		while (j < a->nsignalfds && memcmp(&a->signalfd[j], &b->signalfd[i], sizeof(b->signalfd[i])) != 0)
			j++;
		if (j < a->nsignalfds)
			continue;
		sigshim_say_(t, "signalfd %d (", b->signalfd[i].fd);
		sigshim_say_signals_(t, b->signalfd[i].set);
		sigshim_say_(t, ") %s", how);
		if (mark != UINT64_MAX)
			sigshim_say_who_(t, mark, SIGSHIM_SIGNALFDS, 0, b->signalfd[i].fd);
		else
			sigshim_say_(t, "\n");
	}
}

static inline unsigned int sigshim_state_explain(const struct sigshim_state *before, unsigned int what,
						 char *text, size_t size)
{
	struct sigshim_text_ t = { text, size };
	struct sigshim_state now;
	unsigned int changed;
	int saved = errno;

	sigshim_state_read_(&now);
	changed = sigshim_compare_(before, &now, what);
	sigshim_say_(&t, "%s", changed ? "signal state has changed:\n" : "");
	if (changed & SIGSHIM_MASK)
		sigshim_say_mask_(&t, before, &now);
	if (changed & SIGSHIM_ALTSTACK) {
		sigshim_say_(&t, "the alternate stack is %#llx (%llu bytes), and was %#llx (%llu bytes)",
			     (unsigned long long)now.alt_sp, (unsigned long long)now.alt_size,
			     (unsigned long long)before->alt_sp, (unsigned long long)before->alt_size);
		sigshim_say_who_(&t, before->mark, SIGSHIM_ALTSTACK, 0, -1);
	}
	if (changed & SIGSHIM_ACTIONS)
		sigshim_say_actions_(&t, before, &now);
	if (changed & SIGSHIM_SIGNALFDS) {
		sigshim_say_signalfds_(&t, before, &now, before->mark, "is new or has another set");
		sigshim_say_signalfds_(&t, &now, before, UINT64_MAX, "is no longer as it was");
	}
	if (changed)
		sigshim_keep_(text);
	errno = saved;
	return changed;
}
