/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for what events.def says, for both sides: event ids, argument kinds
 * and tags. Everything here is a constant; no code.
 */
#ifndef SIGSHIM_EVENTS_H
#define SIGSHIM_EVENTS_H

/* As large as the largest id, for the families have theirs in no common order. */
union sigshim_event_ids {
#define SIGSHIM_EVENT(id, ident, ...) char ev_##ident[(id)];
#include <sigshim/events.def>
};

/* Event ids: SIGSHIM_EV_<ident>, 1 to SIGSHIM_EV_MAX. */
enum sigshim_event_id {
	SIGSHIM_EV_NONE,
#define SIGSHIM_EVENT(id, ident, ...) SIGSHIM_EV_##ident = (id),
#include <sigshim/events.def>
	SIGSHIM_EV_END = sizeof(union sigshim_event_ids) + 1
};
#define SIGSHIM_EV_MAX (SIGSHIM_EV_END - 1)
/*
 * The core set, ids up to here: masks, alternate stacks, signalfds and queued
 * signals. The others give them meaning (SIGSHIM_EVENTS).
 */
#define SIGSHIM_EV_CORE 12

#define SIGSHIM_MAX_ARGS 6

/* How an event is called. */
enum sigshim_via {
	SIGSHIM_VIA_LIBC,	/* through the libc symbol */
	SIGSHIM_VIA_SYSCALL,	/* through syscall(2) */
	SIGSHIM_VIA_JUMP,	/* through the libc symbol, recorded as it begins */
	SIGSHIM_VIA_NOTE,	/* no call: the library notes what happens */
};

/* How failure is reported. */
enum sigshim_err {
	SIGSHIM_ERR_ERRNO,	/* -1 and errno */
	SIGSHIM_ERR_RETURN,	/* the error number is the result */
	SIGSHIM_ERR_NEVER,	/* it can't fail */
};

enum sigshim_effect {
	SIGSHIM_EFFECT_NONE,
	SIGSHIM_EFFECT_MASK,	/* arguments 0 to 2 are how, set, oldset */
	SIGSHIM_EFFECT_QUERY,	/* changes it in a way of its own: asked before and after */
	SIGSHIM_EFFECT_WHILE,	/* changes it while it waits, to the SIGSET_WHILE argument */
	SIGSHIM_EFFECT_APART,	/* has nothing to do with it: it is not asked for, which takes a system call */
	SIGSHIM_EFFECT_JUMP,	/* sets it to the one that the JMPBUF or UCONTEXT holds */
};

/*
 * Argument kinds. The pointer kinds (those with a copy size) are followed by
 * the shim once the kernel has accepted the call, and copied into the record.
 */
enum sigshim_kind {
	SIGSHIM_KIND_INT,
	SIGSHIM_KIND_FD,
	SIGSHIM_KIND_PID,
	SIGSHIM_KIND_SIGNO,
	SIGSHIM_KIND_HOW,
	SIGSHIM_KIND_SIZE,
	SIGSHIM_KIND_POINTER,		/* printed, never followed */
	SIGSHIM_KIND_SFD_FLAGS,
	SIGSHIM_KIND_SIGVAL,
	SIGSHIM_KIND_MASK32,		/* an int as a mask of the first 32 signals */
	SIGSHIM_KIND_HANDLER,		/* SIG_DFL, SIG_IGN, SIG_HOLD or a function */
	SIGSHIM_KIND_SIGSET_IN,
	SIGSHIM_KIND_SIGSET_OUT,
	SIGSHIM_KIND_STACK_IN,
	SIGSHIM_KIND_STACK_OUT,
	SIGSHIM_KIND_SIGINFO_IN,
	SIGSHIM_KIND_SIGSET_WHILE,	/* in; see SIGSHIM_EFFECT_WHILE */
	SIGSHIM_KIND_SIGSET_PAIR,	/* the same, behind pselect6's { set, size } */
	SIGSHIM_KIND_SIGINFO_OUT,
	SIGSHIM_KIND_SIGNO_OUT,
	SIGSHIM_KIND_PID_OUT,
	SIGSHIM_KIND_ACTION_IN,		/* libc's struct sigaction */
	SIGSHIM_KIND_ACTION_OUT,
	SIGSHIM_KIND_KACTION_IN,	/* the kernel's */
	SIGSHIM_KIND_KACTION_OUT,
	SIGSHIM_KIND_TIMESPEC_IN,
	SIGSHIM_KIND_JMPBUF,		/* copied: the mask saved in it, if there is one */
	SIGSHIM_KIND_UCONTEXT,		/* copied: its mask */
	SIGSHIM_KIND_TEXT,		/* copied: as much as there is room for, and NULs */
	SIGSHIM_KIND_END
};

/*
 * Bytes copied for a kind: those that the kernel itself reads or writes. Of a
 * siginfo_t these are struct kernel_siginfo's 48 (kernel/signal.c,
 * copy_siginfo_from_user): the rest of the 128 may lie on an unmapped page. An
 * action is three words in either case: handler, mask, flags.
 */
#define SIGSHIM_COPY_SIGSET 8
#define SIGSHIM_COPY_STACK 24
#define SIGSHIM_COPY_SIGINFO 48
#define SIGSHIM_COPY_ACTION 24
#define SIGSHIM_COPY_TIMESPEC 16
#define SIGSHIM_COPY_INT 8
#define SIGSHIM_COPY_TEXT 48
#define SIGSHIM_COPY_MAX (SIGSHIM_MAX_ARGS * SIGSHIM_COPY_SIGINFO)

static inline unsigned int sigshim_kind_copy(enum sigshim_kind kind)
{
	switch (kind) {
	case SIGSHIM_KIND_SIGSET_IN:
	case SIGSHIM_KIND_SIGSET_OUT:
	case SIGSHIM_KIND_SIGSET_WHILE:
	case SIGSHIM_KIND_SIGSET_PAIR:
	case SIGSHIM_KIND_JMPBUF:
	case SIGSHIM_KIND_UCONTEXT:
		return SIGSHIM_COPY_SIGSET;
	case SIGSHIM_KIND_STACK_IN:
	case SIGSHIM_KIND_STACK_OUT:
		return SIGSHIM_COPY_STACK;
	case SIGSHIM_KIND_SIGINFO_IN:
	case SIGSHIM_KIND_SIGINFO_OUT:
		return SIGSHIM_COPY_SIGINFO;
	case SIGSHIM_KIND_ACTION_IN:
	case SIGSHIM_KIND_ACTION_OUT:
	case SIGSHIM_KIND_KACTION_IN:
	case SIGSHIM_KIND_KACTION_OUT:
		return SIGSHIM_COPY_ACTION;
	case SIGSHIM_KIND_TEXT:
		return SIGSHIM_COPY_TEXT;
	case SIGSHIM_KIND_TIMESPEC_IN:
		return SIGSHIM_COPY_TIMESPEC;
	case SIGSHIM_KIND_SIGNO_OUT:
	case SIGSHIM_KIND_PID_OUT:
		return SIGSHIM_COPY_INT;
	default:
		return 0;
	}
}

/* Kinds whose copy the program gives, and those that the kernel writes: valid only after success. */
#define SIGSHIM_KIND_BIT(kind) (1ull << SIGSHIM_KIND_##kind)
#define SIGSHIM_KINDS_READ (SIGSHIM_KIND_BIT(SIGSET_IN) | SIGSHIM_KIND_BIT(STACK_IN) | \
	SIGSHIM_KIND_BIT(SIGINFO_IN) | SIGSHIM_KIND_BIT(SIGSET_WHILE) | SIGSHIM_KIND_BIT(SIGSET_PAIR) | \
	SIGSHIM_KIND_BIT(ACTION_IN) | SIGSHIM_KIND_BIT(KACTION_IN) | SIGSHIM_KIND_BIT(TIMESPEC_IN) | \
	SIGSHIM_KIND_BIT(JMPBUF) | SIGSHIM_KIND_BIT(UCONTEXT) | SIGSHIM_KIND_BIT(TEXT))
#define SIGSHIM_KINDS_WRITTEN (SIGSHIM_KIND_BIT(SIGSET_OUT) | SIGSHIM_KIND_BIT(STACK_OUT) | \
	SIGSHIM_KIND_BIT(SIGINFO_OUT) | SIGSHIM_KIND_BIT(SIGNO_OUT) | SIGSHIM_KIND_BIT(PID_OUT) | \
	SIGSHIM_KIND_BIT(ACTION_OUT) | SIGSHIM_KIND_BIT(KACTION_OUT))

static inline int sigshim_kind_out(enum sigshim_kind kind)
{
	return SIGSHIM_KINDS_WRITTEN >> kind & 1;
}

/* Argument tags. */
enum sigshim_tag {
	SIGSHIM_TAG_K = 1,	/* kernel origin */
	SIGSHIM_TAG_U = 2,	/* user-space origin */
	SIGSHIM_TAG_TOCTOU = 4,	/* can change between check and use */
	SIGSHIM_TAG_OPT = 8,	/* may be null */
	SIGSHIM_TAG_ADDED = 16,	/* no argument of the call: the library added it */
};

#endif
