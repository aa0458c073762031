/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recorded call's arguments as numbers: the log keeps them as JSON. Calls
 * recur, so the parsed ones are kept, a bounded number of them. For this
 * folder alone. Details belong to one thread.
 */
#ifndef SIGSHIM_DETAIL_H
#define SIGSHIM_DETAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "../store/store.h"

/* What a call does to the model. */
enum call_class {
	CALL_OTHER,
	CALL_MASK,		/* sigprocmask and its forms */
	CALL_LEGACY,		/* sighold, sigset and others that change the mask in their way */
	CALL_ACTION,
	CALL_ALTSTACK,
	CALL_SIGNALFD,
	CALL_WAIT,		/* sigwait and its forms */
	CALL_SUSPEND,		/* waits with a mask */
	CALL_JUMP,
	CALL_SEND,
	CALL_QUEUE,
	CALL_FORK,
	CALL_SPAWN,
	CALL_EXEC,
	CALL_EXIT,
	CALL_THREAD_CREATE,
	CALL_THREAD_START,
	CALL_THREAD_END,
	CALL_SCOPE_BEGIN,
	CALL_SCOPE_END,
};
enum call_class call_class(const struct event_desc *desc);

struct detail_stack {
	uint64_t sp, size;
	unsigned int flags;
};
struct detail_action {
	uint64_t handler, mask;
	unsigned int flags;
};
struct detail_info {
	int code, pid, value_int;
	uint32_t uid;
	uint64_t value;
};

struct detail {
	int64_t call;		/* 0: an empty slot */
	uint64_t raw[SIGSHIM_MAX_ARGS];
	bool has_set, has_stack, has_old_stack, has_action, has_old_action, has_info, has_pid;
	uint64_t set;		/* a set that was passed in */
	struct detail_stack stack, old_stack;
	struct detail_action action, old_action;
	struct detail_info info;
	int pid;		/* that posix_spawn gave */
	char name[SIGSHIM_COPY_TEXT];	/* a scope's */
};

struct details;
struct details *details_new(void);
void details_free(struct details *d);
/* Valid until the next call. Structures that the log doesn't have are not there. */
const struct detail *details_of(struct details *d, const struct log_event *ev);

#endif
