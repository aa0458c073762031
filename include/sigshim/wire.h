/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What travels between libsigshim.so and the collector: frames, and the ring
 * in shared memory that carries them. Includes only libc headers; both sides
 * share these bytes and no code.
 *
 * Conversation, on a SOCK_SEQPACKET Unix socket, one frame a message:
 *
 *   shim → HELLO                     who I am, what I want
 *   collector → WELCOME              accepted, with the ring's memfd
 *                                    (SCM_RIGHTS) or without; or refused
 *   shim → MODULE*, EVENT*, LOSS*    in the ring, or as packets on the socket
 *   shim → BYE                       (packets only) final counts
 *
 * A forked child may begin in the ring of the process that forked it, when the
 * welcome said so: it has the ring mapped already, and most children are gone
 * before a connection would be made. Each of its frames, HELLO first, then lies
 * in a CHILD frame. One that lives on makes a connection of its own later, with
 * the same instance.
 *
 * Byte order and sizes are the machine's own: both ends run on one kernel.
 * Version policy: a change that an old peer would misread raises
 * SIGSHIM_WIRE_VERSION, and the collector refuses other versions by name. A
 * new frame type or a longer fixed part does not: receivers skip unknown types
 * and use `fixed` to find the variable part.
 *
 * Every byte that a shim sends is a claim. The collector copies a frame out,
 * validates the copy, and then uses the copy.
 */
#ifndef SIGSHIM_WIRE_H
#define SIGSHIM_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define SIGSHIM_WIRE_MAGIC 0x6d696853u	/* "Shim" */
#define SIGSHIM_WIRE_VERSION 1

#define SIGSHIM_MAX_FRAMES 256		/* addresses in one stack */
#define SIGSHIM_MAX_PATH 4096
#define SIGSHIM_MAX_BUILD_ID 32
#define SIGSHIM_MAX_FRAME_SIZE 8192	/* bytes in one frame of the wire */

enum sigshim_frame_type {
	SIGSHIM_FRAME_PADDING,		/* fills cells of the ring; means nothing */
	SIGSHIM_FRAME_HELLO,
	SIGSHIM_FRAME_WELCOME,
	SIGSHIM_FRAME_EVENT,
	SIGSHIM_FRAME_MODULE,
	SIGSHIM_FRAME_LOSS,
	SIGSHIM_FRAME_BYE,
	SIGSHIM_FRAME_CHILD,	/* in a ring: a frame of a forked child */
};

/* Begins every frame. */
struct sigshim_frame {
	uint32_t size;		/* bytes, this header included */
	uint16_t type;		/* enum sigshim_frame_type */
	uint16_t fixed;		/* bytes before the variable part */
};

enum sigshim_stack_mode {
	SIGSHIM_STACK_UNWIND,	/* libunwind */
	SIGSHIM_STACK_FP,	/* frame pointers */
	SIGSHIM_STACK_NONE,	/* the caller's address alone */
};

enum sigshim_transport {
	SIGSHIM_TRANSPORT_RING,
	SIGSHIM_TRANSPORT_SOCKET,
};

/* A counter that programs read without the kernel, and from which the kernel's clock is made. */
enum sigshim_clock {
	SIGSHIM_CLOCK_NONE,	/* CLOCK_MONOTONIC alone */
	SIGSHIM_CLOCK_TSC,	/* x86-64's */
	SIGSHIM_CLOCK_CNTVCT,	/* aarch64's */
};

enum sigshim_overflow {
	SIGSHIM_OVERFLOW_DROP,
	SIGSHIM_OVERFLOW_BLOCK,
};

struct sigshim_hello {
	struct sigshim_frame h;
	uint32_t magic;
	uint32_t version;
	int32_t pid;		/* in the process's own namespace */
	int32_t tid;
	uint64_t instance;	/* random, new after every fork and exec */
	uint64_t parent_instance;	/* the one it forked from, else 0 */
	uint64_t now_ns;	/* CLOCK_MONOTONIC */
	uint64_t lost;		/* calls that went unrecorded before this hello */
	uint64_t minsigstksz;	/* AT_MINSIGSTKSZ, 0 where unknown */
	uint64_t mask;		/* the calling thread's mask at the hello */
	uint64_t pending;	/* signals pending for it or its process then */
	uint32_t reconnect;	/* how often this instance had a collector before */
	uint8_t stack_mode;
	uint8_t transport;	/* the one asked for */
	uint8_t overflow;
	uint8_t clock;		/* enum sigshim_clock: the ticks it could stamp with */
	uint16_t depth;
	uint16_t reserved1;
	uint32_t shim_version;	/* major << 16 | minor << 8 | patch */
	int32_t ppid;		/* of a HELLO in a CHILD frame, else 0 */
	char comm[16];		/* likewise; perhaps without a NUL */
	uint32_t reserved2;
	int64_t claim;		/* offset of the thread's sigshim_claim from its thread pointer */
	uint64_t text_start, text_end;	/* where libsigshim.so lies; 0, 0: no claims are made */
};
#define SIGSHIM_HELLO_MIN 96	/* up to shim_version: what the first shims sent */

/*
 * What each thread keeps in its own memory, for a verifier in the kernel to
 * read as a system call begins: the intercepted call that it is making. A
 * claim, believed only when the record with that number agrees.
 */
struct sigshim_claim {
	uint64_t call;		/* its seq, 0 outside, or one of the below */
	uint64_t sp;		/* the stack pointer as the real function is called */
	uint64_t instance;	/* the hello's */
	uint32_t thread;	/* ordinal */
	uint32_t reserved;
};
#define SIGSHIM_CLAIM_UNSELECTED (1ull << 62)	/* the settings leave it out */
#define SIGSHIM_CLAIM_LOST (2ull << 62)		/* it goes unrecorded, and is counted */

enum sigshim_refusal {
	SIGSHIM_WELCOME_OK,
	SIGSHIM_REFUSED_VERSION,
	SIGSHIM_REFUSED_MALFORMED,
	SIGSHIM_REFUSED_LIMIT,
	SIGSHIM_REFUSED_RESOURCES,
};

/* With transport RING the ring's memfd comes along as SCM_RIGHTS. */
struct sigshim_welcome {
	struct sigshim_frame h;
	uint32_t version;
	uint32_t refusal;	/* enum sigshim_refusal */
	uint64_t ring_size;	/* bytes of the memfd, 0 without a ring */
	uint8_t transport;	/* the one granted */
	uint8_t close_socket;	/* the process is watched by a pidfd: the ring is enough */
	uint8_t clock;		/* the one granted: records may carry SIGSHIM_EVF_TICKS */
	uint8_t share;		/* forked children may begin in this ring */
	uint8_t resumed;	/* knows the instance's threads, stacks and modules from the log */
	uint8_t reserved[3];
};

/* Why a stack ends where it ends. */
enum sigshim_stack_end {
	SIGSHIM_STACK_COMPLETE,		/* walked to the outermost frame */
	SIGSHIM_STACK_DEPTH,		/* SIGSHIM_DEPTH reached */
	SIGSHIM_STACK_CALLER_ONLY,	/* SIGSHIM_STACK=none */
	SIGSHIM_STACK_NO_UNWINDER,	/* libunwind could not be loaded */
	SIGSHIM_STACK_NO_ROOM,		/* alternate stack without headroom */
	SIGSHIM_STACK_BROKEN,		/* the walk did not start or went nowhere */
	SIGSHIM_STACK_END_MAX
};

/* sigshim_event.flags */
#define SIGSHIM_EVF_BEFORE 0x01		/* mask_before is known */
#define SIGSHIM_EVF_REQUESTED 0x02	/* mask_requested is present */
#define SIGSHIM_EVF_AFTER 0x04		/* mask_after is known */
#define SIGSHIM_EVF_NEW_STACK 0x08	/* the pcs define stack_id */
#define SIGSHIM_EVF_VFORK 0x10		/* made by a vfork child, with its parent's memory */
#define SIGSHIM_EVF_TICKS 0x20		/* start and duration are in ticks of the welcome's clock */

/*
 * One intercepted call. Followed, at h.fixed, by
 *   uint64_t arg[nargs]        raw arguments
 *   bytes                      copies behind pointer arguments, in argument
 *                              order, for each bit set in `copied`; their
 *                              sizes are those of the argument's kind
 *   uint64_t pc[npcs]          innermost first; return addresses
 * A stack goes out in full once (NEW_STACK), later by stack_id alone. stack_id
 * 0 with pcs is a stack that is not to be remembered.
 */
struct sigshim_event {
	struct sigshim_frame h;
	uint16_t event;		/* enum sigshim_event_id */
	uint8_t nargs;
	uint8_t copied;		/* bit i: argument i has a copy */
	uint16_t npcs;
	uint8_t stack_end;	/* enum sigshim_stack_end */
	uint8_t flags;
	int32_t tid;		/* in the process's own namespace */
	uint32_t thread;	/* ordinal in the process, from 1; tids recur, this doesn't */
	int32_t pid;		/* differs from HELLO's only in a vfork child */
	int32_t error;		/* errno value, 0 on success */
	uint64_t seq;		/* per thread, consecutive from 1 */
	uint64_t start_ns;	/* CLOCK_MONOTONIC, or ticks: SIGSHIM_EVF_TICKS */
	uint64_t duration_ns;
	int64_t ret;
	uint64_t mask_before;	/* bit n-1 is signal n */
	uint64_t mask_requested;
	uint64_t mask_after;
	uint64_t caller;	/* return address into the caller */
	uint32_t stack_id;	/* from 1, per instance */
	uint32_t reserved;
};

/* A loaded object. Followed by build_id[build_id_len], then path[path_len]. */
struct sigshim_module {
	struct sigshim_frame h;
	uint64_t start, end;	/* mapped span, end exclusive */
	uint64_t bias;		/* address = bias + ELF virtual address */
	uint64_t now_ns;
	uint16_t build_id_len;
	uint16_t path_len;	/* without a NUL; 0 for the main program */
	uint32_t flags;		/* SIGSHIM_MODF_* */
};
#define SIGSHIM_MODF_MAIN 1	/* the executable: the collector knows its path */
#define SIGSHIM_MODF_VDSO 2
#define SIGSHIM_MODF_SHIM 4	/* libsigshim.so itself */

/* Calls that could not be recorded, as they are noticed; totals so far. */
struct sigshim_loss {
	struct sigshim_frame h;
	uint64_t now_ns;
	uint64_t lost;		/* since the hello */
};

/* The process ends in an orderly way. */
struct sigshim_bye {
	struct sigshim_frame h;
	uint64_t now_ns;
	uint64_t lost;		/* since the hello */
};

/* Followed, at h.fixed, by a whole frame of the child's. */
struct sigshim_child {
	struct sigshim_frame h;
	uint64_t instance;	/* the child's */
};

/*
 * The ring: a memfd that the collector creates, sizes and seals (shrink, grow,
 * seal), mapped by both. Layout, offsets in bytes:
 *
 *   0                          struct sigshim_ring
 *   SIGSHIM_RING_HEADER        uint64_t state[ncells]
 *   data_offset                cells, SIGSHIM_CELL bytes each
 *
 * The data area is mapped twice in a row, so that a record never wraps.
 * ncells is a power of two; positions count cells from 0 and never wrap.
 *
 * A writer that needs k cells at position p = tail checks that p + k - head
 * <= ncells (else the ring is full) and that state[p..p+k) is FREE(p..p+k),
 * takes them by compare-and-swap of tail from p to p+k, writes the frame, and
 * stores COMMITTED(p) into the first state word with release order; the other
 * words stay as they are. The reader takes COMMITTED(p) with acquire order,
 * copies the frame, frees each of its cells for the next lap (FREE(p+ncells))
 * and then moves head.
 *
 * Taken cells belong to their writer until it commits, however long that
 * takes: a handler may interrupt it, the thread may siglongjmp away or be
 * killed. The reader goes on past such a hole and looks at it again later, and
 * writers of later laps skip it, so nobody ever writes into another's cells.
 * A writer that skips to behind a cell that is not free owns the free cells
 * before it: it commits them as one frame of type SIGSHIM_FRAME_PADDING, or
 * nobody could ever tell them from a record that is being written.
 *
 * A collector that ends sets `closed`; one that was killed stops renewing
 * beat_ns, and a shim that sees it older than SIGSHIM_BEAT_STALE_NS asks at the
 * socket's address whether the same one is still there. If not, it goes on
 * writing until another answers. When that one's welcome says `resumed`, what
 * was committed in the old ring and not read goes into the new one, and stack
 * ids stay as they are; otherwise it is counted as lost, and stacks and modules
 * are sent anew. A ring is also closed when its process ends: a child that finds
 * it so after a commit, and its state word as it left it, can't tell that the
 * frame was read and sends it again on a connection of its own.
 */
#define SIGSHIM_BEAT_STALE_NS 1000000000ull
#define SIGSHIM_CELL 64
#define SIGSHIM_RING_HEADER 4096
/* The state word of position pos: 0 in a new file, so a ring costs nothing before its use. */
#define SIGSHIM_RING_FREE(pos, ncells) (((uint64_t)(pos) & ~((uint64_t)(ncells) - 1)) << 1)
#define SIGSHIM_RING_COMMITTED(pos, ncells) (SIGSHIM_RING_FREE(pos, ncells) | 1)
#define SIGSHIM_RING_MAX_CELLS (1u << 20)

struct sigshim_ring {
	uint32_t magic;
	uint32_t version;
	uint32_t ncells;
	uint32_t reserved;
	uint64_t data_offset;
	uint8_t pad0[64 - 24];
	uint64_t tail;		/* next position to take; written by the shim */
	uint8_t pad1[64 - 8];
	uint64_t lost;		/* calls not recorded since the hello; by the shim */
	uint32_t bye;		/* the process ends in an orderly way */
	uint32_t pad2;
	uint64_t children_lost;	/* of forked children that write here; by them */
	uint8_t pad3[64 - 24];
	uint64_t head;		/* positions before it were read; by the collector */
	uint8_t pad4[64 - 8];
	/* Away from head, which changes all the time: every record is preceded by a look at these. */
	uint64_t beat_ns;	/* CLOCK_MONOTONIC of its last look; by the collector */
	uint64_t beat_ticks;	/* the same moment by the welcome's clock; by the collector */
	uint64_t stale_ticks;	/* SIGSHIM_BEAT_STALE_NS in its ticks; by the collector */
	uint32_t closed;	/* it has stopped reading for good; by the collector */
	uint32_t pad5;
	uint8_t pad6[64 - 32];
};

_Static_assert(sizeof(struct sigshim_frame) == 8, "wire layout");
_Static_assert(sizeof(struct sigshim_hello) == 144, "wire layout");
_Static_assert(offsetof(struct sigshim_hello, claim) == 120, "wire layout");
_Static_assert(sizeof(struct sigshim_claim) == 32, "wire layout");
_Static_assert(sizeof(struct sigshim_welcome) == 32, "wire layout");
_Static_assert(sizeof(struct sigshim_event) == 104, "wire layout");
_Static_assert(sizeof(struct sigshim_module) == 48, "wire layout");
_Static_assert(sizeof(struct sigshim_loss) == 24, "wire layout");
_Static_assert(sizeof(struct sigshim_bye) == 24, "wire layout");
_Static_assert(sizeof(struct sigshim_child) == 16, "wire layout");
_Static_assert(offsetof(struct sigshim_hello, ppid) == SIGSHIM_HELLO_MIN, "wire layout");
_Static_assert(sizeof(struct sigshim_ring) == 320, "wire layout");
_Static_assert(offsetof(struct sigshim_ring, tail) == 64, "wire layout");
_Static_assert(offsetof(struct sigshim_ring, lost) == 128, "wire layout");
_Static_assert(offsetof(struct sigshim_ring, children_lost) == 144, "wire layout");
_Static_assert(offsetof(struct sigshim_ring, head) == 192, "wire layout");
_Static_assert(offsetof(struct sigshim_ring, beat_ns) == 256, "wire layout");

/* The longest EVENT: fixed part, arguments, copies and addresses. */
_Static_assert(sizeof(struct sigshim_child) + sizeof(struct sigshim_event) + 6 * 8 + 6 * 48 +
	SIGSHIM_MAX_FRAMES * 8 <= SIGSHIM_MAX_FRAME_SIZE, "frame limit");

#endif
