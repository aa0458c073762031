/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks of decode.h. Fields are read by memcpy, since a frame may lie at
 * any address. Used by ingest/ and the fuzzer. Pure: MT-safe.
 */
#include "decode.h"

#include <string.h>

#define MAX_ERRNO 4095

const char *refusal_name(enum refusal why)
{
	static const char *const names[REFUSED_MAX] = {
#define X(id, name) [REFUSED_##id] = name,
		SIGSHIM_REFUSALS(X)
#undef X
	};

	return why > REFUSED_NOTHING && why < REFUSED_MAX ? names[why] : "unknown";
}

int decode_frame(const void *frame, size_t len)
{
	struct sigshim_frame h;

	if (len < sizeof(h))
		return -REFUSED_TRUNCATED;
	memcpy(&h, frame, sizeof(h));
	if (h.size != len || len > SIGSHIM_MAX_FRAME_SIZE)
		return -REFUSED_SIZE;
	if (h.fixed < sizeof(h) || h.fixed > len)
		return -REFUSED_FIXED;
	return h.type;
}

/*
 * Copies the fixed part of a frame of this type; `size` is ours. A newer
 * shim's may be longer.
 */
static int fixed_part(const void *frame, size_t len, enum sigshim_frame_type type, void *ret, size_t size)
{
	int r = decode_frame(frame, len);

	if (r < 0)
		return r;
	if (r != (int)type)
		return -REFUSED_TYPE;
	if (len < size)
		return -REFUSED_TRUNCATED;
	memcpy(ret, frame, size);
	if (((struct sigshim_frame *)ret)->fixed < size)
		return -REFUSED_FIXED;
	return 0;
}

int decode_hello(const void *frame, size_t len, struct sigshim_hello *ret)
{
	struct sigshim_hello hello = { 0 };
	int r = fixed_part(frame, len, SIGSHIM_FRAME_HELLO, &hello, SIGSHIM_HELLO_MIN);

	/* Another version may have another hello: its number comes before all else. */
	if (len >= offsetof(struct sigshim_hello, pid) && r != -REFUSED_TYPE) {
		memcpy(&hello, frame, offsetof(struct sigshim_hello, pid));
		if (hello.magic != SIGSHIM_WIRE_MAGIC)
			return r < 0 ? r : -REFUSED_MAGIC;
		if (hello.version != SIGSHIM_WIRE_VERSION)
			return -REFUSED_VERSION;
	}
	if (r < 0)
		return r;
	if (hello.h.fixed != len)
		return -REFUSED_LENGTH;
	/* Older shims' hellos end earlier. */
	memcpy(&hello, frame, len < sizeof(hello) ? len : sizeof(hello));
	if (hello.pid <= 0 || hello.ppid < 0 || hello.tid <= 0 || hello.instance == 0 ||
	    hello.depth > SIGSHIM_MAX_FRAMES ||
	    hello.stack_mode > SIGSHIM_STACK_NONE || hello.transport > SIGSHIM_TRANSPORT_SOCKET ||
	    hello.overflow > SIGSHIM_OVERFLOW_BLOCK || hello.lost > DECODE_MAX_SEQ)
		return -REFUSED_HELLO;
	*ret = hello;
	return 0;
}

/* Result and error belong together as the event reports failure. */
static bool result_is_sane(const struct sigshim_event *e, const struct event_desc *desc)
{
	if (e->error < 0 || e->error > MAX_ERRNO)
		return false;
	switch (desc->err) {
	case SIGSHIM_ERR_ERRNO:
		return e->error == 0 || e->ret == -1;
	case SIGSHIM_ERR_RETURN:
		return e->ret == e->error;
	default:
		return e->error == 0;
	}
}

/* What the header of an event claims, before its variable part is looked at. */
static int check_event(const struct sigshim_event *e, const struct event_desc *desc)
{
	if (!desc)
		return -REFUSED_EVENT;
	if (e->nargs != desc->nargs)
		return -REFUSED_ARGS;
	for (unsigned int i = 0; i < 8; i++)
		if (e->copied >> i & 1 && (i >= desc->nargs || sigshim_kind_copy(desc->args[i].kind) == 0))
			return -REFUSED_COPIES;
	if (e->npcs > SIGSHIM_MAX_FRAMES)
		return -REFUSED_FRAMES;
	if (e->tid <= 0 || e->pid <= 0 || e->thread == 0)
		return -REFUSED_THREAD;
	if (e->seq == 0 || e->seq > DECODE_MAX_SEQ)
		return -REFUSED_SEQ;
	if (e->stack_end >= SIGSHIM_STACK_END_MAX || (e->flags & SIGSHIM_EVF_NEW_STACK && e->stack_id == 0))
		return -REFUSED_STACK;
	return result_is_sane(e, desc) ? 0 : -REFUSED_RESULT;
}

static size_t copies_size(const struct sigshim_event *e, const struct event_desc *desc)
{
	size_t size = 0;

	for (unsigned int i = 0; i < desc->nargs; i++)
		if (e->copied >> i & 1)
			size += sigshim_kind_copy(desc->args[i].kind);
	return size;
}

static void fill_event(const struct sigshim_event *e, const struct event_desc *desc,
		       const unsigned char *variable, struct event *ret)
{
	*ret = (struct event){
		.desc = desc, .pid = e->pid, .tid = e->tid, .thread = e->thread, .error = e->error,
		.seq = e->seq, .start_ns = e->start_ns, .duration_ns = e->duration_ns, .ret = e->ret,
		.flags = e->flags, .mask_before = e->mask_before, .mask_requested = e->mask_requested,
		.mask_after = e->mask_after, .copied = e->copied, .caller = e->caller,
		.stack_id = e->stack_id, .stack_end = e->stack_end, .npcs = e->npcs,
	};
	memcpy(ret->arg, variable, desc->nargs * sizeof(uint64_t));
	variable += desc->nargs * sizeof(uint64_t);
	for (unsigned int i = 0; i < desc->nargs; i++) {
		if (!(e->copied >> i & 1))
			continue;
		ret->copy[i] = variable;
		variable += sigshim_kind_copy(desc->args[i].kind);
	}
	memcpy(ret->pc, variable, e->npcs * sizeof(uint64_t));
}

int decode_event(const void *frame, size_t len, struct event *ret)
{
	const struct event_desc *desc;
	struct sigshim_event e;
	int r = fixed_part(frame, len, SIGSHIM_FRAME_EVENT, &e, sizeof(e));

	if (r < 0)
		return r;
	desc = event_by_id(e.event);
	r = check_event(&e, desc);
	if (r < 0)
		return r;
	if (len - e.h.fixed != (e.nargs + e.npcs) * sizeof(uint64_t) + copies_size(&e, desc))
		return -REFUSED_LENGTH;
	fill_event(&e, desc, (const unsigned char *)frame + e.h.fixed, ret);
	return 0;
}

int decode_module(const void *frame, size_t len, struct module *ret)
{
	const unsigned char *variable;
	struct sigshim_module m;
	int r = fixed_part(frame, len, SIGSHIM_FRAME_MODULE, &m, sizeof(m));

	if (r < 0)
		return r;
	if (m.start >= m.end)
		return -REFUSED_RANGE;
	if (m.build_id_len > SIGSHIM_MAX_BUILD_ID)
		return -REFUSED_BUILD_ID;
	if (m.path_len > SIGSHIM_MAX_PATH)
		return -REFUSED_PATH;
	if (len - m.h.fixed != (size_t)m.build_id_len + m.path_len)
		return -REFUSED_LENGTH;
	variable = (const unsigned char *)frame + m.h.fixed;
	if (memchr(variable + m.build_id_len, '\0', m.path_len))
		return -REFUSED_PATH;
	ret->start = m.start;
	ret->end = m.end;
	ret->bias = m.bias;
	ret->now_ns = m.now_ns;
	ret->flags = m.flags;
	for (unsigned int i = 0; i < m.build_id_len; i++) {
		ret->build_id[2 * i] = "0123456789abcdef"[variable[i] >> 4];
		ret->build_id[2 * i + 1] = "0123456789abcdef"[variable[i] & 15];
	}
	ret->build_id[2 * m.build_id_len] = '\0';
	memcpy(ret->path, variable + m.build_id_len, m.path_len);
	ret->path[m.path_len] = '\0';
	return 0;
}

int decode_loss(const void *frame, size_t len, struct sigshim_loss *ret)
{
	struct sigshim_loss loss;
	int r = fixed_part(frame, len, SIGSHIM_FRAME_LOSS, &loss, sizeof(loss));

	if (r < 0)
		return r;
	if (loss.h.fixed != len)
		return -REFUSED_LENGTH;
	*ret = loss;
	return 0;
}

int decode_bye(const void *frame, size_t len, struct sigshim_bye *ret)
{
	struct sigshim_bye bye;
	int r = fixed_part(frame, len, SIGSHIM_FRAME_BYE, &bye, sizeof(bye));

	if (r < 0)
		return r;
	if (bye.h.fixed != len)
		return -REFUSED_LENGTH;
	*ret = bye;
	return 0;
}
