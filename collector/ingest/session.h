/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One peer: a connection, and after its hello one program image with its
 * ring, threads, modules and stacks. A session outlives its connection until
 * the process has ended, since the ring may still fill. Used by ingest/ alone.
 * main-only.
 */
#ifndef SIGSHIM_SESSION_H
#define SIGSHIM_SESSION_H

#include "gaps.h"
#include "loop.h"
#include "modules.h"
#include "ring.h"
#include "root.h"

struct session {
	struct ingest *in;
	struct session *prev, *next;
	struct session_list *list;
	struct watch sock_watch, process_watch;
	int fd;			/* -1: closed */
	int pidfd;		/* -1: none could be had */
	int host_pid, uid, gid;	/* by the kernel; pid 0: outside our namespace */
	struct owner *owner;	/* its container; NULL: none */
	struct budget *heap;	/* what its lists are charged to */
	uint64_t since_ns;	/* accepted */
	uint64_t started;	/* clock ticks since boot; one that shares: its host's, as it is not older */
	bool greeted;		/* it said hello and was welcome */
	bool bye, in_late;
	bool shares;		/* it began in another's ring */
	bool nested;		/* in a pid namespace of its own, or it is unknown in which */
	bool outlived;		/* another process has its pid by now */
	bool proven;		/* the kernel agreed that it has that pid and parent */
	int wait_status;	/* -1: unknown */

	struct sigshim_hello hello;
	uint64_t id;		/* for an observer */
	int64_t process;	/* row, 0: not there */
	int64_t before;		/* the row of the image that it replaced, 0: unknown */
	char *exe, *comm, *cmdline, *container;
	char *cwd;		/* when it said hello */
	struct root *root;	/* its files, where they are not ours; NULL: they are */
	uint32_t generation;	/* of the connection: threads know on which they spoke */
	bool complete;		/* seen since the instance began */
	bool resumed;		/* as far as a killed collector had seen it, known from the log */
	struct ring ring;
	uint8_t clock;		/* enum sigshim_clock: the ticks that its records may carry */
	uint64_t active_ns;	/* last record */
	struct thread *threads;
	size_t nthreads, threads_size;
	struct map ordinals;	/* ordinal → index into threads, plus 1 */
	struct map stacks;	/* stack id → stack row */
	uint64_t peer;		/* of frame keys: new when the same bytes mean something else */
	int last_thread;	/* index of the one that spoke last */
	struct modules modules;
	struct gaps gaps;

	struct session *host;	/* whose ring it began in, while that is read */
	struct session *children, *next_child, *prev_child;
	unsigned int nchildren;
	uint64_t children_told;	/* their lost calls that are in their gaps */
};

/* One without anything, in a list. NULL when there is no memory. */
struct session *session_alloc(struct ingest *in, struct session_list *list);
/* Takes the connection over. NULL when there is no memory; fd is then closed. */
struct session *session_new(struct ingest *in, int fd, int pid, int uid, int gid);
/* Charges its lists to that container; while they are empty. */
void session_owned(struct session *s, struct owner *o);
/* It said hello: from waiting to live. */
void session_welcomed(struct session *s);
/* Closes the connection of one that was never welcome, and forgets it. */
void session_drop(struct session *s);
/* Stores what is there, writes the end ("exit", "killed", ...) and forgets the session. */
void session_end(struct session *s, const char *end);
/* The end that the kernel tells of a process that has ended. */
const char *session_fate(const struct session *s);
bool session_is_running(const struct session *s);
/* Reads all that the process has written up to now; its own ring for the last time. */
void session_catch_up(struct session *s);
/*
 * Reads the ring and settles gaps. `last`: reads everything that there is.
 * What was read stays in the ring until session_release.
 */
void session_drain(struct session *s, bool last);
/* Ends one whose process has ended. */
void session_gone(struct session *s);
/* The same, after looking for what it has said where nobody has listened yet. Not while a hello is taken. */
void session_over(struct session *s);
/* Gives what was read back to the ring's writers, since it is in the journal. */
void session_release(struct session *s);
void session_free(struct session *s);

/* receive.c */
void session_receive(struct watch *w, uint32_t events);
/* Everything that waits on the socket. */
void session_receive_all(struct session *s);
void session_process_ended(struct watch *w, uint32_t events);

/* hello.c: the first frame. May end s. */
void session_hello(struct session *s, const void *frame, size_t len);
/* Makes the process row, if it isn't there. */
void session_row(struct session *s);
/*
 * The row of a process that was not asked when it began, since another spoke
 * for it: it goes on in another row when it executes a program.
 */
void session_image(struct session *s, int host_pid, int64_t process);

/* record.c: a frame of a greeted peer. */
void session_frame(struct session *s, const void *frame, size_t len);
/* Takes frames that were unfinished when its ring was last looked through. */
void session_receive_late(struct session *s);
/* The new thread's index, or -ENOMEM. */
int session_add_thread(struct session *s, uint32_t ordinal);

/*
 * resume.c: whether a killed collector knew this instance, and then what it
 * knew. Before the process has its row: *ret_before, the one that it had.
 */
bool session_known(const struct session *s, int64_t *ret_before);
bool session_resume(struct session *s, int64_t before);

/* Tells an observer of it. */
void session_introduce(struct session *s);
/* As an observer sees it. */
struct ingest_peer session_peer(const struct session *s);

/* Moves a session to a list, or out of all (NULL). */
void session_move(struct session *s, struct session_list *to);

#endif
