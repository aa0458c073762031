/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations of a journal, but for events: numbers and texts one after the
 * other, as apply.c takes them up. One thread.
 */
#include "writer.h"

#include <errno.h>
#include <string.h>

#include "../store/certificate.h"
#include "../store/container.h"

#define OP_MAX 32768	/* bytes of an operation, more than any has */

/* An operation that is being put together. It counts when it is whole. */
struct op {
	struct journal *j;
	size_t used;
	bool full;
};

static void put_bytes(struct op *o, const void *bytes, size_t size)
{
	if (o->full || size > JOURNAL_CHUNK - o->used) {
		o->full = true;
		return;
	}
	memcpy(o->j->buf + o->used, bytes, size);
	o->used += size;
}

static void put(struct op *o, uint64_t number)
{
	put_bytes(o, &number, sizeof(number));
}

static void put_text(struct op *o, const char *text)
{
	put(o, text ? strlen(text) : UINT64_MAX);
	if (text)
		put_bytes(o, text, strlen(text));
}

static int begin(struct op *o, struct journal *j, enum journal_op type)
{
	int r = 0;

	if (j->used + OP_MAX > JOURNAL_CHUNK)
		r = journal_flush(j);
	if (r < 0)
		return r;
	*o = (struct op){ .j = j, .used = j->used };
	put_bytes(o, &(uint16_t){ (uint16_t)type }, 2);
	return 0;
}

static int end(struct op *o)
{
	if (o->full)
		return -E2BIG;
	o->j->used = o->used;
	return 0;
}

int journal_process(struct journal *j, int64_t id, const struct process_info *info)
{
	const uint64_t numbers[] = {
		(uint64_t)id, (uint64_t)info->run, (uint64_t)info->parent, (uint64_t)info->pid,
		(uint64_t)info->host_pid, (uint64_t)info->ppid, (uint64_t)info->uid,
		(uint64_t)info->gid, (uint64_t)info->depth, info->minsigstksz, info->mask_start,
		info->pending_start, info->ignored_known, info->ignored_start, info->started_ns,
		info->instance,
	};
	struct op o;
	int r = begin(&o, j, JOURNAL_PROCESS);

	if (r < 0)
		return r;
	put_bytes(&o, numbers, sizeof(numbers));
	put_text(&o, info->comm);
	put_text(&o, info->exe);
	put_text(&o, info->cmdline);
	put_text(&o, info->container);
	put_text(&o, info->transport);
	put_text(&o, info->stack_mode);
	put_text(&o, info->overflow);
	put_text(&o, info->birth);
	return end(&o);
}

int journal_vfork_child(struct journal *j, int64_t id, const struct vfork_info *child)
{
	struct op o;
	int r = begin(&o, j, JOURNAL_VFORK_CHILD);

	if (r < 0)
		return r;
	put(&o, (uint64_t)id);
	put(&o, (uint64_t)child->parent);
	put(&o, (uint64_t)child->pid);
	put(&o, (uint64_t)child->host_pid);
	put(&o, child->mask_start);
	put(&o, child->started_ns);
	return end(&o);
}

int journal_process_end(struct journal *j, int64_t process, uint64_t ended_ns, const char *how, uint64_t lost)
{
	struct op o;
	int r = begin(&o, j, JOURNAL_PROCESS_END);

	if (r < 0)
		return r;
	put(&o, (uint64_t)process);
	put(&o, ended_ns);
	put(&o, lost);
	put_text(&o, how);
	return end(&o);
}

int journal_thread(struct journal *j, int64_t id, const struct thread_info *t)
{
	struct op o;
	int r = begin(&o, j, JOURNAL_THREAD);

	if (r < 0)
		return r;
	put(&o, (uint64_t)id);
	put(&o, (uint64_t)t->process);
	put(&o, t->ordinal);
	put(&o, (uint64_t)t->tid);
	put(&o, (uint64_t)t->host_tid);
	return end(&o);
}

int journal_module(struct journal *j, int64_t id, const char *path, const char *build_id)
{
	struct op o;
	int r = begin(&o, j, JOURNAL_MODULE);

	if (r < 0)
		return r;
	put(&o, (uint64_t)id);
	put_text(&o, path);
	put_text(&o, build_id);
	return end(&o);
}

int journal_mapping(struct journal *j, const struct mapping_info *m)
{
	struct op o;
	int r = begin(&o, j, JOURNAL_MAPPING);

	if (r < 0)
		return r;
	put(&o, (uint64_t)m->process);
	put(&o, (uint64_t)m->module);
	put(&o, m->start);
	put(&o, m->end);
	put(&o, m->bias);
	put(&o, m->from_ns);
	put(&o, m->shim);
	return end(&o);
}

int journal_stack(struct journal *j, int64_t id, const struct stack_frame *frames, unsigned int n,
		  enum sigshim_stack_end why)
{
	struct op o;
	int r = begin(&o, j, JOURNAL_STACK);

	if (r < 0)
		return r;
	put(&o, (uint64_t)id);
	put(&o, why);
	put(&o, n);
	put_bytes(&o, frames, n * sizeof(*frames));
	return end(&o);
}

int journal_shim_stack(struct journal *j, int64_t process, uint32_t number, int64_t stack)
{
	struct op o;
	int r = begin(&o, j, JOURNAL_SHIM_STACK);

	if (r < 0)
		return r;
	put(&o, (uint64_t)process);
	put(&o, number);
	put(&o, (uint64_t)stack);
	return end(&o);
}

int journal_call(struct journal *j, int64_t id, const struct event *ev, int64_t stack)
{
	const uint64_t numbers[] = {
		(uint64_t)id, (uint64_t)stack, ev->desc->id, (uint64_t)ev->error, (uint64_t)ev->ret,
		ev->flags | (uint64_t)ev->origin << 32, ev->mask_before, ev->mask_requested, ev->mask_after, ev->copied,
	};
	struct op o;
	int r = begin(&o, j, JOURNAL_CALL);

	if (r < 0)
		return r;
	put_bytes(&o, numbers, sizeof(numbers));
	put_bytes(&o, ev->arg, ev->desc->nargs * sizeof(ev->arg[0]));
	for (unsigned int i = 0; i < ev->desc->nargs; i++)
		if (ev->copied >> i & 1)
			put_bytes(&o, ev->copy[i], sigshim_kind_copy(ev->desc->args[i].kind));
	return end(&o);
}

int journal_gap(struct journal *j, const struct gap_info *gap)
{
	struct op o;
	int r = begin(&o, j, JOURNAL_GAP);

	if (r < 0)
		return r;
	put(&o, (uint64_t)gap->run);
	put(&o, (uint64_t)gap->process);
	put(&o, (uint64_t)gap->thread);
	put(&o, gap->ts_ns);
	put(&o, gap->first_seq);
	put(&o, gap->last_seq);
	put(&o, (uint64_t)gap->count);
	put_text(&o, gap->reason);
	return end(&o);
}

int journal_refusal(struct journal *j, int64_t run, const char *reason, uint64_t count)
{
	struct op o;
	int r = begin(&o, j, JOURNAL_REFUSAL);

	if (r < 0)
		return r;
	put(&o, (uint64_t)run);
	put(&o, count);
	put_text(&o, reason);
	return end(&o);
}

int journal_certificate(struct journal *j, const struct certificate *c)
{
	struct op o;
	int r = begin(&o, j, JOURNAL_CERTIFICATE);

	if (r < 0)
		return r;
	put(&o, (uint64_t)c->run);
	put(&o, (uint64_t)c->process);
	put(&o, (uint64_t)c->thread);
	put(&o, (uint64_t)c->tid);
	put_bytes(&o, c->count, sizeof(c->count));
	put_text(&o, c->complete);
	put_text(&o, c->why);
	return end(&o);
}

int journal_finding(struct journal *j, const struct finding_info *f)
{
	const uint64_t numbers[] = {
		(uint64_t)f->run, (uint64_t)f->process, (uint64_t)f->thread, f->seq, f->ts_ns, f->ip,
		(uint64_t)f->stack, f->writer,
	};
	struct op o;
	int r = begin(&o, j, JOURNAL_FINDING);

	if (r < 0)
		return r;
	put_bytes(&o, numbers, sizeof(numbers));
	put_text(&o, f->kind);
	put_text(&o, f->what);
	put_text(&o, f->record);
	put_text(&o, f->entry);
	put_text(&o, f->effect);
	return end(&o);
}

int journal_container(struct journal *j, const struct container_info *c)
{
	struct op o;
	int r = begin(&o, j, JOURNAL_CONTAINER);

	if (r < 0)
		return r;
	put_text(&o, c->id);
	put_text(&o, c->name);
	put_text(&o, c->image);
	put_text(&o, c->pod);
	put_text(&o, c->namespace);
	put_text(&o, c->pod_uid);
	put_text(&o, c->labels);
	return end(&o);
}
