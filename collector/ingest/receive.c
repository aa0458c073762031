/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What comes from a session's descriptors: packets, hang-ups, and the end of
 * its process. main-only.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proc.h"
#include "session.h"

#define FAIR_SHARE 256		/* packets of one peer in a round */
#define SOCKET_MAX 1000000	/* packets that a socket can hold, and more */

static void packet(struct session *s, const void *frame, size_t len)
{
	if (len > SIGSHIM_MAX_FRAME_SIZE)
		sink_refuse(&s->in->sink, REFUSED_SIZE, 1);
	else if (s->greeted)
		session_frame(s, frame, len);
	else
		session_hello(s, frame, len);
}

/* An empty packet reads like the end of the connection. */
static bool hung(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) != 0;
}

/*
 * Reads up to `max` packets; false at the end of the connection. Without a
 * control buffer the kernel discards descriptors that come along. A hello may
 * move the connection to the process's older session.
 */
static bool receive(struct session *s, unsigned int max)
{
	unsigned char buf[SIGSHIM_MAX_FRAME_SIZE] __attribute__((aligned(8)));
	ssize_t n;

	for (unsigned int i = 0; i < max && s->fd >= 0; i++) {
		n = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0 && hung(s->fd))
			return false;
		packet(s, buf, (size_t)n);
		s->active_ns = sink_now();
	}
	return true;
}

/*
 * Another program lies in the process's memory: the ring does no more. Not so
 * while it is ending, when only a part of its maps may be seen, and where it
 * was never mapped: the welcome came too late for it, or a signal too early.
 */
static bool executed(const struct session *s)
{
	return ring_is_used(&s->ring) && proc_maps(s->host_pid, "/memfd:sigshim-ring") == 0 &&
		!proc_is_leaving(s->host_pid);
}

/* The connection is closed. The process may live on, and fill its ring. */
static void hung_up(struct session *s)
{
	if (!s->greeted) {
		session_drop(s);
		return;
	}
	loop_remove(s->in, s->fd);
	close(s->fd);
	s->fd = -1;
	if (s->pidfd < 0 || proc_ended(s->pidfd))
		session_over(s);
	else if (s->ring.shared && executed(s))
		session_end(s, "exec");
}

void session_receive(struct watch *w, uint32_t events)
{
	struct session *s = w->arg;

	if (s->list == &s->in->dead || s->fd < 0)
		return;
	if (!receive(s, FAIR_SHARE) && s->list != &s->in->dead && s->fd >= 0)
		hung_up(s);
}

void session_receive_all(struct session *s)
{
	if (s->fd >= 0)
		receive(s, SOCKET_MAX);
}

void session_process_ended(struct watch *w, uint32_t events)
{
	struct session *s = w->arg;

	if (s->list != &s->in->dead)
		session_over(s);
}
