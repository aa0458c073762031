/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes of the wire to checked structures. Everything here works on a private
 * copy of a frame; nothing is believed before it was compared with the frame's
 * length and the event table. Used by ingest/ and the fuzzer. Pure: MT-safe.
 */
#ifndef SIGSHIM_DECODE_H
#define SIGSHIM_DECODE_H

#include <stddef.h>

#include <sigshim/wire.h>

#include "../store/event.h"

/* Why something that a peer sent was not taken. Counted in the log's `refusals`. */
#define SIGSHIM_REFUSALS(X) \
	X(TRUNCATED, "truncated")		/* shorter than its type's fixed part */ \
	X(SIZE, "bad-size")			/* says another length than it has */ \
	X(FIXED, "bad-fixed")			/* its fixed part cannot be that long */ \
	X(TYPE, "unexpected-type")		/* a frame that only the collector sends */ \
	X(MAGIC, "bad-magic") \
	X(VERSION, "wire-version") \
	X(HELLO, "bad-hello")			/* values that no process can have */ \
	X(EVENT, "unknown-event") \
	X(ARGS, "bad-args")			/* not the event's number of arguments */ \
	X(COPIES, "bad-copies")			/* a copy of what is no pointer */ \
	X(FRAMES, "too-many-frames") \
	X(LENGTH, "bad-length")			/* bytes missing or left over */ \
	X(THREAD, "bad-thread") \
	X(SEQ, "bad-seq") \
	X(RESULT, "bad-result")			/* result and error contradict */ \
	X(STACK, "bad-stack") \
	X(RANGE, "bad-range")			/* a module that ends before it starts */ \
	X(BUILD_ID, "bad-build-id") \
	X(PATH, "bad-path") \
	X(FILE, "bad-file")			/* a module that is no file, or on a strange file system */ \
	X(NO_HELLO, "no-hello")			/* the first frame was another */ \
	X(HELLO_TWICE, "second-hello") \
	X(HELLO_LATE, "hello-timeout") \
	X(HELLO_LIMIT, "hello-limit")		/* too many of one user without a hello */ \
	X(CONNECTIONS, "too-many-connections") \
	X(MEMORY, "memory-limit") \
	X(RESOURCES, "no-resources")		/* the system refused the collector */ \
	X(FORGED_PID, "forged-pid") \
	X(UNKNOWN_STACK, "unknown-stack") \
	X(DUPLICATE, "duplicate")		/* a number that was there already */ \
	X(RING_TAIL, "ring-tail")		/* jumped where no writer can be */ \
	X(RING_FRAME, "ring-frame")		/* a length that the ring cannot hold */ \
	X(RING_HOLES, "ring-holes")		/* more unfinished cells than cells */

enum refusal {
	REFUSED_NOTHING,
#define X(id, name) REFUSED_##id,
	SIGSHIM_REFUSALS(X)
#undef X
	REFUSED_MAX
};

/* The reason's name in the log. */
const char *refusal_name(enum refusal why);

/* Sequence numbers beyond this are nonsense, and sums of them stay in 64 bits. */
#define DECODE_MAX_SEQ (1ull << 48)

struct module {
	uint64_t start, end, bias, now_ns;
	unsigned int flags;		/* SIGSHIM_MODF_* */
	char build_id[2 * SIGSHIM_MAX_BUILD_ID + 1];	/* hex */
	char path[SIGSHIM_MAX_PATH + 1];	/* "" for the main program */
};

/*
 * Each takes `len` bytes that were received, and fills *ret. They return 0 or
 * a negative enum refusal. decode_frame looks at the header alone and returns
 * the frame's type, which may be one that this version doesn't know.
 * ret->copy of decode_event points into `frame`.
 */
int decode_frame(const void *frame, size_t len);
int decode_hello(const void *frame, size_t len, struct sigshim_hello *ret);
int decode_event(const void *frame, size_t len, struct event *ret);
int decode_module(const void *frame, size_t len, struct module *ret);
int decode_loss(const void *frame, size_t len, struct sigshim_loss *ret);
int decode_bye(const void *frame, size_t len, struct sigshim_bye *ret);

#endif
