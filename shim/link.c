/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection to a collector: finding it, hello (see hello.c) and welcome,
 * mapping its ring, packets, and noticing that it has gone. Our descriptor lies high and
 * is checked before each use, since the program may have closed it and given
 * its number to a file of its own. System calls only; AS-safe, and MT-safe
 * through process.link.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "ring.h"
#include "sys.h"

#include "banned.h"

#define SECOND 1000000000ull
#define AT_START 5		/* seconds to wait for a collector's answer */
#define LATER 1
#define LOWEST_FD 900		/* above what programs use, below what costs memory */

/* The last connection of this image; a forked child finds its parent's here. */
static struct { int fd; uint64_t dev, ino; } last = { .fd = -1 };

static bool fd_is(int fd, uint64_t dev, uint64_t ino)
{
	struct stat st;

	return fd >= 0 && sys(SYS_fstat, fd, &st) == 0 &&
		(uint64_t)st.st_dev == dev && (uint64_t)st.st_ino == ino;
}

static bool fd_is_ours(const struct process *p)
{
	return fd_is(p->fd, p->fd_dev, p->fd_ino);
}

void link_close_inherited(void)
{
	if (fd_is(last.fd, last.dev, last.ino))
		sys(SYS_close, last.fd);
	last.fd = -1;
}

int fd_raise(int fd)
{
	struct rlimit limit = { .rlim_cur = 1024 };
	long from = LOWEST_FD, high;

	sys(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &limit);
	if (limit.rlim_cur <= LOWEST_FD + 32)
		from = (long)limit.rlim_cur - 32;
	/* Where every number is one of the few that the program has, we have none. */
	high = from > 32 ? sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, from) : -EMFILE;
	sys(SYS_close, fd);
	return (int)high;
}

static int connect_to(const char *path, int patience)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = patience };
	long fd, err;

	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = sys(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return (int)fd;
	/* A full backlog or a stopped collector must not hold the program up for long. */
	sys(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	sys(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	err = sys(SYS_connect, fd, &addr, sizeof(addr));
	if (err < 0) {
		sys(SYS_close, fd);
		return (int)err;
	}
	return fd_raise((int)fd);
}

/* Who listens at the other end, by the kernel; 0: outside our namespace. */
/*
 * Which collector has answered: its pid, and when its socket was made or
 * touched last. In another pid namespace all have the pid 0, and behind a
 * service manager's socket the manager's.
 */
static uint64_t collector_of(int fd)
{
	struct ucred peer = {};
	socklen_t size = sizeof(peer);
	struct stat st = {};

	sys(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	sys(SYS_newfstatat, AT_FDCWD, shim_config.socket, &st, 0);
	return ((uint64_t)st.st_ctim.tv_sec * SECOND + (uint64_t)st.st_ctim.tv_nsec) ^ (uint64_t)st.st_ino << 40 ^
		(uint64_t)peer.pid;
}

/* Receives the welcome and, with it, perhaps the ring's descriptor. */
static int get_welcome(int fd, struct sigshim_welcome *w, int *ret_ring)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct iovec iov = { .iov_base = w, .iov_len = sizeof(*w) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	long n = sys(SYS_recvmsg, fd, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	*ret_ring = -1;
	if (n > 0 && c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_ring, CMSG_DATA(c), sizeof(int));
	if (n < (long)sizeof(*w) || w->h.type != SIGSHIM_FRAME_WELCOME)
		return n < 0 ? (int)n : -EPROTO;
	return w->refusal == SIGSHIM_WELCOME_OK ? 0 : -ECONNREFUSED;
}

/* What a welcome grants. */
struct grant {
	enum link_state link;	/* by what records go from now on */
	bool close;		/* the socket is of no further use */
	bool share;		/* forked children may begin in the ring */
	bool ticks, resumed;
	struct ring_mapping ring;
};

/* Hello and welcome on a connected socket; -errno when there is no use in it. */
static int greet(struct process *p, int fd, uint64_t now, uint64_t mask, struct grant *ret)
{
	struct sigshim_hello h = link_hello(p, now, mask);
	struct sigshim_welcome w = {};
	int ring = -1, err;
	long n;

	n = sys(SYS_sendto, fd, &h, sizeof(h), MSG_NOSIGNAL, 0, 0);
	if (n < 0)
		return (int)n;
	err = get_welcome(fd, &w, &ring);
	ret->link = LINK_SOCKET;
	if (err == 0 && w.transport == SIGSHIM_TRANSPORT_RING) {
		err = ring >= 0 ? ring_map(ring, w.ring_size, &ret->ring) : -EPROTO;
		ret->link = LINK_RING;
		ret->ticks = w.clock != SIGSHIM_CLOCK_NONE;
		ret->resumed = w.resumed;
		ret->close = w.close_socket;
		ret->share = w.share;
	}
	if (ring >= 0)
		sys(SYS_close, ring);
	return err;
}

static void say_failure(int err)
{
	const char *why = err == -ENOENT ? "nothing is there" :
		err == -EACCES || err == -EPERM ? "permission denied" :
		err == -ECONNREFUSED ? "nobody listens, or the collector refused" :
		err == -EAGAIN ? "no answer in time" : "no connection";

	config_say("no collector, calls are counted but not recorded: ", why, "");
}

/* Only one thread connects; the others count meanwhile. */
static bool take_link(struct process *p)
{
	uint32_t none = LINK_NONE;

	return __atomic_compare_exchange_n(&p->link, &none, LINK_BUSY, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Descriptor -1: the ring is all that there is, and no descriptor is in the program's way. */
static void keep_socket(struct process *p, int fd)
{
	struct stat st = {};

	if (fd >= 0)
		sys(SYS_fstat, fd, &st);
	p->fd = last.fd = fd;
	p->fd_dev = last.dev = (uint64_t)st.st_dev;
	p->fd_ino = last.ino = (uint64_t)st.st_ino;
}

static void connected(struct process *p, const struct grant *g, uint64_t lost)
{
	p->failures = 0;
	p->reconnects++;
	__atomic_fetch_sub(&p->lost, lost, __ATOMIC_RELAXED);
	/* A new collector knows neither our stacks nor our modules. */
	p->epoch = shim_new_epoch();
	p->inherited_epoch = 0;
	__atomic_store_n(&p->link, g->link, __ATOMIC_RELEASE);
	share_offer(p, g->share);
	module_send_all(p);
}

static void take_ring(struct process *p, const struct grant *grant)
{
	p->granted = p->ticks = grant->ticks;
	ring_install(p, &grant->ring);
	share_offer(p, grant->share);
}

/* 1, 2, 4, 8, 16 s: a missing collector costs next to nothing. */
static void try_later(struct process *p, uint64_t now)
{
	p->retry_ns = now + (SECOND << (p->failures < 4 ? p->failures : 4));
	p->failures++;
}

/* Seconds. Calls of a child on our memory would have nowhere to go when the ring that we share is given up. */
static int how_long(const struct process *p)
{
	bool must = p->link == LINK_SHARED && shim_config.overflow == SIGSHIM_OVERFLOW_BLOCK;

	return p->state == 2 && !must ? LATER : AT_START;
}

/* 0, or -errno and a time for the next try. */
static int try(struct process *p, uint64_t now, uint64_t mask)
{
	uint64_t lost = __atomic_load_n(&p->lost, __ATOMIC_RELAXED);
	struct grant g = {};
	int fd, err;

	fd = connect_to(shim_config.socket, how_long(p));
	err = fd < 0 ? fd : greet(p, fd, now, mask, &g);
	if (err == 0)
		p->collector = collector_of(fd);
	if (fd >= 0 && (err || g.close)) {
		sys(SYS_close, fd);
		fd = -1;
	}
	if (err == 0) {
		keep_socket(p, fd);
		if (g.link == LINK_RING)
			take_ring(p, &g);
		connected(p, &g, lost);
		return 0;
	}
	try_later(p, now);
	return err;
}

bool link_open(struct process *p, uint64_t now, uint64_t mask)
{
	int err;

	if (!shim_config.socket[0] || !take_link(p))
		return false;
	err = try(p, now, mask);
	if (err == 0)
		return true;
	if (p->failures == 1)
		say_failure(err);
	__atomic_store_n(&p->link, LINK_NONE, __ATOMIC_RELEASE);
	return false;
}

/* Or another thread is at it. Meanwhile, and when it can't be, all threads go on with the ring that they have. */
int link_move(struct process *p, uint64_t now, uint64_t mask)
{
	int err = 0;

	if (__atomic_exchange_n(&p->moving, 1, __ATOMIC_ACQUIRE))
		return 0;
	if (__atomic_load_n(&p->link, __ATOMIC_ACQUIRE) == LINK_SHARED)
		err = try(p, now, mask);
	__atomic_store_n(&p->moving, 0, __ATOMIC_RELEASE);
	return err;
}

/* From the old ring to the granted one. One that knows us from the log gets what is left, too. */
static void go_over(struct process *p, const struct grant *grant)
{
	struct sigshim_ring *old = p->ring, *new = grant->ring.ring;

	p->orphan = 0;
	if (grant->resumed) {
		__atomic_fetch_add(&new->lost, __atomic_load_n(&old->lost, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
		ring_move(p, old, new);
		take_ring(p, grant);
		ring_move(p, old, new);
		return;
	}
	__atomic_fetch_add(&new->lost, ring_unread(p), __ATOMIC_RELAXED);
	p->epoch = shim_new_epoch();
	p->inherited_epoch = 0;
	take_ring(p, grant);
	ring_retire(old);
	module_send_all(p);
}

static void renew(struct process *p, uint64_t now, uint64_t mask)
{
	struct grant grant = { .link = LINK_NONE };
	uint64_t lost = __atomic_load_n(&p->lost, __ATOMIC_RELAXED);
	int fd = connect_to(shim_config.socket, LATER), err;

	err = fd < 0 ? fd : greet(p, fd, now, mask, &grant);
	if (err == 0)
		p->collector = collector_of(fd);
	if (fd >= 0 && (err || grant.close)) {
		sys(SYS_close, fd);
		fd = -1;
	}
	if (err)
		return try_later(p, now);
	if (fd_is_ours(p))
		sys(SYS_close, p->fd);
	keep_socket(p, fd);
	p->failures = 0;
	p->reconnects++;
	__atomic_fetch_sub(&p->lost, lost, __ATOMIC_RELAXED);
	if (grant.link == LINK_RING)
		return go_over(p, &grant);
	/* Packets from now on: nothing of the ring can go along. */
	__atomic_fetch_add(&p->lost, ring_unread(p), __ATOMIC_RELAXED);
	p->epoch = shim_new_epoch();
	p->inherited_epoch = 0;
	__atomic_store_n(&p->link, LINK_SOCKET, __ATOMIC_RELEASE);
	module_send_all(p);
}

void link_renew(struct process *p, uint64_t now, uint64_t mask)
{
	if (__atomic_exchange_n(&p->renewing, 1, __ATOMIC_ACQUIRE))
		return;
	renew(p, now, mask);
	__atomic_store_n(&p->renewing, 0, __ATOMIC_RELEASE);
}

/* Whether the collector that made the ring is still at its address. */
static bool same_collector(const struct process *p)
{
	int fd = connect_to(shim_config.socket, LATER);
	bool same = fd == -EAGAIN || (fd >= 0 && collector_of(fd) == p->collector);

	if (fd >= 0)
		sys(SYS_close, fd);
	return same;
}

bool link_alive(const struct process *p)
{
	const struct sigshim_ring *ring = __atomic_load_n(&p->ring, __ATOMIC_ACQUIRE);
	char byte;
	long n;

	if (fd_is_ours(p)) {
		n = sys(SYS_recvfrom, p->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, 0, 0);
		return n == -EAGAIN || n > 0;
	}
	/* Also when a child has come back into its parent's call, and there is no ring. */
	if ((p->link != LINK_RING && p->link != LINK_SHARED) || !ring || ring->closed)
		return false;
	return now_ns() - __atomic_load_n(&ring->beat_ns, __ATOMIC_RELAXED) < SIGSHIM_BEAT_STALE_NS ||
		same_collector(p);
}

void link_drop(struct process *p, uint64_t now)
{
	uint32_t link = __atomic_load_n(&p->link, __ATOMIC_ACQUIRE);

	if (link == LINK_NONE || link == LINK_BUSY ||
	    !__atomic_compare_exchange_n(&p->link, &link, LINK_BUSY, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	/* The old ring stays mapped: another thread may be writing into it. */
	if (link == LINK_RING)
		__atomic_fetch_add(&p->lost, ring_unread(p), __ATOMIC_RELAXED);
	if (fd_is_ours(p))
		sys(SYS_close, p->fd);
	p->fd = -1;
	share_offer(p, false);
	p->retry_ns = now;
	__atomic_store_n(&p->link, LINK_NONE, __ATOMIC_RELEASE);
}

int link_put(struct process *p, const struct sigshim_frame *frame)
{
	long n;

	if (!fd_is_ours(p))
		return -ENOTCONN;
	n = sys(SYS_sendto, p->fd, frame, frame->size, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
	return n == (long)frame->size ? 0 : n < 0 ? (int)n : -EIO;
}
