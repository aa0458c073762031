/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the program in the kernel (trace.bpf.c) and the collector (trace.c)
 * share: the specification of the system calls to watch, and the records that
 * come back. Fixed-size types alone; the includer provides u8 to u64 and s64.
 * Plain data.
 */
#ifndef SIGSHIM_TRACE_H
#define SIGSHIM_TRACE_H

#define TRACE_ARGS 6
#define TRACE_NUMBERS 512	/* system call numbers of one table; a power of two */
#define TRACE_COPY 112		/* bytes copied from behind all arguments of a call, and its effect */
#define TRACE_COPY_ONE 48	/* from behind one */
#define TRACE_NAME 48		/* of a file, without its folders */
#define TRACE_INFO 48		/* of a siginfo: the kernel's own part */
#define TRACE_USER_STACK 8192	/* bytes copied from the top of a user stack */

/* How an argument's memory is to be copied. */
enum trace_way {
	TRACE_NOT,
	TRACE_IN,	/* at entry */
	TRACE_OUT,	/* at exit, after success */
	TRACE_PAIR,	/* at entry, from where the pointer at it leads */
};

struct trace_arg {
	u8 way;
	u8 size;	/* at most TRACE_COPY_ONE */
	u8 at;		/* where in trace_call.copy; at + TRACE_COPY_ONE is at most TRACE_COPY */
	u8 index;	/* the argument */
};
#define TRACE_COPIES 3	/* arguments of a call that are copied */

/* What of the kernel's state a call leaves, beside the mask: at trace_spec.effect_at in the copy. */
enum trace_effect {
	TRACE_PLAIN,
	TRACE_MASK,	/* none; the first copy is a set, and says what becomes of the mask */
	TRACE_SIGNALFD,	/* u64: the mask of the descriptor that is the result */
	TRACE_ALTSTACK,	/* struct trace_altstack */
	TRACE_ACTION,	/* struct trace_action, if no other thread was changing one meanwhile */
};

struct trace_altstack {
	u64 sp, size, flags;
};

/* As the kernel has it. */
struct trace_action {
	u64 handler, flags, restorer, mask;
};

/* One system call; native numbers first, i386's at TRACE_NUMBERS. */
struct trace_spec {
	u8 row;		/* 1 + the row in syscalls.def; 0: not wanted */
	u8 effect;	/* enum trace_effect */
	u8 effect_at;
	u8 no_return;	/* its exit tells nothing: rt_sigreturn */
	u8 signo;	/* 1 + the argument that is the signal to send; 0: it sends none */
	u8 ncopies;
	u8 size, in_size;	/* of all copies together; without those at exit, which come last */
	struct trace_arg copy[TRACE_COPIES];
};

/* Whom to watch. */
enum trace_scope {
	TRACE_LISTED,	/* processes in the map, and what they fork */
	TRACE_CGROUP,	/* this one and those below it */
	TRACE_ALL,
};

/* What the collector knows of a process; by tgid. A forked child has its parent's. */
struct trace_process {
	u8 listed;
	u8 has_claim;
	u8 suspect;		/* arguments changed under way before: claimed calls get stacks too */
	u8 unused;
	u32 changing;		/* threads that are in a call that changes an action */
	u64 changes;		/* such calls, ever */
	s64 claim;		/* offset of its struct sigshim_claim from the thread pointer */
	u64 shim_start, shim_end;	/* libsigshim.so's text */
};

/* As sigshim/wire.h has it: what a thread says about the call it is in. From TRACE_UNPAIRED on no record comes. */
#define TRACE_UNPAIRED (1ull << 62)
struct trace_claim {
	u64 call, sp, instance;
	u32 thread, unused;
};

enum trace_type {
	TRACE_CALL,
	TRACE_SIGNAL,
	TRACE_EXEC,
	TRACE_EXIT,
	TRACE_FORK,
};

struct trace_head {
	u32 type;
	u32 tgid, tid;		/* as the first pid namespace has them */
	u32 serial;		/* of a call, among its thread's: with tid its name for a while */
	u64 start_ns;		/* CLOCK_MONOTONIC; of a call its entry */
};

/* trace_call.flags */
#define TRACE_COMPAT 1		/* by i386's number */
#define TRACE_CLAIMED 2		/* a wrapper is making it */
#define TRACE_SHIM 4		/* from libsigshim.so's text */
#define TRACE_PLACE 8		/* trace_call.place is filled in */
#define TRACE_STACK 16		/* a trace_stack goes with it; of a claimed call, taken at exit */
#define TRACE_ENDED 32		/* it returned */

/* The memory that an instruction lies in. */
struct trace_place {
	u32 ns_tgid, ns_tid;	/* as the process itself has them */
	u64 start, end;		/* 0: nothing is mapped there, or it can't be told */
	u64 offset;		/* in the file, of start */
	u64 inode;		/* 0: no file */
	u32 dev;
	u32 flags;		/* of the mapping */
	char name[TRACE_NAME];
};

/*
 * Sent up to what its specification copies; with TRACE_PLACE in full. Of a
 * claimed call what it wrote is not copied, and it has no end_ns.
 */
struct trace_call {
	struct trace_head h;
	u16 number;
	u8 row;
	u8 flags;
	u8 copied;		/* bit i: copy has what argument i points to */
	u8 late;		/* bit i: read at exit, since the page was not there at entry */
	u8 has_effect;		/* copy has what trace_spec.effect is about */
	u8 unused;
	s64 ret;
	u64 ip;
	u64 arg[TRACE_ARGS];
	u64 mask_before, mask_after;
	struct trace_claim claim;
	u64 end_ns;
	u8 copy[TRACE_COPY];
	struct trace_place place;
};

/* A signal that a call generated. */
struct trace_signal {
	struct trace_head h;	/* the call's */
	u32 to_tgid, to_tid;
	s32 signo, code;
	s32 result;		/* enum of trace/events/signal.h: 0 delivered, 1 ignored, 2 pending, 3, 4 lost */
	u32 group;
	u8 info[TRACE_INFO];
	u32 has_info;
	u32 unused;
};

/* Goes to the other ring: it may be dropped without a call being lost. */
struct trace_stack {
	struct trace_head h;	/* the call's */
	u64 ip, sp, bp, bx, r12, r13, r14, r15;
	u64 ax, cx, dx, si, di, r8, r9, r10, r11;
	u32 size;
	u32 other;	/* of a claimed call: the only other thread of the process; 0: there are more, or none */
	u8 bytes[TRACE_USER_STACK];	/* from sp upwards */
};

/* Of a process: executed, ended, or forked off by another. */
struct trace_life {
	struct trace_head h;
	u32 parent;		/* TRACE_FORK */
	u32 ns_tgid;
	s32 status;		/* TRACE_EXIT: as of waitpid */
	u32 unused;
	char name[TRACE_NAME];	/* of the executed file */
};

/* Counters of what did not fit. */
enum trace_lost {
	TRACE_LOST_CALLS,
	TRACE_LOST_SIGNALS,
	TRACE_LOST_STACKS,
	TRACE_LOST_LIVES,
	TRACE_LOST_TASKS,	/* no memory to note an entry */
	TRACE_LOST_KINDS,
};

#endif
