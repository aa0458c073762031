/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the shim's files share: its state and the steps of a call. Everything
 * declared here is AS-safe and MT-safe unless it says otherwise.
 *
 * State comes in three lives:
 *   image    one program image: settings, originals, the unwinder, modules.
 *            Written once, before it is used; a forked child keeps it.
 *   process  one process: connection, counters, stack ids. It lies in memory
 *            that the kernel clears in a forked child (MADV_WIPEONFORK), so a
 *            child can't mistake its parent's ring for its own, however it was
 *            created.
 *   thread   one thread, in initial-exec TLS.
 */
#ifndef SHIM_H
#define SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <link.h>
#include <stdint.h>
#include <time.h>

#include <sigshim/events.h>
#include <sigshim/wire.h>

#include "memo.h"

#define SHIM_API __attribute__((visibility("default")))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* --- the table, as the shim needs it (table.c) ------------------------- */

struct shim_event {
	uint8_t id;
	uint8_t nargs;
	uint8_t err;		/* enum sigshim_err */
	uint8_t effect;		/* enum sigshim_effect */
	uint8_t via;		/* enum sigshim_via */
	uint8_t ret_size;	/* bytes of the result */
	uint8_t in, out;	/* bit i: argument i is copied, and it is the kernel that writes it */
	uint8_t kind[SIGSHIM_MAX_ARGS];
	const char *name;
};
extern const struct shim_event shim_events[SIGSHIM_EV_END];

/* --- settings (config.c) ------------------------------------------------ */

#define SHIM_MAX_DEPTH 128	/* caller frames; bounds the stack that a call takes */

struct config {
	char socket[108];	/* of sockaddr_un; empty: none could be formed */
	enum sigshim_stack_mode stack;
	enum sigshim_transport transport;
	enum sigshim_overflow overflow;
	unsigned int depth;
	bool verbose;
	bool follow;	/* into programs with other environments (follow.c) */
	bool blind;	/* memory can't be asked for without being noticed (copy.c) */
	bool memo;	/* stacks are known again (memo.c) */
	bool event[SIGSHIM_EV_END];	/* recorded, not just passed through */
};
extern struct config shim_config;

/* Reads the environment. Once, before shim_config is used. */
void config_read(char **env);
/* "libsigshim: a b c" on stderr, when verbose. NULL words end it. */
void config_say(const char *a, const char *b, const char *c);

/* --- the wrapped functions (real.c) ------------------------------------- */

/*
 * Every wrapped function takes and returns integer registers alone, so one
 * type calls them all (x86-64 and aarch64 ELF ABIs).
 */
typedef long shim_function(long, long, long, long, long, long);
extern shim_function *shim_real[SIGSHIM_EV_END];	/* by event; NULL for SYSCALL rows */
extern long (*shim_real_syscall)(long, long, long, long, long, long, long);
extern long (*shim_real_vfork)(void);
extern long (*shim_real_clone)(long, long, long, long, long, long, long);
extern int (*shim_real_dlclose)(void *);
/* The kernel's until they are resolved, and where libc has none (glibc < 2.17, < 2.16). */
extern int (*shim_clock_gettime)(clockid_t, struct timespec *);
extern unsigned long (*shim_getauxval)(unsigned long);
/* Resolves all of them; dlsym may allocate, so: first call or constructor. */
void real_resolve(void);
/* The clock, which needs dlopen: constructor only. */
void real_resolve_clock(void);
/* For one that was not there then; may allocate. Fails as the call fails when libc has none. */
shim_function *real_late(const struct shim_event *ev);

/* --- a thread ------------------------------------------------------------ */

#define SHIM_ROOMS 4		/* stacks of a thread with coroutines that are kept in mind */
struct thread {
	uint64_t instance;	/* of the process that the rest belongs to */
	uint64_t seq;		/* last number given out */
	int32_t pid, tid;
	uint32_t ordinal;
	uint8_t in_vfork;	/* this is a child on its parent's memory and TLS */
	uint8_t mask_known;
	uint64_t mask;		/* after the last record */
	struct memo *memo;	/* memo.c's; NULL: none yet */
	uint32_t walks;		/* without one */
	struct history *history;	/* history.c's; NULL: not asked for */
	uintptr_t alt_low, alt_high;	/* alternate stack, as last set through us */
	uintptr_t alt_tight;		/* below that there is no room on it for a walk */
	uint64_t room[SHIM_ROOMS];	/* stack pointers that are known to have room below them */
	struct sigshim_claim claim;	/* for a verifier to read */
};
extern _Thread_local struct thread shim_thread __attribute__((tls_model("initial-exec")));

/* --- children on their parent's TLS (clone.c) ----------------------------- */

/* One has been made, or may have been. */
extern bool shim_tls_shared;
/* The state of whoever is calling, when there may be such. */
struct thread *clone_thread(void);
/* Before a child is made, which `shares` our memory or has a copy. False: process_ready is. */
bool clone_prepare(bool shares);
/* Puts a function in front of fork's. Once, after real_resolve. */
void clone_begin(void);

/* --- a sandbox (sandbox.c) ------------------------------------------------ */

/* The program has set a seccomp filter: no other kinds of system calls any more. */
extern bool shim_sandboxed;
/* It has given up the processor's clock: sandbox_now tells the time. */
extern bool shim_clock_denied;
uint64_t sandbox_now(void);
/* A new thread may have been created by one that has given it up. */
void sandbox_meet_thread(void);
/* Notes the first arguments of prctl or seccomp. */
void sandbox_note(long nr, long op, long how);

/* --- a process (process.c) ---------------------------------------------- */

enum link_state {
	LINK_NONE,	/* no collector: count */
	LINK_BUSY,	/* somebody is connecting */
	LINK_RING,
	LINK_SOCKET,
	LINK_SHARED,	/* in the ring of the process that forked this one */
};

/* A time stamp: ticks of the clock that the collector has granted, or ns. */
struct moment {
	uint64_t at;
	bool ticks;
};

#define SHIM_STACK_SLOTS 4096
struct stack_slot {
	uint64_t hash;	/* 0: free */
	uint32_t id;	/* 0: being filled */
	uint32_t epoch;	/* valid while process.epoch is the same */
};

/* One call on its way. */
struct call {
	const struct shim_event *ev;
	const long *arg;
	struct thread *t;
	uint64_t seq;
	struct moment start, end;
	long ret;
	int error;
	struct memo_key from;	/* who called; only pc where a walk can't be spared */
	unsigned int flags;	/* SIGSHIM_EVF_* */
	uint64_t before, requested, after;
	unsigned int copied;	/* bit i: copy[i] holds what argument i points to */
	unsigned char copy[SIGSHIM_MAX_ARGS][SIGSHIM_COPY_SIGINFO];
	uint64_t own[16];	/* our oldset, as large as a libc's sigset_t */
};

/* Words of an EVENT frame before the addresses. */
#define FRAME_WORDS ((sizeof(struct sigshim_event) + SIGSHIM_COPY_MAX) / 8 + SIGSHIM_MAX_ARGS)

/* What a call needs, away from a stack that has no room for it (scratch.c). */
#define SHIM_SCRATCHES 16
struct scratch {
	int32_t owner;		/* tid; 0: free */
	uintptr_t sp;		/* of the owner */
	struct call call;
	uint64_t words[FRAME_WORDS + 2];
};

struct process {
	uint32_t state;		/* 0: blank (or just forked), 1: starting, 2: ready */
	int32_t starter;	/* tid that is starting it */
	int32_t pid;
	uint32_t link;		/* enum link_state */
	uint64_t instance;
	uint32_t threads;	/* last ordinal given out */
	uint32_t stacks;	/* last stack id given out */
	uint32_t epoch;		/* of stack ids; raised by dlclose and a new collector */
	uint32_t reconnects;
	uint64_t lost;		/* not recorded since the last hello, but for the ring's own */
	uint64_t retry_ns;	/* when to look for a collector again, or whether it lives */
	uint32_t failures, orphan;	/* in a row; 1: nobody reads the ring */
	uint32_t idle;		/* calls without a collector */
	bool granted, ticks;	/* the collector reads the same clock; it is used (clock.c) */
	int32_t fd;		/* the socket, -1 */
	uint64_t collector;	/* which one, of those that have its address one after the other */
	uint64_t fd_dev, fd_ino;	/* to tell that the number is still ours */
	struct sigshim_ring *ring;	/* all that is in it is found from here */
	uint64_t ring_head;	/* its head, as last looked at */
	uint64_t parent_instance;	/* of the process that forked this one, else 0 */
	uint32_t shared;	/* calls recorded in another's ring */
	uint32_t moving, renewing;	/* 1: a thread goes over to a ring of our own, to another collector */
	uint32_t introduced;	/* its hello is there: 2 */
	int32_t ppid;
	uint64_t began_ns, began_at, began_mask;	/* began_at: as its time stamps are */
	uint32_t inherited_epoch;	/* in which its modules were sent, by the process that forked it */
	struct stack_slot slot[SHIM_STACK_SLOTS];
	struct scratch scratch[SHIM_SCRATCHES];
};
extern struct process *shim_process;	/* NULL before the first use */

/*
 * Makes shim_process ready: on the first call in an image or a forked child.
 * False when it can't be now (a nested or concurrent start): the call is then
 * counted as lost by whoever asked.
 */
bool process_start(void);
extern bool shim_wipes_on_fork;
bool process_is_mine(struct process *p);
static inline bool process_ready(void)
{
	struct process *p = shim_process;

	return (likely(p && __atomic_load_n(&p->state, __ATOMIC_ACQUIRE) == 2 &&
		       (shim_wipes_on_fork || process_is_mine(p))) &&
		likely(!shim_sandboxed || shim_thread.instance == p->instance)) || process_start();
}
/* False in a child that was forked inside a call. */
static inline bool process_goes_on(void)
{
	struct process *p = shim_process;

	return __atomic_load_n(&p->state, __ATOMIC_ACQUIRE) == 2 &&
		(shim_wipes_on_fork || process_is_mine(p));
}
/* The last that shim_new_epoch gave: a forked child's modules were sent in it. */
uint32_t shim_last_epoch(void);
/* A number for process.epoch that no other process or connection of this image had. */
uint32_t shim_new_epoch(void);
/* True in a child on its parent's memory: what it says of itself would be its parent's. */
bool process_is_guest(const struct process *p);
/* Tells that this process, and no vfork child of it, ends in an orderly way. */
void process_bye(void);
/* Counts a call that could not be recorded. */
void process_lost(void);

/* CLOCK_MONOTONIC in ns. */
uint64_t now_ns(void);
/* The ticks of this machine that a collector may be able to read: enum sigshim_clock. */
uint8_t clock_offered(void);

/* The next number of a thread's records, in one instruction: a handler may come, no other thread does. */
static inline uint64_t thread_count(struct thread *t)
{
#if defined(__x86_64__)
	uint64_t n = 1;

	__asm__ volatile("xaddq %0, %1" : "+r"(n), "+m"(t->seq) : : "cc");
	return n + 1;
#else
	return __atomic_add_fetch(&t->seq, 1, __ATOMIC_RELAXED);
#endif
}

/* This thread's state, made afresh in a new thread or process. */
struct thread *thread_self(void);

/* --- one call (call.c, copy.c, scratch.c) ------------------------------------------ */

/* What __builtin_frame_address(0) points to, by both ABIs; on x86-64 it ends where the caller's stack does. */
struct frame {
	uintptr_t fp, ret;
};

/* Makes the call that event `id` stands for, and records it; `frame` is the wrapper's. */
long shim_call(unsigned int id, const long arg[static SIGSHIM_MAX_ARGS], long nr, const struct frame *frame);

/*
 * What comes after a call: what its pointers point to, masks, the record. `old`
 * is where a mask change has left the old mask. errno is left alone.
 */
void call_made(struct call *c, uint64_t *words, uintptr_t old, bool tight);

/*
 * Records an event of via JUMP as it begins, and returns the real function for
 * jump_entry.S to go on to.
 */
void *shim_announce(unsigned int id, const long arg[static SIGSHIM_MAX_ARGS], const struct frame *frame);

/*
 * Records an event of via NOTE, which happens now and comes of what is at
 * `caller`: an address as a call from there would leave it.
 */
void shim_note(unsigned int id, const long arg[static SIGSHIM_MAX_ARGS], uintptr_t caller);

/* A scratch for the thread that runs at sp; NULL when all are in use. */
struct scratch *scratch_take(struct process *p, int32_t tid, uintptr_t sp);
void scratch_give(struct scratch *s);

/* --- stacks (stack.c, stackid.c) ---------------------------------------- */

struct stack {
	unsigned int n;
	enum sigshim_stack_end end;
	uint64_t *pc;		/* innermost first; room for config.depth + STACK_SKIP */
};
#define STACK_SKIP 12	/* frames of ours that libunwind may see, however little was inlined */

/* Loads libunwind; may allocate. False: stacks are callers only. */
bool stack_load(void);
/* Walks from the frame that a call came from. */
void stack_walk(struct stack *st, const struct memo_key *from, const struct thread *t, bool tight);
/*
 * unw_backtrace takes 5 KiB when cold, a record 2; the rest is for the call itself, and for
 * a signal that comes in the midst of it: without room for its frame the kernel kills.
 */
#define STACK_HEADROOM (12 * 1024)
/*
 * Most of an alternate stack is left to handlers that interrupt each other: each would
 * walk anew, and the kernel's frames, 3 KiB and more, come on top of that.
 */
#define STACK_NESTING (48 * 1024)
/*
 * A range of stack pointers, in one word so that a handler never finds half of
 * it: where it begins and how long it is, both in units of 16 bytes.
 */
#define ROOM_LONGEST 0xffffful
#define ROOM_OF(low, high) ((uint64_t)(low) >> 4 << 20 | (((high) - (low)) >> 4))
static inline uintptr_t room_low(uint64_t room)
{
	return (uintptr_t)(room >> 20 << 4);
}
static inline bool room_holds(uint64_t room, uintptr_t sp)
{
	return sp - room_low(room) <= (room & ROOM_LONGEST) << 4;
}
/* Looks whether there is room below sp, and notes for which stack pointers that is known. */
bool stack_look(struct thread *t, uintptr_t sp);
/* A stack of one frame, for what has no callers. */
void stack_alone(struct stack *st, uintptr_t caller);
/* True on a stack that has no room for a walk. */
static inline bool stack_is_tight(struct thread *t, uintptr_t sp)
{
	if (unlikely(sp - t->alt_low < t->alt_high - t->alt_low))
		return sp < t->alt_tight;
	return unlikely(!room_holds(t->room[0], sp)) && !stack_look(t, sp);
}
/* True where there is no room for anything but the call itself. */
bool stack_is_full(const struct thread *t, uintptr_t sp);
/* True when a frame of `size` bytes at sp leaves room for what it calls. */
bool stack_has(const struct thread *t, uintptr_t sp, size_t size);
/* After a successful sigaltstack with this stack_t. */
void stack_note_alternate(struct thread *t, const unsigned char *ss);

uint64_t stack_hash(const struct stack *st);
/* The id under which this stack was sent, 0 if it wasn't. */
uint32_t stack_find(const struct process *p, uint64_t hash);
/* Notes that it has been sent under id. */
void stack_sent(struct process *p, uint64_t hash, uint32_t id, uint32_t epoch);

/* --- modules (module.c) --------------------------------------------------- */

/* Lists the loaded objects. Takes the loader's lock: first call or constructor. */
void module_scan(void);
/* True for an address in a loaded object's code or data. */
bool module_holds(uintptr_t p);
/* The span of the object at pc. False: none is known. */
bool module_span(uintptr_t pc, uintptr_t *ret_low, uintptr_t *ret_high);
/* The .eh_frame_hdr of the object at pc, and its span. 0: it has none. */
uintptr_t module_unwind_table(uintptr_t pc, uintptr_t *ret_low, uintptr_t *ret_high);
/* Makes sure that the module of each address has been sent. False: the last address is in none. */
bool module_cover(struct process *p, const uint64_t *pc, unsigned int n);
/*
 * dl_iterate_phdr, but only of the object at pc, and without the loader's lock
 * where that can be: another thread may have held it when this process forked.
 */
int module_visit(uintptr_t pc, int (*visit)(struct dl_phdr_info *, size_t, void *), void *arg);
/* Sends all that are known, after a hello. */
void module_send_all(struct process *p);
/* The path of the object at pc, as the loader has it. NULL: none is known. */
const char *module_path(uintptr_t pc);
/* A module has gone: forget all, they are looked up again as they are met. */
void module_forget(void);

#endif
