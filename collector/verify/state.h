/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verifier knows: program images with their threads and files, peers
 * with the calls that wait for their records. For the files of verify/.
 * main-only.
 */
#ifndef SIGSHIM_VERIFY_STATE_H
#define SIGSHIM_VERIFY_STATE_H

#include "../ingest/sink.h"
#include "../store/certificate.h"
#include "../symbols/symbols.h"
#include "spec.h"
#include "tracer.h"
#include "verify.h"

enum file_kind {
	FILE_OTHER,
	FILE_LIBC,	/* libc, its loader, the vDSO */
	FILE_SHIM,
};

/* A mapped file of an image, or memory that is none. */
struct file {
	struct file *next;
	uint64_t start, end;
	uint64_t bias;		/* address = bias + ELF virtual address */
	enum file_kind kind;
	char *path;		/* as the process has it; NULL: no file */
	char build_id[2 * SIGSHIM_MAX_BUILD_ID + 1];
	int64_t module;		/* row, 0: not written yet */
	bool unwindable;	/* the image's unwinder has it */
	uint64_t plain, generic;	/* the last addresses that are in, or not in, syscall() */
};

struct kthread {
	struct kthread *next;
	uint32_t tid, ns_tid;
	int64_t row;		/* 0: not there */
	uint64_t count[COUNT_END];
	const char *why;	/* of the first of its lost calls */
	struct trace_signal signal;	/* the last that it generated */
};

/* An unclaimed call, until it is known whether its process has the shim. */
struct held {
	struct held *next;
	struct image *image;
	struct kthread *thread;
	struct trace_call call;
	bool complete;		/* the stack reaches the outermost frame */
	uint32_t other;		/* of trace_stack */
	unsigned int npcs;
	uint64_t pc[];
};

/* One program image of a process: since a fork or an exec. */
struct image {
	struct image *prev, *next;
	struct image *parent;	/* it was forked from; NULL after an exec */
	unsigned int refs;	/* itself while it runs, and its children */
	unsigned int waiting;	/* its calls that wait for records, or to be classified */
	bool killed;		/* it was ended by a signal */
	bool ours;		/* what launches a command; not watched */
	uint32_t tgid, ns_tgid;
	uint64_t since_ns, until_ns;	/* 0: it is there */
	bool executed;		/* seen from its exec on */
	bool decided, shimmed, evidence;	/* evidence: a call from libsigshim.so was seen */
	char name[TRACE_NAME];
	int64_t row;		/* of its process */
	bool own_row;		/* made here, not by its session */
	struct peer *peer;
	struct kthread *threads;
	struct file *files;
	struct unwinder *unwinder;
	struct held *held, **held_end;
	unsigned int nheld;
};

/* A claimed call that waits for its record. */
struct pending {
	struct kthread *thread;
	struct image *image;
	struct trace_call call;	/* without its place */
	struct trace_signal signal;	/* that it generated; has_info 0: none */
	bool done;
};

struct peer_thread {
	int64_t row;
	uint64_t last;		/* the highest number seen */
	struct pending *pending;
	size_t head, n, size;
};

/* A session of ingest. */
struct peer {
	struct peer *prev, *next;
	uint64_t id, instance, since_ns;	/* id 0: nothing was heard of it so far */
	int host_pid;
	int forked_by;		/* it began in this one's ring; 0: it said hello itself */
	struct image *awaited_by;	/* whose claims made it */
	int64_t process;
	bool ended, settled;	/* settled: no record comes any more */
	struct image *image;
	struct peer_thread *threads;	/* by ordinal - 1 */
	size_t nthreads;
};

/* A shim's record, until the kernel events before it have been taken. */
struct record {
	struct peer *peer;
	struct event ev;
	int64_t thread;
	struct spec_copies copies;
};

/* A file's path, for processes that have gone before it was asked. */
struct known_path {
	struct known_path *next;
	uint64_t inode;
	char path[];
};

#define KEPT_STACKS 1024

struct verify {
	struct tracer *tracer;
	struct ingest *in;
	struct sink *sink;
	struct symbolizer *symbols;
	int64_t run;
	bool alone, peers_are_listed;
	struct known_path *paths;
	struct map by_tgid;	/* tgid → image that is there, 0: gone */
	struct budget budget;
	struct image *images;
	struct peer *peers;
	unsigned int live;
	struct record *records;
	size_t nrecords, records_size;
	struct held **fresh;	/* unclaimed calls of this round; NULL: done */
	size_t nfresh, next_fresh, fresh_size;
	struct map fresh_at;		/* time and thread → index in fresh */
	struct held *kept[KEPT_STACKS];	/* of claimed calls, by thread and number, the latest */
	struct certificate total;
	uint64_t lost[TRACE_LOST_KINDS];
	char overflow[96];	/* about them, in words */
};

/* --- image.c --------------------------------------------------------------- */

struct image *image_of(struct verify *v, uint32_t tgid, uint64_t now);
/* NULL: none is. */
struct image *image_there(const struct verify *v, uint32_t tgid);
void image_life(struct verify *v, const struct trace_life *life);
struct kthread *image_thread(struct image *im, uint32_t tid);
/* The session of the image; NULL: it has not said hello, so far. */
struct peer *image_peer(struct verify *v, struct image *im);
/* Its process's row, made when there is none; 0 if that can't be. */
int64_t image_row(struct verify *v, struct image *im);
/* A row for a thread of it. */
int64_t image_thread_row(struct verify *v, struct image *im, struct kthread *t, const struct trace_claim *claim);
/* One claim fewer for it to be kept. */
void image_unref(struct image *im);
/* Gives up those that have ended and are settled. `all`: every one. */
void image_sweep(struct verify *v, bool all);

/* --- place.c --------------------------------------------------------------- */

/* The file that an address of the image lies in, by the kernel's own evidence if `place` is given. */
struct file *place_find(struct verify *v, struct image *im, uint64_t pc, const struct trace_place *place);
/* Notes all code that the image has mapped. */
void place_all(struct verify *v, struct image *im);
/* Whether the address is in libc's syscall(). */
bool place_is_syscall(struct verify *v, struct file *f, uint64_t pc);
void place_free(struct image *im);

/* --- stack.c ---------------------------------------------------------------- */

/* A copy of h with the stack; NULL if there is none. */
struct held *stack_walk(struct verify *v, const struct held *h, struct image *im, const struct trace_stack *s);
/* Keeps the stack of a claimed call, for a finding about it. */
void stack_keep(struct verify *v, struct image *im, const struct trace_stack *s);
/* That of the call; NULL: none was taken, or others came since. */
const struct held *stack_kept(const struct verify *v, const struct trace_call *call);
void stack_drop_all(struct verify *v);

/* --- classify.c ------------------------------------------------------------- */

/* Holds or classifies an unclaimed call. */
void classify_hold(struct verify *v, struct image *im, struct held *h);
/* Decides about the image, if that can be, and classifies what was held. `last`: in any case. */
void classify_image(struct verify *v, struct image *im, bool last);
/* A claimed call whose record will not come. */
void classify_lost(struct verify *v, struct image *im, struct kthread *t, const struct trace_call *call,
		   const char *why);

/* The row of what was walked, 0 if there is none. */
int64_t classify_stack(struct verify *v, struct image *im, const struct held *h);

/* A claimed call that its process did not survive: no record can be. */
void classify_fatal(struct verify *v, struct image *im, struct kthread *t, const struct trace_call *call);

/* --- peers.c ------------------------------------------------------------------ */

void peers_observe(struct verify *v);
/*
 * A forked child's calls are seen before the collector comes to its hello,
 * which stands in its parent's ring. They wait here for it. NULL: no memory.
 */
struct peer *peers_await(struct verify *v, struct image *im, uint64_t instance);
/* Pairs the records that came since. */
void peers_records(struct verify *v);
/* Settles those that have ended, or did not come in time. */
void peers_bury(struct verify *v);

/* --- pair.c ------------------------------------------------------------------ */

void pair_claimed(struct verify *v, struct image *im, struct kthread *t, const struct trace_call *call);
void pair_record(struct verify *v, const struct record *r);
/* After the last record of a peer. */
void pair_rest(struct verify *v, struct peer *p);
/* The row of a peer's thread, 0 if there is none. */
int64_t pair_thread_row(const struct peer *p, uint32_t ordinal);

/* --- compare.c ---------------------------------------------------------------- */

/* Writes findings about a record and its kernel event; returns how many. */
unsigned int compare(struct verify *v, const struct record *r, const struct pending *k);
/* A record that has no kernel event, and should have. */
void compare_absent(struct verify *v, const struct record *r);

/* --- certificate.c -------------------------------------------------------------- */

void certificate_image(struct verify *v, const struct image *im);
void certificate_run(struct verify *v);

#endif
