/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listening socket: making it, accepting peers, and keeping those out that
 * are too many or never say hello. main-only.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "session.h"

#define SECOND 1000000000ull
#define HELLO_NS (5 * SECOND)
#define WAITING_PER_USER 1024
#define ACCEPT_SHARE 256	/* in a round */
#define OTHER_FDS 128		/* the log, libraries, the loop */
#define PAUSE_NS (SECOND / 10)

/* 1: somebody listens there. 0: a socket that nobody listens on, or nothing. */
static int is_answered(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd < 0)
		return -errno;
	r = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ? 1 : -errno;
	close(fd);
	if (r == -EAGAIN)	/* its backlog is full */
		return 1;
	return r == -ECONNREFUSED || r == -ENOENT ? 0 : r;
}

static int clear_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	int r;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	r = is_answered(addr);
	if (r != 0)
		return r < 0 ? r : -EADDRINUSE;
	return unlink(addr->sun_path) < 0 ? -errno : 0;
}

int listener_open(const char *path, unsigned int mode, int *ret_fd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	r = clear_stale(&addr);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 || chmod(path, mode) < 0 ||
	    listen(fd, SOMAXCONN) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

void listener_limits(struct ingest *in)
{
	rlim_t need = 2 * (rlim_t)in->max_connections + OTHER_FDS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_cur < need) {
		struct rlimit more = { need, need > limit.rlim_max ? need : limit.rlim_max };

		if (setrlimit(RLIMIT_NOFILE, &more) < 0) {
			more.rlim_cur = more.rlim_max = limit.rlim_max;
			setrlimit(RLIMIT_NOFILE, &more);
		}
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur < need)
		in->max_connections = (unsigned int)(limit.rlim_cur > 2 * OTHER_FDS ?
						     (limit.rlim_cur - OTHER_FDS) / 2 : OTHER_FDS / 2);
}

/* One user's silent connections must not keep its own programs out: the oldest goes. */
static void make_way(struct ingest *in, int uid)
{
	struct session *s = in->waiting.first;
	int64_t n = 0;

	map_get(&in->waiting_of, (uint64_t)(uint32_t)uid + 1, &n);
	if (n < WAITING_PER_USER)
		return;
	while (s && s->uid != uid)
		s = s->next;
	if (!s)
		return;
	sink_refuse(&in->sink, REFUSED_HELLO_LIMIT, 1);
	session_drop(s);
}

static void take(struct ingest *in, int fd)
{
	struct ucred cred = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	socklen_t len = sizeof(cred);
	struct session *s;

	if (in->nsessions >= in->max_connections) {
		sink_refuse(&in->sink, REFUSED_CONNECTIONS, 1);
		close(fd);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	make_way(in, (int)cred.uid);
	s = session_new(in, fd, cred.pid, (int)cred.uid, (int)cred.gid);
	if (!s) {
		sink_refuse(&in->sink, REFUSED_MEMORY, 1);
	} else if (s->owner && s->owner->sessions > in->max_connections / OWNER_SHARE) {
		sink_refuse(&in->sink, REFUSED_CONNECTIONS, 1);
		session_drop(s);
	} else if (loop_add(in, fd, &s->sock_watch) < 0) {
		sink_refuse(&in->sink, REFUSED_RESOURCES, 1);
		session_drop(s);
	}
}

void listener_ready(struct watch *w, uint32_t events)
{
	struct ingest *in = w->arg;
	int fd;

	for (int i = 0; i < ACCEPT_SHARE; i++) {
		fd = accept4(in->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			take(in, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			/* It stays readable: don't spin on it. */
			sink_refuse(&in->sink, REFUSED_RESOURCES, 1);
			loop_remove(in, in->listener);
			in->accept_off = true;
			in->accept_again_ns = sink_now() + PAUSE_NS;
		}
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

void listener_hear(struct ingest *in)
{
	unsigned int before;

	if (in->listener < 0)
		return;
	for (int i = 0; i < SOMAXCONN / ACCEPT_SHARE && !in->accept_off; i++) {
		before = in->nsessions;
		listener_ready(&in->accept, 0);
		if (in->nsessions - before < ACCEPT_SHARE)
			break;
	}
}

uint64_t listener_tick(struct ingest *in, uint64_t now)
{
	uint64_t next = 0;

	while (in->waiting.first && now - in->waiting.first->since_ns >= HELLO_NS) {
		sink_refuse(&in->sink, REFUSED_HELLO_LATE, 1);
		session_drop(in->waiting.first);
	}
	if (in->waiting.first)
		next = in->waiting.first->since_ns + HELLO_NS;
	if (in->accept_off && now >= in->accept_again_ns)
		in->accept_off = loop_add(in, in->listener, &in->accept) < 0;
	if (in->accept_off && (next == 0 || in->accept_again_ns < next))
		next = in->accept_again_ns;
	return next;
}
