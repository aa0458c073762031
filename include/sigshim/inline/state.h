/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads signal state from the kernel, for <sigshim/sigshim.h> alone. Under the
 * library its own system calls do it, so that nothing of it is recorded.
 * AS-safe, MT-safe; errno stays as it was.
 */

/* -errno on failure. */
static inline long sigshim_sys_(long nr, long a, long b, long c, long d)
{
	const struct sigshim_api *lib = sigshim_library();
	int saved = errno;
	long r;

	if (lib)
		return lib->sys(nr, a, b, c, d);
	r = syscall(nr, a, b, c, d);
	if (r < 0) {
		r = -errno;
		errno = saved;
	}
	return r;
}

/* Up to size - 1 bytes of a file; ends them with a NUL. */
static inline long sigshim_read_(int dir, const char *name, char *buf, size_t size)
{
	long fd = sigshim_sys_(SYS_openat, dir, (long)name, 02000000 /* O_CLOEXEC */, 0), n;

	if (fd < 0)
		return fd;
	n = sigshim_sys_(SYS_read, fd, (long)buf, (long)size - 1, 0);
	sigshim_sys_(SYS_close, fd, 0, 0, 0);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

static inline uint64_t sigshim_number_(const char *text, unsigned int base)
{
	uint64_t n = 0;
	unsigned int digit;

	while (*text == ' ' || *text == '\t')
		text++;
	for (; *text; text++) {
		digit = *text <= '9' ? (unsigned int)(*text - '0') : (unsigned int)((*text | 32) - 'a') + 10;
		if (digit >= base)
			break;
		n = n * base + digit;
	}
	return n;
}

/* `name` in /proc/self/fd, if it is a signalfd. */
static inline void sigshim_add_signalfd_(struct sigshim_state *s, int fds, int infos, const char *name)
{
	struct sigshim_signalfd one;
	char buf[512];
	const char *flags, *set;
	long n = *name >= '0' && *name <= '9' ?
		sigshim_sys_(SYS_readlinkat, fds, (long)name, (long)buf, sizeof(buf) - 1) : 0;

	if (n <= 0 || s->nsignalfds == SIGSHIM_MAX_SIGNALFDS)
		return;
	buf[n] = '\0';
	if (strcmp(buf, "anon_inode:[signalfd]") != 0 || sigshim_read_(infos, name, buf, sizeof(buf)) <= 0)
		return;
	flags = strstr(buf, "flags:");
	set = strstr(buf, "sigmask:");
	one.fd = (int32_t)sigshim_number_(name, 10);
	one.cloexec = flags ? sigshim_number_(flags + 6, 8) >> 19 & 1 : 0;	/* O_CLOEXEC */
	one.set = set ? sigshim_number_(set + 8, 16) : 0;
	s->signalfd[s->nsignalfds++] = one;
}

static inline void sigshim_read_signalfds_(struct sigshim_state *s)
{
	char buf[2048] __attribute__((aligned(8)));
	const long open_directory = SYS_openat, flags = 02000000;
	long fds = sigshim_sys_(open_directory, -100 /* AT_FDCWD */, (long)"/proc/self/fd", flags, 0);
	long infos = sigshim_sys_(open_directory, -100, (long)"/proc/self/fdinfo", flags, 0), n;
	unsigned short size;

	s->nsignalfds = fds < 0 || infos < 0 ? -1 : 0;
	while (s->nsignalfds >= 0 && (n = sigshim_sys_(SYS_getdents64, fds, (long)buf, sizeof(buf), 0)) > 0)
		for (long i = 0; i < n; i += size) {
			memcpy(&size, buf + i + 16, sizeof(size));
			sigshim_add_signalfd_(s, (int)fds, (int)infos, buf + i + 19);
		}
	if (fds >= 0)
		sigshim_sys_(SYS_close, fds, 0, 0, 0);
	if (infos >= 0)
		sigshim_sys_(SYS_close, infos, 0, 0, 0);
}

/* Signals that a libc keeps for itself lie below SIGRTMIN. */
static inline int sigshim_is_libcs_(int signo)
{
	return signo >= 32 && signo < SIGRTMIN;
}

static inline void sigshim_state_read_(struct sigshim_state *s)
{
	struct {
		uint64_t handler, flags, restorer, mask;
	} act;
	stack_t alt;

	memset(s, 0, sizeof(*s));
	memset(&alt, 0, sizeof(alt));
	sigshim_sys_(SYS_rt_sigprocmask, 0, 0, (long)&s->mask, 8);
	sigshim_sys_(SYS_sigaltstack, 0, (long)&alt, 0, 0);
	if (!(alt.ss_flags & SS_DISABLE)) {
		s->alt_sp = (uint64_t)(uintptr_t)alt.ss_sp;
		s->alt_size = alt.ss_size;
	}
	for (int signo = 1; signo <= 64; signo++) {
		memset(&act, 0, sizeof(act));
		if (!sigshim_is_libcs_(signo))
			sigshim_sys_(SYS_rt_sigaction, signo, 0, (long)&act, 8);
		s->action[signo - 1][0] = act.handler;
		s->action[signo - 1][1] = act.flags & ~UINT64_C(0x04000000);	/* SA_RESTORER */
		s->action[signo - 1][2] = act.mask;
	}
	for (int signo = 32; sigshim_is_libcs_(signo); signo++)
		s->mask &= ~(UINT64_C(1) << (signo - 1));
	sigshim_read_signalfds_(s);
}

static inline struct sigshim_state *sigshim_state_save(struct sigshim_state *state)
{
	sigshim_state_read_(state);
	state->mark = sigshim_mark();
	return state;
}

static inline unsigned int sigshim_compare_(const struct sigshim_state *a, const struct sigshim_state *b,
					    unsigned int what)
{
	unsigned int changed = a->mask != b->mask ? SIGSHIM_MASK : 0;

	if (a->alt_sp != b->alt_sp || a->alt_size != b->alt_size)
		changed |= SIGSHIM_ALTSTACK;
	if (memcmp(a->action, b->action, sizeof(a->action)) != 0)
		changed |= SIGSHIM_ACTIONS;
	if (a->nsignalfds >= 0 && b->nsignalfds >= 0 && memcmp(a->signalfd, b->signalfd, sizeof(a->signalfd)) != 0)
		changed |= SIGSHIM_SIGNALFDS;
	return changed & what;
}

static inline unsigned int sigshim_state_changed(const struct sigshim_state *before, unsigned int what)
{
	struct sigshim_state now;

	sigshim_state_read_(&now);
	return sigshim_compare_(before, &now, what);
}
