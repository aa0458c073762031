/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event table as data, and names for the kernel's numbers. The lowest
 * layer of the collector: everything above may use it, it uses only include/.
 * Pure functions over constants: MT-safe.
 */
#ifndef SIGSHIM_TABLE_H
#define SIGSHIM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sigshim/events.h>

struct arg_desc {
	const char *name;
	const char *ctype;
	enum sigshim_kind kind;
	unsigned int tags;	/* SIGSHIM_TAG_* */
	const char *doc;
};

struct syscall_arg {
	const char *name;
	const char *type;	/* Tracee's: int32, uint64, pointer */
};

struct syscall_desc {
	const char *name;
	int nr;			/* native, -1 where there is none */
	int nr_compat;		/* i386 */
	int tracee_v0, tracee_v1;	/* Tracee's event ids */
	unsigned int nargs;
	struct syscall_arg args[SIGSHIM_MAX_ARGS];
};

struct event_desc {
	int id;
	const char *ident;	/* unique */
	const char *name;	/* shared by a libc wrapper and its raw call */
	const char *origin;	/* "wrapped" or "syscall" */
	const char *prototype;	/* C parameter list, in parentheses */
	const char *ret_type;
	enum sigshim_via via;
	enum sigshim_err err;
	enum sigshim_effect effect;
	const struct syscall_desc *sys;	/* NULL: it ends in none */
	unsigned int nargs;
	struct arg_desc args[SIGSHIM_MAX_ARGS];
	const char *purpose, *example, *issues, *related;
};

/* False for what is recorded as it begins and did not fail, or is no call: it has no result. */
static inline bool event_has_result(const struct event_desc *desc, int error)
{
	return error || desc->via == SIGSHIM_VIA_LIBC || desc->via == SIGSHIM_VIA_SYSCALL;
}

/* How a call came about: a shim's record says the first or the fourth, the verifier the others. */
#define SIGSHIM_ORIGINS(X) \
	X(WRAPPED, "wrapped")		/* through libc's function, which is wrapped */ \
	X(SHIM, "shim")			/* the shim's own */ \
	X(LIBC, "libc-internal")	/* by libc for purposes of its own */ \
	X(SYSCALL, "syscall")		/* through syscall(2) */ \
	X(INLINE, "inline")		/* by an instruction outside libc */ \
	X(UNSHIMMED, "unshimmed")	/* in a process without the shim */ \
	X(LOST, "lost")			/* there should be a shim's record, and is none */

enum origin {
	ORIGIN_NONE,
#define X(id, name) ORIGIN_##id,
	SIGSHIM_ORIGINS(X)
#undef X
	ORIGIN_END
};
/* NULL for a number that is none. */
const char *origin_name(int origin);
/* The origin of a shim's records of this event. */
enum origin origin_of_event(const struct event_desc *desc);

/* NULL for an id that the table doesn't have. */
const struct event_desc *event_by_id(int id);
/* The first event with that name at or after id `from` (1 first); NULL if none. */
const struct event_desc *event_by_name(const char *name, int from);
/* The syscalls.def row; NULL if unknown. */
const struct syscall_desc *syscall_by_name(const char *name);

/*
 * Signal names. signal_name writes "SIGTERM", "SIGRTMIN+3" (34 is "SIGRTMIN"),
 * "SIG32", "SIG33" for those that libc keeps, and the number for others.
 * signal_parse takes all of these, without SIG too, in any case, SIGRTMAX-n,
 * and numbers; returns 1..64 or -EINVAL.
 */
#define SIGNAL_NAME_MAX 24
const char *signal_name(int signo, char buf[static SIGNAL_NAME_MAX]);
int signal_parse(const char *text);

/* "EINVAL" for 22; NULL for numbers without a name. errno_parse: -EINVAL if unknown. */
const char *errno_name(int error);
int errno_parse(const char *text);

/* Named constants of flags.def: lists "how", "ss", "sfd", "sa", "si". */
const char *flag_name(const char *list, int64_t value);
/* The i-th row of a list; false past its end. */
bool flag_at(const char *list, unsigned int i, const char **ret_name, int64_t *ret_value);

/*
 * The member of `names` (NULL-terminated) nearest to `text` by edit distance
 * without regard to case; NULL when nothing is near enough to suggest.
 */
const char *nearest(const char *text, const char *const *names);

/* All distinct event names, NULL-terminated, in table order. */
const char *const *event_names(void);
/* All signal names 1..64 with a name, NULL-terminated. */
const char *const *signal_names(void);

#endif
