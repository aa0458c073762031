/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Beginnings and ends: of the image (settings, originals, unwinder), of a
 * process in it (after a fork too), of a thread's state. A beginning runs with
 * signals blocked, once per thread or process, so that no handler finds it
 * half made; nothing else here ever blocks one.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "environ.h"
#include "jump.h"
#include "life.h"
#include "memo.h"
#include "ring.h"
#include "sys.h"

#include "banned.h"

enum { BLANK, STARTING, READY };

struct process *shim_process;
bool shim_wipes_on_fork;
_Thread_local struct thread shim_thread;

static uint32_t image_state;
static uint64_t last_instance;		/* survives a fork, so a child knows its parent */
static uint32_t last_epoch;
static uint64_t lost_early;		/* before there was a shim_process */

uint32_t shim_last_epoch(void)
{
	return __atomic_load_n(&last_epoch, __ATOMIC_RELAXED);
}

uint32_t shim_new_epoch(void)
{
	return __atomic_add_fetch(&last_epoch, 1, __ATOMIC_RELAXED);
}

static struct process *allocate(void)
{
	long p = sys(SYS_mmap, 0, sizeof(struct process), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if ((unsigned long)p > -4096ul)
		return NULL;
	/* An emulator that ignores all advice accepts even what is none. */
	shim_wipes_on_fork = sys(SYS_madvise, p, sizeof(struct process), -1) != 0 &&
		sys(SYS_madvise, p, sizeof(struct process), MADV_WIPEONFORK) == 0;
	return (struct process *)p;
}

/* Once per image. False while it is under way, in a constructor of something it loads. */
static bool image_start(void)
{
	uint32_t state = BLANK;

	if (__atomic_load_n(&image_state, __ATOMIC_ACQUIRE) == READY)
		return true;
	/* So early that libc has not yet found the environment. */
	if (!environ)
		return false;
	if (!__atomic_compare_exchange_n(&image_state, &state, STARTING, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
		return false;
	config_read(environ);
	if (!shim_real_syscall)
		real_resolve();
	module_scan();
	if (shim_config.follow)
		follow_begin(environ);
	life_begin();
	clone_begin();
	__atomic_store_n(&shim_process, allocate(), __ATOMIC_RELEASE);
	__atomic_store_n(&image_state, READY, __ATOMIC_RELEASE);
	return true;
}

/* Where the kernel can't clear the state in a forked child, its pid gives it away. */
bool process_is_mine(struct process *p)
{
	if (p->pid == sys(SYS_getpid) || shim_thread.in_vfork)
		return true;
	memset(p, 0, sizeof(*p));
	return false;
}

static uint64_t new_instance(uint64_t now)
{
	uint64_t id = 0;

	if (sys(SYS_getrandom, &id, sizeof(id), GRND_NONBLOCK) != sizeof(id) || !id)
		id = now ^ (uint64_t)sys(SYS_getpid) << 32;
	return id;
}

static void process_fill(struct process *p, uint64_t mask)
{
	uint64_t now = now_ns();

	link_close_inherited();
	memo_begin();
	p->pid = (int32_t)sys(SYS_getpid);
	p->fd = -1;
	p->parent_instance = last_instance;
	shim_tls_shared = false;
	p->instance = last_instance = new_instance(now);
	p->lost = __atomic_exchange_n(&lost_early, 0, __ATOMIC_RELAXED);
	if (share_begin(p, now, mask))
		return;
	ring_leave_inherited();
	link_open(p, now, mask);
}

/* Another thread is at it: give it time, but never hang the program. */
static bool wait_until_ready(const struct process *p)
{
	const struct timespec tick = { .tv_nsec = 100000 };

	for (int i = 0; i < 10000; i++) {
		if (__atomic_load_n(&p->state, __ATOMIC_ACQUIRE) == READY)
			return true;
		sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &tick, 0);
	}
	return false;
}

bool process_start(void)
{
	uint64_t mask;
	int32_t tid;
	uint32_t state = BLANK;
	struct process *p;
	bool ready = false;

	if (shim_sandboxed)
		return false;
	mask = sys_block();
	tid = (int32_t)sys(SYS_gettid);
	if (!image_start() || !(p = shim_process))
		goto out;
	if (__atomic_compare_exchange_n(&p->state, &state, STARTING, false,
					__ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		p->starter = tid;
		process_fill(p, mask);
		__atomic_store_n(&p->state, READY, __ATOMIC_RELEASE);
		ready = true;
	} else {
		ready = state == READY || (p->starter != tid && wait_until_ready(p));
	}
out:
	sys_restore(mask);
	return ready;
}

void process_lost(void)
{
	struct process *p = shim_process;
	struct sigshim_ring *ring = p ? __atomic_load_n(&p->ring, __ATOMIC_ACQUIRE) : NULL;
	uint32_t link = p ? __atomic_load_n(&p->link, __ATOMIC_ACQUIRE) : LINK_NONE;

	if (!p)
		__atomic_fetch_add(&lost_early, 1, __ATOMIC_RELAXED);
	else if (link == LINK_RING && ring)
		__atomic_fetch_add(&ring->lost, 1, __ATOMIC_RELAXED);
	else if (link == LINK_SHARED && ring && !ring->closed)
		__atomic_fetch_add(&ring->children_lost, 1, __ATOMIC_RELAXED);
	else
		__atomic_fetch_add(&p->lost, 1, __ATOMIC_RELAXED);
}

static __attribute__((noinline)) void thread_renew(struct thread *t, const struct process *p)
{
	uint64_t mask = sys_block();

	if (t->instance != p->instance) {
		t->pid = p->pid;
		t->tid = (int32_t)sys(SYS_gettid);
		t->ordinal = __atomic_add_fetch(&shim_process->threads, 1, __ATOMIC_RELAXED);
		t->seq = 0;
		t->mask_known = 0;
		t->in_vfork = 0;
		t->memo = NULL;
		t->walks = 0;
		t->history = NULL;
		t->instance = p->instance;
		sandbox_meet_thread();
	}
	sys_restore(mask);
}

struct thread *thread_self(void)
{
	struct thread *t = unlikely(shim_tls_shared) ? clone_thread() : &shim_thread;

	if (unlikely(t->instance != shim_process->instance))
		thread_renew(t, shim_process);
	return t;
}

static __attribute__((constructor)) void begin(void)
{
	int saved = errno;

	process_start();
	/* Not earlier: a first call may come from inside malloc, and dlopen allocates. */
	real_resolve_clock();
	jump_resolve();
	stack_load();
	errno = saved;
}

bool process_is_guest(const struct process *p)
{
	const struct thread *t = unlikely(shim_tls_shared) ? clone_thread() : &shim_thread;

	return t->instance == p->instance && t->in_vfork;
}

void process_bye(void)
{
	struct process *p = shim_process;
	struct sigshim_bye bye = {
		.h = { .size = sizeof(bye), .type = SIGSHIM_FRAME_BYE, .fixed = sizeof(bye) },
	};

	if (!p || p->state != READY || process_is_guest(p))
		return;
	if (p->link == LINK_SOCKET || p->link == LINK_SHARED) {
		bye.now_ns = now_ns();
		bye.lost = p->lost;
		transport_finish(p, &bye.h);
	}
	/* Perhaps only now: nobody read the one that was shared. */
	if (p->link == LINK_RING)
		__atomic_store_n(&p->ring->bye, 1, __ATOMIC_RELEASE);
}

/* Calls after it, from other destructors, are recorded all the same. */
static __attribute__((destructor)) void end(void)
{
	process_bye();
}
