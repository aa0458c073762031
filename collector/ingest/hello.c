/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hello: who the peer is (by the kernel, not by what it says), which
 * earlier image it continues, and the welcome with its ring. The process waits
 * for the answer, so /proc shows it as it is. main-only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "proc.h"
#include "session.h"

#define MAX_ROOTS 4096	/* two descriptors each */

/* Pids recur, with the start time they don't. */
static uint64_t image_key(int pid, uint64_t started)
{
	return started << 22 | (uint64_t)pid;
}

void session_image(struct session *s, int host_pid, int64_t process)
{
	uint64_t started = host_pid ? proc_started(host_pid) : 0;

	if (started && process)
		sink_parents(&s->in->sink, 0, image_key(host_pid, started), process);
}

static struct session *session_of(const struct ingest *in, int host_pid)
{
	int64_t s = 0;

	map_get(&in->by_pid, (uint64_t)host_pid, &s);
	return (struct session *)(intptr_t)s;
}

/* The row it forked from, or was before an exec, or that of its parent. */
static int64_t parent_of(const struct session *s, const struct proc_info *proc, const char **ret_birth)
{
	struct session *parent = proc->ppid ? session_of(s->in, proc->ppid) : NULL;
	int64_t row = 0;

	if (!parent && proc->ppid)
		parent = child_at(s->in, proc->ppid);

	*ret_birth = s->before ? "exec" : s->hello.parent_instance ? "fork" : "start";
	if (s->before)
		return s->before;
	if (map_get(&s->in->sink.instances, s->hello.parent_instance, &row))
		return row;
	/* Before its exec a vfork child spoke through its parent's ring. */
	if (parent)
		session_drain(parent, false);	/* released when the round ends */
	if (map_get(&s->in->sink.images, image_key(s->host_pid, proc->started), &row)) {
		*ret_birth = "exec";
		return row;
	}
	return parent ? parent->process : 0;
}

/* What the kernel tells of the process, or, of a child in another's ring, what it inherited. */
static void describe(struct session *s, struct process_info *info, struct proc_info *proc)
{
	struct sink *sink = &s->in->sink;

	if (s->shares) {
		*proc = (struct proc_info){ 0 };
		info->birth = "fork";
		info->ppid = s->hello.ppid;
		if (!map_get(&sink->instances, s->hello.parent_instance, &info->parent) && s->host)
			info->parent = s->host->process;
	} else {
		proc_read(s->host_pid, proc);
		info->ppid = proc->ppid;
		info->ignored_known = proc->ignored_known;
		info->ignored_start = proc->ignored;
		info->parent = parent_of(s, proc, &info->birth);
	}
	if (!s->exe) {
		sink->stats.processes++;
		s->exe = strdup(proc->exe);
		s->cwd = strdup(proc->cwd);
		s->comm = strdup(proc->comm);
		s->cmdline = strdup(proc->cmdline);
		s->container = strdup(proc->container);
		if (*proc->container)
			told_container(&s->in->told, sink, proc->container, s->host_pid);
	}
	if (!s->shares && !s->root && s->in->nroots < MAX_ROOTS && root_is_foreign(s->host_pid, proc->container)) {
		s->root = root_open(s->host_pid);
		s->in->nroots += s->root != NULL;
	}
	info->comm = s->comm && *s->comm ? s->comm : NULL;
	info->exe = s->exe && *s->exe ? s->exe : NULL;
	info->cmdline = s->cmdline && *s->cmdline ? s->cmdline : NULL;
	info->container = s->container && *s->container ? s->container : NULL;
}

void session_row(struct session *s)
{
	static const char *const stacks[] = { "unwind", "fp", "none" };
	static const char *const overflows[] = { "drop", "block" };
	struct sink *sink = &s->in->sink;
	struct proc_info proc;
	struct process_info info = {
		.run = sink->run, .pid = s->hello.pid, .host_pid = s->host_pid,
		.uid = s->uid, .gid = s->gid,
		.transport = s->ring.shared || s->shares ? "ring" : "socket",
		.stack_mode = stacks[s->hello.stack_mode], .overflow = overflows[s->hello.overflow],
		.depth = s->hello.depth, .minsigstksz = s->hello.minsigstksz,
		.mask_start = s->hello.mask, .pending_start = s->hello.pending, .started_ns = s->hello.now_ns,
		.instance = s->hello.instance,
	};

	if (s->process)
		return;
	describe(s, &info, &proc);
	s->started = s->shares ? s->started : proc.started;
	session_known(s, &info.parent);
	if (sink_process(sink, &info, &s->process) < 0)
		return;
	sink_parents(sink, s->hello.instance, proc.started ? image_key(s->host_pid, proc.started) : 0, s->process);
}

/* The answer; with a ring's descriptor if there is one. */
static int send_welcome(const struct session *s, enum sigshim_refusal refusal, int ring_fd)
{
	struct sigshim_welcome w = {
		.h = { .size = sizeof(w), .type = SIGSHIM_FRAME_WELCOME, .fixed = sizeof(w) },
		.version = SIGSHIM_WIRE_VERSION, .refusal = refusal,
		.ring_size = ring_fd >= 0 ? s->ring.file_size : 0,
		.transport = ring_fd >= 0 ? SIGSHIM_TRANSPORT_RING : SIGSHIM_TRANSPORT_SOCKET,
		.close_socket = ring_fd >= 0 && s->pidfd >= 0, .clock = s->clock, .resumed = s->resumed,
		.share = ring_fd >= 0 && child_may_share(s),
	};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = &w, .iov_len = sizeof(w) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (ring_fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &ring_fd, sizeof(int));
	}
	return sendmsg(s->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void turn_away(struct session *s, int refused)
{
	enum sigshim_refusal answer = SIGSHIM_REFUSED_MALFORMED;

	if (refused == -REFUSED_VERSION)
		answer = SIGSHIM_REFUSED_VERSION;
	else if (refused == -REFUSED_RESOURCES)
		answer = SIGSHIM_REFUSED_RESOURCES;
	sink_refuse(&s->in->sink, (enum refusal)-refused, 1);
	send_welcome(s, answer, -1);
	session_drop(s);
}

/* A ring as large as the memory for rings allows; -1 without one. */
static int grant_ring(struct session *s)
{
	size_t size = s->in->ring_size;
	int fd = -1, r;

	if (s->hello.transport != SIGSHIM_TRANSPORT_RING)
		return -1;
	do {
		r = ring_create(size, s->owner ? &s->owner->rings : &s->in->sink.rings, &s->ring, &fd);
		size /= 2;
	} while (r == -ENOMEM && size >= INGEST_RING_MIN);
	return r < 0 ? -1 : fd;
}

/* Its own counter, if it is the kernel's and its frequency is known by now. */
static void grant_clock(struct session *s)
{
	struct ticks *t = &s->in->ticks;
	uint64_t patience = ticks_of(t, SIGSHIM_BEAT_STALE_NS);

	ring_beat(&s->ring, s->in->now);
	ring_patience(&s->ring, patience);
	s->clock = patience && s->hello.clock == t->clock ? t->clock : SIGSHIM_CLOCK_NONE;
}

/* Compares what it says of itself with what the kernel does. */
static void check_pid(struct session *s)
{
	bool nested = true;
	int pid = proc_ns_pid(s->host_pid, &nested);

	s->nested = nested;
	if (pid <= 0 || pid == s->hello.pid)
		return;
	sink_refuse(&s->in->sink, REFUSED_FORGED_PID, 1);
	s->hello.pid = pid;
}

static void greet(struct session *s)
{
	struct ingest *in = s->in;
	int ring_fd = grant_ring(s);
	bool known;
	int64_t before;

	check_pid(s);
	known = session_known(s, &before);
	session_row(s);
	/* In another's ring it was not asked when it began. */
	if (s->shares)
		session_image(s, s->host_pid, s->process);
	s->resumed = known && session_resume(s, before);
	s->gaps.before += s->hello.lost;
	s->generation++;
	s->peer = ++s->in->peers;
	if (!session_of(in, s->host_pid))
		map_set(&in->by_pid, &in->sink.heap, (uint64_t)s->host_pid, (int64_t)(intptr_t)s);
	map_set(&in->known, &in->sink.heap, (uint64_t)s->host_pid, 1);
	in->now = ticks_now(&in->ticks);
	s->active_ns = in->now.ns;
	if (s->ring.shared)
		grant_clock(s);
	session_introduce(s);
	/* If it is gone already, the socket and the pidfd will tell. */
	send_welcome(s, SIGSHIM_WELCOME_OK, ring_fd);
	if (ring_fd >= 0)
		close(ring_fd);
}

static int watch_process(struct session *s, int sock)
{
	int fd = proc_pidfd(sock, s->host_pid);

	if (fd >= 0 && loop_add(s->in, fd, &s->process_watch) < 0) {
		close(fd);
		return -ENOMEM;
	}
	s->pidfd = fd < 0 ? -1 : fd;
	return fd;
}

/* It may have ended since it said hello. Then only a new kernel tells whether it was the one before. */
static bool is_same_process(const struct session *old, const struct session *s)
{
	bool same;
	int fd;

	if (!proc_ended(old->pidfd))
		return true;
	fd = proc_pidfd(s->fd, s->host_pid);
	same = fd < 0 ? fd == -ESRCH : proc_same(fd, old->pidfd);
	if (fd >= 0)
		close(fd);
	return same;
}

/* What s has been until now, in another image perhaps; NULL: nothing that is known. */
static struct session *earlier_of(const struct session *s, const struct sigshim_hello *hello)
{
	struct session *old = session_of(s->in, s->host_pid);

	/* The last words of one that had the pid before. */
	if (old && old->hello.instance != hello->instance && old->hello.now_ns > hello->now_ns)
		return NULL;
	if (!old)
		old = child_claimed(s, hello);
	while (old && old->hello.instance != hello->instance && !is_same_process(old, s)) {
		session_gone(old);
		old = child_claimed(s, hello);
	}
	return old;
}

/* Another image of the process says hello. */
static void replace(struct session *old, struct session *s)
{
	session_catch_up(old);
	s->before = old->process;
	session_end(old, "exec");
}

/* The same image again, on another connection: what it was goes on. */
static void take_over(struct session *old, struct session *s, const struct sigshim_hello *hello)
{
	int fd = s->fd;

	loop_remove(s->in, fd);
	s->fd = -1;
	session_drop(s);
	session_receive_all(old);
	session_catch_up(old);
	children_part(old);
	ring_close(&old->ring);
	session_move(old, &old->in->live);
	if (old->fd >= 0) {
		loop_remove(old->in, old->fd);
		close(old->fd);
	}
	old->fd = fd;
	loop_add(old->in, fd, &old->sock_watch);
	if (old->pidfd < 0)
		watch_process(old, fd);
	old->hello = *hello;
	old->gaps.overflow = 0;
	old->children_told = 0;
	greet(old);
}

void session_hello(struct session *s, const void *frame, size_t len)
{
	struct sigshim_hello hello;
	struct session *old;
	int r = decode_hello(frame, len, &hello);

	if (r < 0) {
		turn_away(s, r == -REFUSED_TYPE ? -REFUSED_NO_HELLO : r);
		return;
	}
	old = earlier_of(s, &hello);
	if (old && old->hello.instance == hello.instance) {
		take_over(old, s, &hello);
		return;
	}
	if (old)
		replace(old, s);
	r = watch_process(s, s->fd);
	if (r == -EMFILE || r == -ENFILE) {
		turn_away(s, -REFUSED_RESOURCES);
		return;
	}
	s->hello = hello;
	s->complete = hello.reconnect == 0;
	session_welcomed(s);
	greet(s);
}
