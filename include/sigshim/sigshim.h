/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signal state for test code: remember it, assert later that this thread's mask
 * and alternate stack and this process's dispositions and signalfds are as they
 * were, and ask which calls this thread made in between. All of it is in this
 * header; a program that includes it builds and runs without libsigshim.so.
 * State is read from the kernel either way. What a thread did, and so who
 * changed it, is known under `sigshim run` alone: the library is then asked, in
 * the process, without the collector. See libsigshim(3).
 *
 * C11 or C++, with GNU extensions, for dynamically linked programs (before
 * glibc 2.34: link with -ldl). MT-safe. AS-safe once sigshim_recording() was
 * called, but for sigshim_state_explain.
 */
#ifndef SIGSHIM_SIGSHIM_H
#define SIGSHIM_SIGSHIM_H

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A recorded call of this thread. */
struct sigshim_call {
	uint64_t number;	/* of this thread's calls, consecutive: what is missing was forgotten */
	const char *event;	/* "sigprocmask"; `sigshim explain` lists them */
	const void *caller;	/* return address */
	uint64_t signals;	/* that its arguments name; bit n-1 is signal n */
	uint64_t mask_before, mask_after;
	int64_t arg[3], ret;
	int32_t error;		/* errno value, 0 on success */
	uint32_t masks_known;	/* mask_before and mask_after hold */
};

/* What the library offers; fields are added at the end. */
struct sigshim_api {
	uint64_t size;
	int (*recording)(void);
	uint64_t (*mark)(void);
	int (*next)(uint64_t *io_mark, struct sigshim_call *ret);
	long (*sys)(long nr, long a, long b, long c, long d);
	void (*scope)(const char *name, int begins);
};

/* NULL without the library. */
static inline const struct sigshim_api *sigshim_library(void)
{
	static const struct sigshim_api *library;
	static int known;
	const struct sigshim_api *(*get)(void);
	void *symbol;

	if (__atomic_load_n(&known, __ATOMIC_ACQUIRE))
		return library;
	symbol = dlsym((void *)0 /* RTLD_DEFAULT */, "sigshim_api");
	memcpy(&get, &symbol, sizeof(get));
	__atomic_store_n(&library, symbol ? get() : NULL, __ATOMIC_RELAXED);
	__atomic_store_n(&known, 1, __ATOMIC_RELEASE);
	return library;
}

/* 1 when calls of this process are being recorded. */
static inline int sigshim_recording(void)
{
	const struct sigshim_api *lib = sigshim_library();

	return lib ? lib->recording() : 0;
}

/* The same by another name: whether the library is at work here, or only this header. */
static inline int sigshim_active(void)
{
	return sigshim_recording();
}

/* --- this thread's calls --------------------------------------------------- */

/*
 * A mark before this thread's next call. The first mark begins the thread's
 * history, in which the last 256 calls stay. 0: nothing is recorded.
 */
static inline uint64_t sigshim_mark(void)
{
	const struct sigshim_api *lib = sigshim_library();

	return lib ? lib->mark() : 0;
}

/* The next call since a mark, which moves on: 1, or 0 when there is none. */
static inline int sigshim_next(uint64_t *io_mark, struct sigshim_call *ret)
{
	const struct sigshim_api *lib = sigshim_library();

	return lib ? lib->next(io_mark, ret) : 0;
}

/*
 * How many calls since a mark are events of that name (NULL: any) about that
 * signal (0: any). -1: not known, because nothing is recorded or too many came.
 */
static inline int sigshim_count(uint64_t mark, const char *event, int signo)
{
	struct sigshim_call call;
	uint64_t expected = mark;
	int n = 0;

	if (!mark || !sigshim_recording())
		return -1;
	while (sigshim_next(&mark, &call)) {
		if (call.number != expected++)
			return -1;
		n += (!event || strcmp(call.event, event) == 0) &&
			(!signo || (call.signals >> (signo - 1) & 1));
	}
	return n;
}

/* --- scopes ------------------------------------------------------------------ */

/*
 * Tells the log that a part of the program, such as a test, begins and ends in
 * this thread. `sigshim check` then says in which scope a finding was made, and
 * whether the mask at its end is the one that it began with. Of the name the
 * first 47 bytes are kept.
 */
#define sigshim_scope_begin(name) SIGSHIM_NOTE_SCOPE_(name, 1)
#define sigshim_scope_end(name) SIGSHIM_NOTE_SCOPE_(name, 0)
/* No function: the record's caller is who names the scope. */
#define SIGSHIM_NOTE_SCOPE_(name, begins) \
	(sigshim_library() ? sigshim_library()->scope((name), (begins)) : (void)0)

/* The block that follows as a scope. One that is left by break, return or a jump does not end. */
#define SIGSHIM_SCOPE(name) SIGSHIM_SCOPE_(name, __COUNTER__)
#define SIGSHIM_SCOPE_(name, n) SIGSHIM_SCOPE__(name, SIGSHIM_JOIN_(sigshim_once_, n))
#define SIGSHIM_SCOPE__(name, once) \
	for (int once = (sigshim_scope_begin(name), 1); once; sigshim_scope_end(name), once = 0)
#define SIGSHIM_JOIN_(a, b) SIGSHIM_JOIN__(a, b)
#define SIGSHIM_JOIN__(a, b) a##b

/* --- state ------------------------------------------------------------------- */

enum {
	SIGSHIM_MASK = 1,	/* this thread's */
	SIGSHIM_ALTSTACK = 2,	/* this thread's */
	SIGSHIM_ACTIONS = 4,	/* the process's dispositions */
	SIGSHIM_SIGNALFDS = 8,	/* the process's */
	SIGSHIM_ALL = 15
};

#define SIGSHIM_MAX_SIGNALFDS 32

struct sigshim_signalfd {
	int32_t fd;
	uint32_t cloexec;
	uint64_t set;
};

struct sigshim_state {
	uint64_t mask, alt_sp, alt_size;
	uint64_t action[64][3];	/* of signal n+1: handler (SIG_DFL, SIG_IGN or a function), flags, mask */
	int32_t nsignalfds;	/* -1: not known, for want of /proc */
	struct sigshim_signalfd signalfd[SIGSHIM_MAX_SIGNALFDS];
	uint64_t mark;
};

/* Remembers the state as it is now. Returns `state`. */
static inline struct sigshim_state *sigshim_state_save(struct sigshim_state *state);

/* What of `what` (SIGSHIM_MASK | ...) is no longer as it was: the same bits, 0 for nothing. */
static inline unsigned int sigshim_state_changed(const struct sigshim_state *before, unsigned int what);

/*
 * The same, and a text that tells what changed and, as far as this thread's
 * calls are known, by which call and where: with function and line when
 * binutils' addr2line is there. Not AS-safe.
 */
static inline unsigned int sigshim_state_explain(const struct sigshim_state *before, unsigned int what,
						 char *text, size_t size);

/* What the last text in this thread said; "" before the first. */
static inline const char *sigshim_last_error(void);

/* --- rules ------------------------------------------------------------------- */

/*
 * How many of this thread's calls since a mark trigger a rule of `sigshim check`:
 * mask-scope-leak, sigwait-unblocked, mask-unblockable, sfd-unblocked,
 * sfd-no-cloexec, queue-eagain, queue-bad-target or efault-but-changed. -1: not
 * known, because nothing is recorded, too many calls came, or it is another rule,
 * which the whole log alone can answer.
 */
static inline int sigshim_rule_count(uint64_t mark, const char *rule);

/* The same, and a text that tells by which call and where. Not AS-safe. */
static inline int sigshim_rule_explain(uint64_t mark, const char *rule, char *text, size_t size);

#include "inline/state.h"
#include "inline/explain.h"
#include "inline/rules.h"

/*
 * Runs the block that follows and then hands the text about what it changed, if
 * anything, to fail(text). A block that is left by break, return or a jump is
 * not judged.
 */
#define SIGSHIM_UNCHANGED(what, fail) SIGSHIM_UNCHANGED_(what, fail, __COUNTER__)
#define SIGSHIM_UNCHANGED_(what, fail, n) \
	SIGSHIM_UNCHANGED__(what, fail, SIGSHIM_JOIN_(sigshim_state_, n), SIGSHIM_JOIN_(sigshim_before_, n))
#define SIGSHIM_UNCHANGED__(what, fail, state, before) \
	for (struct sigshim_state state, *before = sigshim_state_save(&state); before; \
	     ({ char sigshim_t_[4096]; \
		if (sigshim_state_explain(before, (what), sigshim_t_, sizeof(sigshim_t_))) \
			fail(sigshim_t_); \
		before = NULL; }))

/*
 * Runs the block that follows and hands a text to fail(text) when the rule fired
 * in it (REFUTE), or did not (EXPECT). What is not known fails neither.
 */
#define SIGSHIM_EXPECT(rule, fail) SIGSHIM_RULE_(rule, fail, == 0, __COUNTER__)
#define SIGSHIM_REFUTE(rule, fail) SIGSHIM_RULE_(rule, fail, > 0, __COUNTER__)
#define SIGSHIM_RULE_(rule, fail, wrong, n) \
	SIGSHIM_RULE__(rule, fail, wrong, SIGSHIM_JOIN_(sigshim_mark_, n), SIGSHIM_JOIN_(sigshim_once_, n))
#define SIGSHIM_RULE__(rule, fail, wrong, mark, once) \
	for (uint64_t mark = sigshim_mark(), once = 1; once; \
	     ({ char sigshim_t_[4096]; \
		if (sigshim_rule_explain(mark, (rule), sigshim_t_, sizeof(sigshim_t_)) wrong) \
			fail(sigshim_t_); \
		once = 0; }))

#ifdef __cplusplus
}
#endif

#endif
