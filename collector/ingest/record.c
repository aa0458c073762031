/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of a greeted peer, from its ring or its socket, into the log.
 * main-only.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "child.h"
#include "files.h"
#include "proc.h"
#include "session.h"

#define DELETED " (deleted)"

void session_receive_late(struct session *s)
{
	unsigned char buf[SIGSHIM_MAX_FRAME_SIZE] __attribute__((aligned(8)));
	int len;

	if (s->in_late || !s->ring.shared || s->ring.nholes == 0)
		return;
	s->in_late = true;
	ring_again(&s->ring);
	while ((len = ring_late(&s->ring, buf)) != 0) {
		if (len > 0)
			session_frame(s, buf, (size_t)len);
		else
			sink_refuse(&s->in->sink, (enum refusal)-len, 1);
	}
	s->in_late = false;
}

/* --- threads ----------------------------------------------------------- */

int session_add_thread(struct session *s, uint32_t ordinal)
{
	struct budget *b = s->heap;
	int r = budget_grow(b, (void **)&s->threads, &s->threads_size, s->nthreads + 1, sizeof(*s->threads));

	if (r == 0)
		r = map_set(&s->ordinals, b, ordinal, (int64_t)s->nthreads + 1);
	if (r < 0)
		return r;
	s->threads[s->nthreads] = (struct thread){ .ordinal = ordinal };
	return (int)s->nthreads++;
}

static int host_tid(const struct session *s, const struct event *ev)
{
	if (s->host_pid == s->hello.pid || s->host_pid == 0)
		return ev->tid;
	if (ev->tid == s->hello.pid)
		return s->host_pid;
	return proc_host_tid(s->host_pid, ev->tid);
}

/* The process that made the call: the session's, or a vfork child on its memory. */
static int64_t process_of(struct session *s, const struct event *ev)
{
	struct vfork_info info;
	int64_t child = 0;
	int host_pid = s->host_pid == s->hello.pid ? ev->pid : 0;

	if (ev->pid == s->hello.pid || !(ev->flags & SIGSHIM_EVF_VFORK) || !s->process)
		return s->process;
	info = (struct vfork_info){
		.parent = s->process, .pid = ev->pid, .host_pid = host_pid, .mask_start = ev->mask_before,
		.started_ns = ev->start_ns,
	};
	if (sink_vfork_child(&s->in->sink, &info, &child) == 0) {
		s->in->sink.stats.processes++;
		session_image(s, host_pid, child);
	}
	return child;
}

/* The index of the event's thread; -ENOMEM when there are too many. */
static int find_thread(struct session *s, const struct event *ev)
{
	struct sink *sink = &s->in->sink;
	struct thread *t;
	int64_t found, process;
	int i;

	i = map_get(&s->ordinals, ev->thread, &found) ? (int)found - 1 : session_add_thread(s, ev->thread);
	if (i < 0)
		return i;
	t = &s->threads[i];
	process = t->id ? 0 : process_of(s, ev);
	if (process)
		sink_thread(sink, &(struct thread_info){ process, ev->thread, ev->tid, host_tid(s, ev) }, &t->id);
	if (t->next == 0) {
		t->next = s->complete ? 1 : ev->seq;
		sink->stats.threads++;
	}
	return i;
}

/* --- stacks ------------------------------------------------------------ */

/*
 * The program's frames of a stack: where a handler interrupted a wrapper, the
 * wrapper's own are left out. Returns how many lie in no module.
 */
static unsigned int locate(const struct session *s, const struct event *ev, struct stack_frame *frames,
			   unsigned int *ret_n)
{
	unsigned int outside = 0, n = 0;

	for (unsigned int i = 0; i < ev->npcs; i++) {
		const struct mapped *m = modules_find(&s->modules, ev->pc[i]);

		if (m && m->shim)
			continue;
		frames[n].module = m ? m->module : 0;
		frames[n++].offset = m ? ev->pc[i] - m->bias : ev->pc[i];
		outside += !m;
	}
	*ret_n = n;
	return outside;
}

static void define_stack(struct session *s, uint32_t id, int64_t row)
{
	int64_t before;

	if (map_get(&s->stacks, id, &before) && before != row)
		s->peer = ++s->in->peers;
	if (map_set(&s->stacks, s->heap, id, row) < 0)
		sink_refuse(&s->in->sink, REFUSED_MEMORY, 1);
	else
		sink_shim_stack(&s->in->sink, s->process, id, row);
}

static int64_t new_stack(struct session *s, const struct event *ev)
{
	struct stack_frame frames[SIGSHIM_MAX_FRAMES];
	struct sink *sink = &s->in->sink;
	unsigned int n;
	int64_t row;

	if (locate(s, ev, frames, &n) > 0) {
		session_receive_late(s->host ? s->host : s);
		locate(s, ev, frames, &n);
	}
	if (sink_stack(sink, frames, n, ev->stack_end, &row) < 0)
		return 0;
	if (ev->flags & SIGSHIM_EVF_NEW_STACK)
		define_stack(s, ev->stack_id, row);
	return row;
}

/* The event's stack row; 0 for none. */
static int64_t stack_of(struct session *s, struct event *ev)
{
	int64_t row = 0;

	if (ev->npcs == 0 && ev->stack_id == 0 && ev->caller) {
		ev->pc[0] = ev->caller;
		ev->npcs = 1;
	}
	if (ev->npcs > 0)
		return new_stack(s, ev);
	if (ev->stack_id == 0 || map_get(&s->stacks, ev->stack_id, &row))
		return row;
	/* Whoever defines it finished before this one, but may have been passed. */
	session_receive_late(s->host ? s->host : s);
	if (!map_get(&s->stacks, ev->stack_id, &row))
		sink_refuse(&s->in->sink, REFUSED_UNKNOWN_STACK, 1);
	return row;
}

/* --- frames ------------------------------------------------------------ */

/* CLOCK_MONOTONIC for what was stamped with ticks; nonsense only where a shim lies. */
static void set_time(const struct session *s, unsigned int flags, struct occurrence *o)
{
	uint64_t start = o->ts_ns, end = start + o->duration_ns;

	/* What was written for a killed collector has its ticks, whatever this one granted. */
	if (!(flags & SIGSHIM_EVF_TICKS) || s->in->ticks.clock != s->hello.clock)
		return;
	o->ts_ns = ticks_ns(&s->in->ticks, start);
	end = ticks_ns(&s->in->ticks, end);
	o->duration_ns = end > o->ts_ns ? end - o->ts_ns : 0;
}

static struct occurrence occurrence_of(const struct session *s, const struct thread *t, int64_t call,
				       const struct sigshim_event *e)
{
	struct occurrence o = {
		.thread = t ? t->id : 0, .call = call, .seq = e->seq, .ts_ns = e->start_ns,
		.duration_ns = e->duration_ns,
	};

	set_time(s, e->flags, &o);
	return o;
}

/*
 * An event whose recurring bytes this peer sent before, and were checked then,
 * of a known thread and with the number that comes next: nearly every one.
 * Anything else is left to take_event.
 */
static bool take_known(struct session *s, const struct sigshim_event *e, const struct frame_key *key, size_t size)
{
	struct thread *t = &s->threads[s->last_thread];
	struct occurrence o;
	int64_t call, found;

	if (s->nthreads == 0 || e->tid <= 0 || e->pid <= 0)
		return false;
	if (t->ordinal != e->thread) {
		if (!map_get(&s->ordinals, e->thread, &found))
			return false;
		s->last_thread = (int)found - 1;
		t = &s->threads[s->last_thread];
	}
	if (t->id == 0 || t->next != e->seq || e->seq > DECODE_MAX_SEQ || t->generation != s->generation)
		return false;
	call = intern_find(s->in->sink.frames, key, size);
	if (!call)
		return false;
	t->next++;
	o = occurrence_of(s, t, call, e);
	sink_event(&s->in->sink, &o);
	return true;
}

static int take_new(struct session *s, const void *frame, size_t len, const struct frame_key *key, size_t size)
{
	struct sink *sink = &s->in->sink;
	struct ingest_peer peer;
	struct event ev;
	struct occurrence o;
	struct thread *t;
	bool first_sight;
	int64_t stack, call = 0;
	int r = decode_event(frame, len, &ev), thread;

	if (r < 0)
		return r;
	ev.start_ns = occurrence_of(s, NULL, 0, frame).ts_ns;
	session_row(s);
	thread = find_thread(s, &ev);
	if (thread < 0)
		return -REFUSED_MEMORY;
	t = &s->threads[thread];
	first_sight = t->generation != s->generation;
	t->generation = s->generation;
	if (!gaps_arrived(&s->gaps, sink, s->process, s->threads, (uint32_t)thread, ev.seq, first_sight))
		return -REFUSED_DUPLICATE;
	stack = stack_of(s, &ev);
	sink_call(sink, &ev, stack, &call);
	o = occurrence_of(s, &s->threads[thread], call, frame);
	sink_event(sink, &o);
	peer = session_peer(s);
	if (s->in->observer.record)
		s->in->observer.record(s->in->observer.arg, &peer, &ev, s->threads[thread].id);
	if (call && size && (stack || ev.stack_id == 0) && key->peer == s->peer)
		intern_add(sink->frames, key, size, call);
	return 0;
}

static int take_event(struct session *s, const void *frame, size_t len)
{
	struct frame_key key;
	size_t size = calls_frame_key(&key, frame, len, s->peer);

	/* An observer wants to see each. */
	if (size && !s->in->observer.record && take_known(s, frame, &key, size))
		return 0;
	return take_new(s, frame, len, &key, size);
}

/*
 * The loader names what was found by a relative path as it was given. Only a
 * build id tells whether the file there is the one; without, it stays as it is.
 */
static void make_absolute(const struct session *s, struct module *m)
{
	char full[2 * SIGSHIM_MAX_PATH];

	if (*m->path == '\0' || *m->path == '/' || !strchr(m->path, '/') || !*m->build_id ||
	    !s->cwd || *s->cwd != '/')
		return;
	if ((size_t)snprintf(full, sizeof(full), "%s/%s", s->cwd, m->path) <= SIGSHIM_MAX_PATH)
		strcpy(m->path, full);
}

/*
 * The path of the main program is the kernel's to tell. Of a deleted one the
 * plain path is kept when a build id will tell whether the file there is it.
 */
static const char *module_path(const struct session *s, struct module *m)
{
	size_t len = strlen(m->path), tail = strlen(DELETED);

	if (len == 0 && s->exe) {
		strncpy(m->path, s->exe, SIGSHIM_MAX_PATH);
		len = strlen(m->path);
	}
	make_absolute(s, m);
	if (len > tail && *m->build_id && strcmp(m->path + len - tail, DELETED) == 0)
		m->path[len - tail] = '\0';
	return m->path;
}

/*
 * While the process, or its root, is there. After a mere chroot(2) the kernel
 * has told the main program's path as it is to us.
 */
static void keep_file(const struct session *s, bool main_program, const char *path, const char *build_id)
{
	const struct root *root = s->host ? s->host->root : s->root;

	if (main_program && !(s->container && *s->container))
		return;
	if (root && *path == '/' && !files_find(s->in->files, root, s->owner ? s->owner->key : 0, path, build_id))
		sink_refuse(&s->in->sink, REFUSED_FILE, 1);
}

static int take_module(struct session *s, const void *frame, size_t len)
{
	struct module m;
	struct mapped add;
	bool main_program;
	int r = decode_module(frame, len, &m);

	if (r < 0)
		return r;
	session_row(s);
	main_program = *m.path == '\0';
	add = (struct mapped){
		.start = m.start, .end = m.end, .bias = m.bias, .shim = m.flags & SIGSHIM_MODF_SHIM,
	};
	if (!s->process || sink_mapping(&s->in->sink, s->process, &m, module_path(s, &m), &add.module) < 0)
		return 0;
	keep_file(s, main_program, m.path, m.build_id);
	s->peer = ++s->in->peers;	/* addresses mean something else now */
	return modules_add(&s->modules, s->heap, &add) < 0 ? -REFUSED_MEMORY : 0;
}

static int take_loss(struct session *s, const void *frame, size_t len)
{
	struct sigshim_loss loss;
	int r = decode_loss(frame, len, &loss);

	if (r == 0)
		gaps_count(&s->gaps, loss.lost);
	return r;
}

static int take_bye(struct session *s, const void *frame, size_t len)
{
	struct sigshim_bye bye;
	int r = decode_bye(frame, len, &bye);

	if (r == 0) {
		gaps_count(&s->gaps, bye.lost);
		s->bye = true;
	}
	return r;
}

void session_frame(struct session *s, const void *frame, size_t len)
{
	int r = decode_frame(frame, len);

	switch (r) {
	case SIGSHIM_FRAME_EVENT:
		r = take_event(s, frame, len);
		break;
	case SIGSHIM_FRAME_MODULE:
		r = take_module(s, frame, len);
		break;
	case SIGSHIM_FRAME_LOSS:
		r = take_loss(s, frame, len);
		break;
	case SIGSHIM_FRAME_BYE:
		r = take_bye(s, frame, len);
		break;
	case SIGSHIM_FRAME_CHILD:
		r = child_frame(s, frame, len);
		break;
	case SIGSHIM_FRAME_HELLO:
		r = -REFUSED_HELLO_TWICE;
		break;
	case SIGSHIM_FRAME_WELCOME:
		r = -REFUSED_TYPE;
		break;
	default:	/* padding, or of a newer shim; or too broken to have a type */
		break;
	}
	if (r < 0)
		sink_refuse(&s->in->sink, (enum refusal)-r, 1);
}
