/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of processes and threads at a moment of a log: masks, alternate
 * stacks, dispositions, signalfds, and the call that caused each. Records are
 * applied in order of time; what has ended is forgotten, so memory follows
 * what is alive. For this folder alone. A model belongs to one thread.
 */
#ifndef SIGSHIM_MODEL_H
#define SIGSHIM_MODEL_H

#include "../analysis/mask_step.h"
#include "detail.h"

#define NSIGNALS 64
#define RECENT 8	/* forks, spawns and creations whose child may yet be heard of */
#define HISTORY 32
#define SCOPES 8	/* that a thread is in */

enum action_kind {
	ACTION_UNKNOWN,
	ACTION_DEFAULT,
	ACTION_IGNORE,
	ACTION_HANDLER,
};

struct action {
	enum action_kind kind;
	bool onstack, nodefer;
	uint64_t handler, mask;
	struct mask_cause by;	/* kind NOBODY: since the image began */
};

struct sigfd {
	int fd;
	uint64_t set;
	bool cloexec;
	int64_t process, thread;	/* that made it */
	uint64_t since_ns;
	uint64_t open;			/* of set, not blocked in its thread as it was made, nor since */
	struct mask_cause by;
};

/* What fork copies: shared between processes until one of them changes it. */
struct shared {
	unsigned int users;
	struct action action[NSIGNALS];
	struct sigfd *sigfd;
	unsigned int nsigfd;
	uint64_t open;		/* what is open of any of them, or was */
};

struct alternate {
	bool known, active;
	uint64_t sp, size;
	struct mask_cause by;
};

/* What a test has named, from its beginning on. */
struct scope {
	char name[SIGSHIM_COPY_TEXT];
	bool mask_known;
	uint64_t mask;
	struct mask_cause by;
};

struct thread {
	struct mask_thread m;	/* m.process is not used */
	struct process *process;
	struct thread *next, *hash;
	uint64_t began_ns;
	bool main, noted, ended;	/* noted: a thread_start told of it; ended: a thread_end */
	bool exiting;			/* it has called exit */
	bool whole;			/* no record of it is missing so far */
	struct mask_cause creation;	/* the call that made it */
	struct alternate alt;
	bool alt_ever;
	struct alternate clobbered;	/* the first that another module replaced */
	struct mask_cause clobbered_by;
	struct mask_cause exec;		/* an exec that began and has not failed yet */
	uint64_t exec_mask;
	uint64_t history[HISTORY];	/* masks that calls gave to it as the old ones */
	unsigned int nhistory;
	struct mask_cause *redundant;	/* 64: a SIG_BLOCK of what was blocked; NULL: none */
	uint64_t redundant_set;
	uint64_t suspect;		/* blocked by the kernel for a handler that may have been left */
	bool suspect_unclear;		/* by the stack seen last */
	uint64_t suspect_handler;
	struct mask_cause suspect_by;
	uint64_t pending;		/* signals it sent itself while they were blocked */
	struct mask_cause pending_by;
	struct scope scope[SCOPES];	/* the innermost is the last */
	unsigned int nscopes;
	uint64_t waited;		/* in a set that it gave to sigwait or its kin */
	struct mask_cause waited_by;
	uint64_t ever_unblocked;	/* by any of its calls */
	uint64_t unblocked;		/* by the last call that unblocked any */
	struct mask_cause unblocked_by;
};

/* A call that made a child, until the child is heard of. */
struct birth {
	uint64_t key;		/* pid, or number of a thread; 0: none */
	struct mask_cause by;
	struct shared *shared;	/* a fork's; NULL for others */
};

struct process {
	struct log_process row;	/* its strings belong to the model */
	struct process *hash;
	struct shared *shared;
	struct thread *threads;
	int64_t image;		/* the process in which this program image began */
	bool image_known;
	uint64_t image_mask;	/* that this program image began with */
	bool forked;		/* since the image began */
	bool lossy;		/* the log lacks records of it */
	bool left;		/* only of calls that were not finished: something jumped out of them */
	bool go;		/* a Go runtime is in it */
	bool ended;
	unsigned int running;	/* threads: main, and those noted and not ended */
	uint64_t ever_blocked;	/* by any of its threads */
	uint64_t queued;	/* to it while all its threads blocked it, and not taken since */
	struct mask_cause queued_by;
	struct birth child[RECENT], creation[RECENT];
	unsigned int nchild, ncreation;
	struct mask_cause *start;	/* 64, for the bits that it began with; NULL without */
};

#define MODEL_BUCKETS 4096
struct model {
	struct store *store;
	struct details *details;
	struct process *process[MODEL_BUCKETS];
	struct thread *thread[MODEL_BUCKETS];
	struct thread *last;	/* the one of the record before */
	int target_pid;		/* that was sent to last, and its row's id; 0: it has none */
	int64_t target;
	unsigned int nprocesses, nthreads;
};

struct process *model_process(const struct model *m, int64_t id);
/* The living process with that number outside pid namespaces. */
struct process *model_process_by_pid(struct model *m, int host_pid);
struct thread *model_thread(const struct model *m, int64_t id);

/* A row of the log begins. The parent, if it is known still, is what it was then. */
int model_begin(struct model *m, const struct log_process *row, struct process **ret);
/* Forgets it with its threads. */
void model_forget(struct model *m, struct process *p);
void model_free(struct model *m);

/* The record's thread, made if it is new (*ret_new). NULL: no memory. */
struct thread *model_enter(struct model *m, struct process *p, const struct log_event *ev, bool *ret_new);
/*
 * What the record says of the time before its call; gives_old: the program gets
 * that mask. *ret_unrecorded gets what got blocked since the record before.
 */
void model_before(struct thread *t, const struct log_event *ev, bool gives_old, uint64_t *ret_unrecorded);
/* What the call did. */
int model_after(struct model *m, struct thread *t, const struct log_event *ev, const struct detail *d);
/* A change of dispositions or signalfds begins: the process gets a copy of its own. -ENOMEM. */
int model_own(struct process *p);

/* What blocked signal bit n in the process, as seen from thread t (may be NULL). */
struct mask_cause model_cause(const struct process *p, const struct thread *t, unsigned int n);
/* The call that made the child with that key, and forgets it; kind NOBODY: not recorded. */
struct birth model_take_birth(struct birth *list, uint64_t key);

/* The scope of that name that the thread is in; NULL: none. */
struct scope *model_scope(struct thread *t, const char *name);

static inline uint64_t bit(int signo)
{
	return 1ull << (signo - 1);
}

#endif
