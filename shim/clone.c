/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children that share their parent's memory without being its threads:
 * clone(CLONE_VM). They run on their parent's TLS as well, at the same time,
 * so their state is kept here, by tid. clone_entry.S and syscall_entry.S
 * show when one may be made; only from then on is the kernel asked, in each
 * call, who is calling. And what a process does before it has a child of any
 * kind, so that it is known before its child is. AS-safe, MT-safe.
 */
#include <errno.h>
#include <linux/sched.h>

#include "clone.h"
#include "sys.h"
#include "transport.h"

#include "banned.h"

#define CHILDREN 16	/* at a time; others are taken for their parent */

_Static_assert(CLONE_VM_ONLY == CLONE_VM, "assembly has the kernel's flag");

bool shim_tls_shared;

static struct {
	int32_t owner;	/* tid; 0: free */
	struct thread t;
} child[CHILDREN];

static shim_function *real_fork;

/* A clone with these flags is about to be made. */
void shim_clone_enter(unsigned int flags);
long shim_clone_early(long fn, long stack, long flags, long arg, long ptid, long tls, long ctid);

/*
 * Whatever a child on our memory says first would make us known as the child,
 * and what one with a copy says would come before we are known.
 */
bool clone_prepare(bool shares)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

	if (!process_ready())
		return false;
	if (stack_is_tight(thread_self(), sp))
		return true;
	if (shares)
		transport_settle(shim_process);
	else
		share_introduce(shim_process);
	return true;
}

void shim_clone_enter(unsigned int flags)
{
	bool shares = flags & CLONE_VM && !(flags & CLONE_SETTLS);
	int saved = errno;

	if (flags & CLONE_THREAD)
		return;
	clone_prepare(shares);
	if (shares)
		shim_tls_shared = true;
	errno = saved;
}

static long fork_known(long a, long b, long c, long d, long e, long f)
{
	int saved = errno;

	clone_prepare(false);
	errno = saved;
	return real_fork(a, b, c, d, e, f);
}

void clone_begin(void)
{
	real_fork = shim_real[SIGSHIM_EV_fork];
	if (real_fork)
		shim_real[SIGSHIM_EV_fork] = fork_known;
}

/* Before the original is known. */
long shim_clone_early(long fn, long stack, long flags, long arg, long ptid, long tls, long ctid)
{
	real_resolve();
	return shim_real_clone(fn, stack, flags, arg, ptid, tls, ctid);
}

static bool is_free(int i, int32_t owner, const struct process *p)
{
	return !owner || child[i].t.instance != p->instance ||
		sys(SYS_tgkill, child[i].t.pid, owner, 0) != 0;
}

static struct thread *take(struct process *p, int32_t pid, int32_t tid)
{
	for (int i = 0; i < CHILDREN; i++) {
		int32_t owner = __atomic_load_n(&child[i].owner, __ATOMIC_ACQUIRE);

		if (!is_free(i, owner, p) ||
		    !__atomic_compare_exchange_n(&child[i].owner, &owner, tid, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			continue;
		child[i].t = (struct thread){
			.instance = p->instance, .pid = pid, .tid = tid, .in_vfork = 1,
			.ordinal = __atomic_add_fetch(&p->threads, 1, __ATOMIC_RELAXED),
		};
		return &child[i].t;
	}
	return NULL;
}

static struct thread *find(const struct process *p, int32_t pid, int32_t tid)
{
	for (int i = 0; i < CHILDREN; i++)
		if (__atomic_load_n(&child[i].owner, __ATOMIC_ACQUIRE) == tid &&
		    child[i].t.instance == p->instance && child[i].t.pid == pid)
			return &child[i].t;
	return NULL;
}

struct thread *clone_thread(void)
{
	struct process *p = shim_process;
	struct thread *t;
	int32_t pid, tid;
	uint64_t mask;

	if (shim_sandboxed)
		return &shim_thread;
	pid = (int32_t)sys(SYS_getpid);
	if (pid == p->pid || (shim_thread.in_vfork && shim_thread.pid == pid))
		return &shim_thread;
	tid = (int32_t)sys(SYS_gettid);
	t = find(p, pid, tid);
	if (t)
		return t;
	mask = sys_block();
	t = take(p, pid, tid);
	sys_restore(mask);
	return t ? t : &shim_thread;
}
