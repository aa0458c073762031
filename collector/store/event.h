/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A decoded, validated record: what ingest hands to the store. Plain data.
 */
#ifndef SIGSHIM_EVENT_H
#define SIGSHIM_EVENT_H

#include <stdint.h>

#include <sigshim/wire.h>

#include "../table/table.h"

struct event {
	const struct event_desc *desc;
	int32_t pid, tid;	/* in the process's own namespace */
	uint32_t thread;	/* ordinal in the process */
	int error;
	uint64_t seq, start_ns, duration_ns;
	int64_t ret;
	unsigned int flags;	/* SIGSHIM_EVF_* */
	enum origin origin;	/* ORIGIN_NONE: the one that its row says */
	uint64_t mask_before, mask_requested, mask_after;	/* see flags */
	uint64_t arg[SIGSHIM_MAX_ARGS];
	unsigned int copied;			/* bit i: copy[i] is valid */
	const unsigned char *copy[SIGSHIM_MAX_ARGS];	/* into the frame's copy */
	uint64_t caller;
	uint32_t stack_id;
	enum sigshim_stack_end stack_end;
	unsigned int npcs;
	uint64_t pc[SIGSHIM_MAX_FRAMES];
};

#endif
