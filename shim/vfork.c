/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfork: the child runs on its parent's memory and TLS until it execs or
 * exits, so its calls would look like its parent's. The wrapper gives the
 * thread's state a new identity in the child and puts the parent's back
 * afterwards. It can't be a C function, since parent and child both return
 * from it on one stack: vfork_x86_64.S keeps the return address here instead.
 * AS-safe.
 */
#include <errno.h>

#include "shim.h"
#include "sys.h"

#include "banned.h"

#define NESTED 8	/* vfork children that vfork */

struct vfork_slot {
	uintptr_t sp;		/* identifies the call; 0: free */
	void *ret;
	struct thread parent;
};
static _Thread_local struct vfork_slot slots[NESTED];

/* Notes the caller. 0 when that can't be: then vfork goes unwatched. */
int shim_vfork_enter(void *ret, uintptr_t sp);
/* After the real vfork, in parent and child; returns the address to go back to. */
void *shim_vfork_leave(long result, uintptr_t sp);

int shim_vfork_enter(void *ret, uintptr_t sp)
{
	int saved = errno, i;
	bool ready = clone_prepare(true);

	if (!shim_real_vfork)
		real_resolve();
	errno = saved;
	for (i = 0; i < NESTED && slots[i].sp && slots[i].sp != sp; i++)
		;
	/* A child that shares this TLS has no right to change what is in it. */
	if (!ready || i == NESTED || thread_self() != &shim_thread)
		return 0;
	slots[i] = (struct vfork_slot){ .sp = sp, .ret = ret, .parent = shim_thread };
	return 1;
}

static void become_child(struct thread *t)
{
	t->pid = (int32_t)sys(SYS_getpid);
	t->tid = (int32_t)sys(SYS_gettid);
	t->ordinal = __atomic_add_fetch(&shim_process->threads, 1, __ATOMIC_RELAXED);
	t->seq = 0;
	t->in_vfork = 1;
}

void *shim_vfork_leave(long result, uintptr_t sp)
{
	int i;

	for (i = 0; i < NESTED - 1 && slots[i].sp != sp; i++)
		;
	if (result == 0) {
		become_child(&shim_thread);
		return slots[i].ret;
	}
	shim_thread = slots[i].parent;
	/* What a child that ended inside a vfork of its own left behind goes too. */
	for (int j = i; j < NESTED; j++)
		slots[j].sp = 0;
	return slots[i].ret;
}
