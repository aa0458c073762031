/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a rule sees and how it speaks. Rules look at a moment of the model and
 * report findings or doubts. For this folder alone. A judge belongs to one
 * thread.
 */
#ifndef SIGSHIM_JUDGE_H
#define SIGSHIM_JUDGE_H

#include <signal.h>

#include "../analysis/text.h"
#include "hygiene.h"
#include "model.h"

enum moment_kind {
	AT_CALL,		/* a call: the model is as it was before it */
	AFTER_CALL,		/* the model is as the call left it */
	AT_IMAGE,		/* a program begins, by exec or as the first of its process */
	AT_HANDOVER,		/* a program executes another */
	AT_THREAD,		/* a thread's start routine is entered */
	AT_THREAD_END,
	AT_END,			/* a process has ended, or the log */
};
/* For rules.def. */
#define CALL (1u << AT_CALL)
#define CALLED (1u << AFTER_CALL)
#define IMAGE (1u << AT_IMAGE)
#define HANDOVER (1u << AT_HANDOVER)
#define THREAD (1u << AT_THREAD)
#define THREAD_END (1u << AT_THREAD_END)
#define END (1u << AT_END)

struct moment {
	enum moment_kind kind;
	struct process *p;
	struct thread *t;		/* NULL where no thread is concerned, or it is not known */
	const struct log_event *ev;	/* calls and threads */
	const struct detail *d;
	enum call_class class;
	const struct race *race;	/* AT_CALL: what the verifier saw of it; NULL: nothing */
	uint64_t unrecorded;		/* AT_CALL: signals that got blocked since the record before, unseen */
	struct mask_cause how;		/* HANDOVER: the exec or posix_spawn; NOBODY if not recorded */
	uint64_t mask;			/* HANDOVER: that it hands on */
	const struct process *image;	/* HANDOVER: who gets it; NULL: a program without the library */
	const struct process *parent;	/* IMAGE: NULL if the log does not know it */
};

/* Where a call came from. Valid until some others were asked for; strings may be NULL. */
struct place {
	int64_t stack;
	const char *module, *function;
	bool main_program;	/* the module is the process's executable */
	bool libc;
};

struct judge;

struct judge_call {
	const char *role;
	struct mask_cause cause;	/* left out when it is no recorded call */
};

/*
 * A finding of the rule that is being asked. `calls` ends with a NULL role;
 * the message is the one of the format.
 */
void judge_report(struct judge *j, const struct moment *m, enum hygiene_severity severity, uint64_t signals,
		  const struct judge_call *calls, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* The rule that is being asked can't tell. */
void judge_doubt(struct judge *j, const struct process *p, const char *reason);

struct place judge_place(struct judge *j, const struct process *p, int64_t stack);
/* Whether `function` is among the frames of a stack. */
bool judge_on_stack(struct judge *j, const struct process *p, int64_t stack, const char *function);
/* The frames themselves, as store_stack_read has them; only when the stack is complete, else 0. */
int judge_frames(struct judge *j, const struct process *p, int64_t stack, const struct log_frame **ret);
/* A role and cause for what this record is. */
struct judge_call judge_here(const char *role, const struct moment *m);

/* "SIGTERM and SIGINT"; buf is enough for all. */
#define SIGNALS_TEXT 640
const char *signals_text(uint64_t set, char buf[static SIGNALS_TEXT]);

/* The program's name for a sentence. */
const char *program_name(const struct process *p);
bool is_shell(const struct process *p);
/* A program that exists to hand such state on, or that executes itself again. */
bool is_deliberate(const struct process *p, const struct process *image);

/* KILL and STOP; those that libc keeps; those that a fault raises. */
#define UNBLOCKABLE (bit(SIGKILL) | bit(SIGSTOP))
#define RESERVED (bit(32) | bit(33))
#define FAULTS (bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL))

/* --- the driver's side ------------------------------------------------------ */

/* A scope begins. */
void judge_scope(struct judge *j, const struct process *p, const char *name);
struct judge *judge_new(struct store *s, const struct hygiene_options *opt);
void judge_moment(struct judge *j, const struct moment *m);
/* Of all rules that were asked. p NULL: the whole log. */
void judge_doubt_all(struct judge *j, const char *comm, int pid, uint64_t count, const char *reason);
/* Frees the judge. */
int judge_finish(struct judge *j, uint64_t events, struct hygiene_report **ret);

#endif
