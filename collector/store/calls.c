/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes events; see store.h. What recurs of an event, its call, is known by
 * content and written once, so that most events are five numbers. A store
 * belongs to one thread.
 */
#include "internal.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "args.h"

#define CALL_VFORK 1	/* calls.flags */

/* What makes calls equal; its bytes are compared, so it has no padding. */
struct call_key {
	uint32_t event, copied, flags;
	int32_t error;
	int64_t ret, stack;
	uint64_t before, requested, after;
	uint64_t arg[SIGSHIM_MAX_ARGS];
	unsigned char copies[SIGSHIM_COPY_MAX];
};
_Static_assert(offsetof(struct call_key, copies) == 16 + 5 * 8 + SIGSHIM_MAX_ARGS * 8,
	       "no padding");

/* Returns the key's size. */
static size_t make_key(struct call_key *key, const struct event *ev, int64_t stack)
{
	unsigned char *to = key->copies;
	unsigned int size;

	memset(key, 0, offsetof(struct call_key, copies));
	key->event = ev->desc->id;
	key->copied = ev->copied;
	key->flags = ev->flags & (SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_REQUESTED | SIGSHIM_EVF_AFTER |
				  SIGSHIM_EVF_VFORK);
	key->error = ev->error;
	key->ret = ev->ret;
	key->stack = stack;
	key->before = ev->flags & SIGSHIM_EVF_BEFORE ? ev->mask_before : 0;
	key->requested = ev->flags & SIGSHIM_EVF_REQUESTED ? ev->mask_requested : 0;
	key->after = ev->flags & SIGSHIM_EVF_AFTER ? ev->mask_after : 0;
	for (unsigned int i = 0; i < ev->desc->nargs; i++) {
		key->arg[i] = ev->arg[i];
		if (!(ev->copied & 1u << i))
			continue;
		size = sigshim_kind_copy(ev->desc->args[i].kind);
		memcpy(to, ev->copy[i], size);
		to += size;
	}
	return to - (unsigned char *)key;
}

static uint64_t signal_bit(uint64_t signo)
{
	int n = (int)signo;

	return n >= 1 && n <= 64 ? UINT64_C(1) << (n - 1) : 0;
}

/* The signals that a call is about: in a set, changed in the mask, or sent. */
static uint64_t signals_of(const struct event *ev, const struct call_key *key)
{
	const unsigned int both = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER;
	bool mask = ev->desc->effect == SIGSHIM_EFFECT_MASK;
	uint64_t signals = mask ? key->requested : 0, none = 0, set;

	if ((ev->flags & both) == both)
		signals |= ev->mask_before ^ ev->mask_after;
	for (unsigned int i = 0; i < ev->desc->nargs; i++) {
		bool copied = ev->copied & 1u << i;

		switch (ev->desc->args[i].kind) {
		case SIGSHIM_KIND_SIGNO:
			signals |= signal_bit(ev->arg[i]);
			break;
		case SIGSHIM_KIND_SIGNO_OUT:
			signals |= copied ? signal_bit(*ev->copy[i]) : 0;
			break;
		case SIGSHIM_KIND_MASK32:
			signals |= (uint32_t)ev->arg[i];
			break;
		case SIGSHIM_KIND_SIGSET_IN:
		case SIGSHIM_KIND_SIGSET_WHILE:
		case SIGSHIM_KIND_SIGSET_PAIR:
			memcpy(&set, mask || !copied ? (const void *)&none : ev->copy[i], sizeof(set));
			signals |= set;
			break;
		default:
			break;
		}
	}
	return signals;
}

/* A mask's cell: null when the mask is not known. */
static struct bind_value mask_cell(const struct event *ev, unsigned int flag, uint64_t mask)
{
	return (struct bind_value){ .is_text = !(ev->flags & flag), .number = (int64_t)mask };
}

static int write_call(struct store *s, const struct event *ev, const struct call_key *key,
		      int64_t *ret)
{
	bool changes = ev->desc->effect == SIGSHIM_EFFECT_MASK && ev->arg[1];
	struct bind_value ret_cell = {
		.is_text = !event_has_result(ev->desc), .number = ev->ret,
	};
	struct bind_value how = { .is_text = !changes, .number = (int)ev->arg[0] };
	struct json_object *args = args_json(ev), *raw = args_raw(ev);
	int r = -ENOMEM;

	if (args && raw)
		r = db_write(s, &s->stmt.call,
			     "INSERT INTO calls (event, ret, error, how, signals, mask_before, "
			     "mask_requested, mask_after, args, raw, flags, stack) "
			     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			     ROW(NUM(key->event), ret_cell, NUM(ev->error), how,
				 NUM(signals_of(ev, key)),
				 mask_cell(ev, SIGSHIM_EVF_BEFORE, ev->mask_before),
				 mask_cell(ev, SIGSHIM_EVF_REQUESTED, ev->mask_requested),
				 mask_cell(ev, SIGSHIM_EVF_AFTER, ev->mask_after),
				 TEXT(json_object_to_json_string_ext(args, ARGS_JSON_STYLE)),
				 TEXT(json_object_to_json_string_ext(raw, ARGS_JSON_STYLE)),
				 NUM(ev->flags & SIGSHIM_EVF_VFORK ? CALL_VFORK : 0), ID(key->stack)));
	json_object_put(args);
	json_object_put(raw);
	if (r == 0)
		*ret = db_last_id(s);
	return r;
}

static int intern_call(struct store *s, const struct event *ev, int64_t stack, int64_t *ret)
{
	struct call_key key;
	size_t size = make_key(&key, ev, stack);
	int64_t id = intern_find(s->calls, &key, size);
	int r = 0;

	if (!id) {
		r = write_call(s, ev, &key, &id);
		if (r < 0)
			return r;
		intern_add(s->calls, &key, size, id);
	}
	*ret = id;
	return 0;
}

/*
 * Rows go in by the batch, which costs SQLite less; OR FAIL, since it spares a
 * journal of the statement, and there is no constraint to violate.
 */
#define INSERT "INSERT OR FAIL INTO event_log (thread, call, seq, ts_ns, duration_ns) VALUES "
#define ONE "(?, ?, ?, ?, ?)"
#define FOUR ONE "," ONE "," ONE "," ONE
#define SIXTEEN FOUR "," FOUR "," FOUR "," FOUR
_Static_assert(EVENT_BATCH == 16, "as many as the statement has");

int events_flush(struct store *s)
{
	unsigned int n = s->batched;
	int r = 0;

	if (n == EVENT_BATCH)
		r = db_write(s, &s->stmt.events, INSERT SIXTEEN, s->batch[0], n * EVENT_CELLS);
	for (unsigned int i = 0; n < EVENT_BATCH && i < n && r == 0; i++)
		r = db_write(s, &s->stmt.event, INSERT ONE, s->batch[i], EVENT_CELLS);
	s->batched = 0;
	if (r < 0 && s->pending) {
		/* The transaction stands, without these. */
		s->pending -= n;
		s->refused += n;
	}
	return r;
}

static int add_event(struct store *s, int64_t thread, const struct event *ev, int64_t stack)
{
	struct bind_value *row = s->batch[s->batched];
	int64_t call = 0;
	int r = db_begin(s);

	if (r == 0)
		r = intern_call(s, ev, stack, &call);
	if (r < 0)
		return r;
	row[0] = (struct bind_value)NUM(thread);
	row[1] = (struct bind_value)NUM(call);
	row[2] = (struct bind_value)NUM(ev->seq);
	row[3] = (struct bind_value)NUM(ev->start_ns);
	row[4] = (struct bind_value)NUM(ev->duration_ns);
	s->batched++;
	s->pending++;
	return 0;
}

int store_event(struct store *s, int64_t thread, const struct event *ev, int64_t stack)
{
	int r = add_event(s, thread, ev, stack);

	if (r < 0) {
		s->refused++;
		return r;
	}
	return s->batched == EVENT_BATCH ? events_flush(s) : 0;
}
