/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations of a journal into the log; the other side of ops.c. The file may
 * have been damaged or be another's: nothing is read beyond its bytes, and
 * what makes no sense is refused. One thread.
 */
#include "format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../store/certificate.h"
#include "../store/container.h"

/* What is left of the bytes; `bad` once there were too few. */
struct in {
	const unsigned char *at, *end;
	bool bad;
	char *texts[8];
	unsigned int ntexts;
};

static const void *get_bytes(struct in *in, size_t size)
{
	const void *at = in->at;

	if (in->bad || size > (size_t)(in->end - in->at)) {
		in->bad = true;
		return NULL;
	}
	in->at += size;
	return at;
}

static uint64_t get(struct in *in)
{
	const void *bytes = get_bytes(in, sizeof(uint64_t));
	uint64_t number = 0;

	if (bytes)
		memcpy(&number, bytes, sizeof(number));
	return number;
}

/* NULL where there was none. Freed with the operation. */
static const char *get_text(struct in *in)
{
	uint64_t size = get(in);
	const char *bytes = size == UINT64_MAX ? NULL : get_bytes(in, size);
	char *text = bytes ? strndup(bytes, size) : NULL;

	if (!bytes)
		return NULL;
	if (!text)
		in->bad = true;
	else
		in->texts[in->ntexts++] = text;
	return text;
}

static int apply_process(struct store *s, struct in *in)
{
	int64_t id = (int64_t)get(in);
	struct process_info info = { 0 };

	info.run = (int64_t)get(in);
	info.parent = (int64_t)get(in);
	info.pid = (int)get(in);
	info.host_pid = (int)get(in);
	info.ppid = (int)get(in);
	info.uid = (int)get(in);
	info.gid = (int)get(in);
	info.depth = (int)get(in);
	info.minsigstksz = get(in);
	info.mask_start = get(in);
	info.pending_start = get(in);
	info.ignored_known = get(in) != 0;
	info.ignored_start = get(in);
	info.started_ns = get(in);
	info.instance = get(in);
	info.comm = get_text(in);
	info.exe = get_text(in);
	info.cmdline = get_text(in);
	info.container = get_text(in);
	info.transport = get_text(in);
	info.stack_mode = get_text(in);
	info.overflow = get_text(in);
	info.birth = get_text(in);
	return in->bad ? -EBADMSG : store_process(s, id, &info);
}

static int apply_vfork_child(struct store *s, struct in *in)
{
	int64_t id = (int64_t)get(in);
	struct vfork_info child = { 0 };

	child.parent = (int64_t)get(in);
	child.pid = (int)get(in);
	child.host_pid = (int)get(in);
	child.mask_start = get(in);
	child.started_ns = get(in);
	return in->bad ? -EBADMSG : store_vfork_child(s, id, &child);
}

static int apply_process_end(struct store *s, struct in *in)
{
	int64_t process = (int64_t)get(in);
	uint64_t ended_ns = get(in), lost = get(in);
	const char *end = get_text(in);

	return in->bad || !end ? -EBADMSG : store_process_end(s, process, ended_ns, end, lost);
}

static int apply_thread(struct store *s, struct in *in)
{
	int64_t id = (int64_t)get(in);
	struct thread_info t = { 0 };

	t.process = (int64_t)get(in);
	t.ordinal = (uint32_t)get(in);
	t.tid = (int)get(in);
	t.host_tid = (int)get(in);
	return in->bad ? -EBADMSG : store_thread(s, id, &t);
}

static int apply_module(struct store *s, struct in *in)
{
	int64_t id = (int64_t)get(in);
	const char *path = get_text(in), *build_id = get_text(in);

	return in->bad || !path || !build_id ? -EBADMSG : store_module(s, id, path, build_id);
}

static int apply_mapping(struct store *s, struct in *in)
{
	struct mapping_info m = { 0 };

	m.process = (int64_t)get(in);
	m.module = (int64_t)get(in);
	m.start = get(in);
	m.end = get(in);
	m.bias = get(in);
	m.from_ns = get(in);
	m.shim = get(in) != 0;
	return in->bad ? -EBADMSG : store_mapping(s, &m);
}

static int apply_stack(struct store *s, struct in *in)
{
	struct stack_frame frames[SIGSHIM_MAX_FRAMES];
	int64_t id = (int64_t)get(in);
	uint64_t end = get(in), n = get(in);
	const void *bytes = n <= SIGSHIM_MAX_FRAMES ? get_bytes(in, n * sizeof(*frames)) : NULL;

	if (!bytes || end >= SIGSHIM_STACK_END_MAX)
		return -EBADMSG;
	memcpy(frames, bytes, n * sizeof(*frames));
	return store_stack(s, id, frames, (unsigned int)n, (enum sigshim_stack_end)end);
}

static int apply_shim_stack(struct store *s, struct in *in)
{
	int64_t process = (int64_t)get(in);
	uint32_t number = (uint32_t)get(in);
	int64_t stack = (int64_t)get(in);

	return in->bad ? -EBADMSG : store_shim_stack(s, process, number, stack);
}

static int apply_call(struct store *s, struct in *in)
{
	int64_t id = (int64_t)get(in), stack = (int64_t)get(in);
	struct event ev = { .desc = event_by_id((int)get(in)) };
	uint64_t how;
	const void *args;

	ev.error = (int)get(in);
	ev.ret = (int64_t)get(in);
	how = get(in);
	ev.flags = (unsigned int)how;
	ev.origin = how >> 32;
	ev.mask_before = get(in);
	ev.mask_requested = get(in);
	ev.mask_after = get(in);
	ev.copied = (unsigned int)get(in);
	if (in->bad || !ev.desc || ev.origin >= ORIGIN_END)
		return -EBADMSG;
	args = get_bytes(in, ev.desc->nargs * sizeof(ev.arg[0]));
	if (args)
		memcpy(ev.arg, args, ev.desc->nargs * sizeof(ev.arg[0]));
	for (unsigned int i = 0; i < ev.desc->nargs; i++)
		if (ev.copied >> i & 1)
			ev.copy[i] = get_bytes(in, sigshim_kind_copy(ev.desc->args[i].kind));
	return in->bad ? -EBADMSG : store_call(s, id, &ev, stack);
}

static int apply_gap(struct store *s, struct in *in)
{
	struct gap_info gap = { 0 };

	gap.run = (int64_t)get(in);
	gap.process = (int64_t)get(in);
	gap.thread = (int64_t)get(in);
	gap.ts_ns = get(in);
	gap.first_seq = get(in);
	gap.last_seq = get(in);
	gap.count = (int64_t)get(in);
	gap.reason = get_text(in);
	return in->bad || !gap.reason ? -EBADMSG : store_gap(s, &gap);
}

static int apply_refusal(struct store *s, struct in *in)
{
	int64_t run = (int64_t)get(in);
	uint64_t count = get(in);
	const char *reason = get_text(in);

	return in->bad || !reason ? -EBADMSG : store_refusal(s, run, reason, count);
}

static int apply_certificate(struct store *s, struct in *in)
{
	struct certificate c = { 0 };
	const void *counts;

	c.run = (int64_t)get(in);
	c.process = (int64_t)get(in);
	c.thread = (int64_t)get(in);
	c.tid = (int)get(in);
	counts = get_bytes(in, sizeof(c.count));
	if (counts)
		memcpy(c.count, counts, sizeof(c.count));
	c.complete = get_text(in);
	c.why = get_text(in);
	return in->bad || !c.complete ? -EBADMSG : store_certificate(s, &c);
}

static int apply_finding(struct store *s, struct in *in)
{
	struct finding_info f = { 0 };

	f.run = (int64_t)get(in);
	f.process = (int64_t)get(in);
	f.thread = (int64_t)get(in);
	f.seq = get(in);
	f.ts_ns = get(in);
	f.ip = get(in);
	f.stack = (int64_t)get(in);
	f.writer = (uint32_t)get(in);
	f.kind = get_text(in);
	f.what = get_text(in);
	f.record = get_text(in);
	f.entry = get_text(in);
	f.effect = get_text(in);
	return in->bad || !f.kind || !f.what ? -EBADMSG : store_finding(s, &f);
}

static int apply_container(struct store *s, struct in *in)
{
	struct container_info c = { 0 };

	c.id = get_text(in);
	c.name = get_text(in);
	c.image = get_text(in);
	c.pod = get_text(in);
	c.namespace = get_text(in);
	c.pod_uid = get_text(in);
	c.labels = get_text(in);
	return in->bad || !c.id ? -EBADMSG : store_container(s, &c);
}

static int (*const apply[JOURNAL_OP_MAX])(struct store *s, struct in *in) = {
	[JOURNAL_PROCESS] = apply_process,
	[JOURNAL_VFORK_CHILD] = apply_vfork_child,
	[JOURNAL_PROCESS_END] = apply_process_end,
	[JOURNAL_THREAD] = apply_thread,
	[JOURNAL_MODULE] = apply_module,
	[JOURNAL_MAPPING] = apply_mapping,
	[JOURNAL_STACK] = apply_stack,
	[JOURNAL_SHIM_STACK] = apply_shim_stack,
	[JOURNAL_CALL] = apply_call,
	[JOURNAL_GAP] = apply_gap,
	[JOURNAL_REFUSAL] = apply_refusal,
	[JOURNAL_CERTIFICATE] = apply_certificate,
	[JOURNAL_FINDING] = apply_finding,
	[JOURNAL_CONTAINER] = apply_container,
};

int journal_apply(struct store *s, const unsigned char *from, size_t len)
{
	struct in in = { .at = from + 2, .end = from + len };
	unsigned int type = len < 2 ? JOURNAL_OP_MAX : from[0] | from[1] << 8;
	int r = type < JOURNAL_OP_MAX ? apply[type](s, &in) : -EBADMSG;

	for (unsigned int i = 0; i < in.ntexts; i++)
		free(in.texts[i]);
	return r < 0 ? r : (int)(in.at - from);
}
