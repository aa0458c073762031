/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forked children that write into the ring of another session, their host:
 * they have it mapped, and most are gone before they could be asked anything.
 * So their pid is what they say, in the host's own namespace; the rest is taken
 * from the process that forked them. Their end shows after a grace, by their
 * pid, or at once when the host's ring is given up. main-only.
 */
#include "child.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

#define GRACE_NS 20000000ull	/* most have ended by then */
#define CHILDREN_MAX 4096	/* of one host at a time */
#define OLDEST_NS 60000000000ull	/* unread in a ring */

/* The child of this instance; who speaks is first next time. */
static struct session *find(struct session *host, uint64_t instance)
{
	struct session *c = host->children;

	while (c && c->hello.instance != instance)
		c = c->next_child;
	if (c && c != host->children) {
		child_unlink(c);
		child_link(c, host);
	}
	return c;
}

void child_link(struct session *c, struct session *host)
{
	c->host = host;
	c->prev_child = NULL;
	c->next_child = host->children;
	if (host->children)
		host->children->prev_child = c;
	host->children = c;
	host->nchildren++;
}

void child_unlink(struct session *c)
{
	struct session *host = c->host;

	if (!host)
		return;
	*(c->prev_child ? &c->prev_child->next_child : &host->children) = c->next_child;
	if (c->next_child)
		c->next_child->prev_child = c->prev_child;
	host->nchildren--;
	c->host = NULL;
}

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

/* What a fork leaves as it is. */
static int inherit(struct session *c, const struct session *parent)
{
	c->host_pid = c->hello.pid;
	c->uid = parent->uid;
	c->gid = parent->gid;
	session_owned(c, owner_again(parent->owner));
	c->exe = copy(parent->exe);
	c->cwd = copy(parent->cwd);
	c->cmdline = copy(parent->cmdline);
	c->container = copy(parent->container);
	c->comm = strndup(c->hello.comm, sizeof(c->hello.comm));
	return modules_copy(&c->modules, c->heap, &parent->modules);
}

static struct session *claimed(const struct ingest *in, int pid)
{
	int64_t found = 0;

	map_get(&in->claims, (uint64_t)pid, &found);
	return (struct session *)(intptr_t)found;
}

/* Whoever had the pid before has ended. */
static void claim(struct session *c)
{
	struct session *old = claimed(c->in, c->host_pid);

	if (old && old->hello.now_ns > c->hello.now_ns)
		c->outlived = true;
	else
		map_set(&c->in->claims, &c->in->sink.heap, (uint64_t)c->host_pid, (int64_t)(intptr_t)c);
	if (old && old->hello.now_ns < c->hello.now_ns)
		old->outlived = true;
}

static int begin(struct session *host, const struct sigshim_hello *hello)
{
	struct ingest *in = host->in;
	struct session *parent = find(host, hello->parent_instance), *c;

	if (in->nsessions >= in->max_connections || host->nchildren >= CHILDREN_MAX)
		return -REFUSED_CONNECTIONS;
	c = session_alloc(in, &in->young);
	if (!c)
		return -REFUSED_MEMORY;
	child_link(c, host);
	c->hello = *hello;
	c->clock = host->clock;
	c->started = host->started;
	c->greeted = c->complete = c->shares = true;
	c->active_ns = c->since_ns;
	if (inherit(c, parent ? parent : host) < 0)
		sink_refuse(&in->sink, REFUSED_MEMORY, 1);
	in->sink.stats.processes++;
	session_row(c);
	session_introduce(c);
	claim(c);
	return 0;
}

bool child_may_share(const struct session *host)
{
	return host->pidfd >= 0 && host->host_pid == host->hello.pid && !host->nested;
}

static int take_hello(struct session *host, uint64_t instance, const void *frame, size_t len)
{
	struct sigshim_hello hello;
	int r = decode_hello(frame, len, &hello);

	if (r < 0)
		return r;
	if (hello.instance != instance || hello.ppid == 0 || !child_may_share(host))
		return -REFUSED_HELLO;
	if (instance == host->hello.instance || find(host, instance))
		return -REFUSED_HELLO_TWICE;
	return begin(host, &hello);
}

int child_frame(struct session *host, const void *frame, size_t len)
{
	const unsigned char *inner = frame;
	struct sigshim_child head;
	struct session *c;
	int type;

	if (!host->ring.shared || len < sizeof(head))
		return -(host->ring.shared ? REFUSED_TRUNCATED : REFUSED_TYPE);
	memcpy(&head, frame, sizeof(head));
	if (head.h.fixed < sizeof(head))
		return -REFUSED_FIXED;
	inner += head.h.fixed;
	len -= head.h.fixed;
	type = decode_frame(inner, len);
	if (type < 0 || type == SIGSHIM_FRAME_CHILD)
		return type < 0 ? type : -REFUSED_TYPE;
	if (type == SIGSHIM_FRAME_HELLO)
		return take_hello(host, head.instance, inner, len);
	/* Its own: it was a child until a moment ago, and another thread has not noticed yet. */
	c = head.instance == host->hello.instance ? host : find(host, head.instance);
	if (!c) {
		/* Its hello was finished before this, but may have been passed before that. */
		session_receive_late(host);
		c = find(host, head.instance);
	}
	if (!c)
		return -REFUSED_NO_HELLO;
	session_frame(c, inner, len);
	c->active_ns = sink_now();
	return 0;
}

/* When it was there already: what it said itself, if that can be, or else when we heard it. */
static uint64_t born(const struct session *c)
{
	return c->since_ns - c->hello.now_ns < OLDEST_NS ? c->hello.now_ns : c->since_ns;
}

/* Another may have its pid by now. */
static bool parent_is_gone(const struct session *c)
{
	return proc_is_leaving(c->hello.ppid) || !proc_is_older(c->hello.ppid, born(c));
}

/*
 * Whether the child has become s by executing a program. Any peer may have
 * claimed that pid, but not had that parent. When the parent has ended since,
 * the word of the same user, or of root, has to do, for a process that is not
 * older than the claim's host; and when that has ended too, the word alone.
 */
static bool became(const struct session *c, const struct session *s)
{
	bool trusted = c->uid == s->uid || c->uid == 0;
	uint64_t started = proc_started(s->host_pid);

	if (!started)
		return trusted;
	if (!proc_is_older(s->host_pid, born(c)))
		return false;
	return c->proven || proc_parent(s->host_pid) == c->hello.ppid ||
		(trusted && started >= c->started && parent_is_gone(c));
}

struct session *child_at(const struct ingest *in, int pid)
{
	struct session *c = claimed(in, pid);

	return c && proc_is_older(pid, born(c)) ? c : NULL;
}

/* A child may have written where we have not looked yet, and then said hello. */
static void hear_children(struct ingest *in)
{
	for (struct session *s = in->live.first; s; s = s->next)
		if (s->ring.shared && ring_pending(&s->ring))
			session_drain(s, true);	/* released when the round ends */
}

struct session *child_claimed(const struct session *s, const struct sigshim_hello *hello)
{
	struct session *c;

	hear_children(s->in);
	c = claimed(s->in, s->host_pid);
	if (!c || c->hello.instance == hello->instance)
		return c;
	/* The last words of one that had the pid before. */
	if (c->hello.now_ns > hello->now_ns)
		return NULL;
	c->outlived |= !became(c, s);
	return c->outlived ? NULL : c;
}

/* Finds its process; false when it has ended. Without descriptors it is taken to live. */
static bool watch(struct session *c)
{
	int fd = c->pidfd >= 0 ? c->pidfd : proc_pidfd(-1, c->host_pid);

	if (fd < 0)
		return fd == -EMFILE || fd == -ENFILE;
	c->proven |= proc_parent(c->host_pid) == c->hello.ppid;
	if (c->pidfd < 0 && (!proc_is_older(c->host_pid, born(c)) || (!c->proven && !parent_is_gone(c)))) {
		close(fd);
		return false;
	}
	if (c->pidfd < 0 && loop_add(c->in, fd, &c->process_watch) < 0) {
		close(fd);
		return true;
	}
	c->pidfd = fd;
	return !proc_ended(fd);
}

static void settle_down(struct session *c)
{
	if (!c->outlived && watch(c))
		session_move(c, &c->in->live);
	else
		session_over(c);
}

void children_tick(struct ingest *in, uint64_t now)
{
	while (in->young.first && now - in->young.first->since_ns >= GRACE_NS)
		settle_down(in->young.first);
}

void children_part(struct session *host)
{
	while (host->children) {
		struct session *c = host->children;

		child_explain(c);
		child_unlink(c);
		/* Nothing else tells of its end. */
		if (c->list == &c->in->live && c->fd < 0 && c->pidfd < 0)
			session_move(c, &c->in->young);
	}
	/* Of those that were not even heard. */
	if (host->ring.shared)
		gaps_count(&host->gaps, ring_lost(&host->ring) + ring_children_lost(&host->ring) -
			   host->children_told);
}

void child_explain(struct session *c)
{
	uint64_t lost;

	if (!c->host || !c->host->ring.shared)
		return;
	lost = ring_children_lost(&c->host->ring);
	if (lost > c->host->children_told)
		c->host->children_told += gaps_explain(&c->gaps, lost - c->host->children_told);
}
