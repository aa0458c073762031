/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes calls, which are what recurs of events; see store.h. A store belongs
 * to one thread.
 */
#include "internal.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "args.h"

#define CALL_VFORK 1		/* calls.flags */
#define CALL_ORIGIN_SHIFT 4

static enum origin origin_of(const struct event *ev)
{
	return ev->origin ? ev->origin : origin_of_event(ev->desc);
}

static uint64_t signal_bit(uint64_t signo)
{
	int n = (int)signo;

	return n >= 1 && n <= 64 ? UINT64_C(1) << (n - 1) : 0;
}

/* The signals that a call is about: in a set, changed in the mask, or sent. */
static uint64_t signals_of(const struct event *ev)
{
	const unsigned int both = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER;
	bool mask = ev->desc->effect == SIGSHIM_EFFECT_MASK;
	uint64_t signals = mask && ev->flags & SIGSHIM_EVF_REQUESTED ? ev->mask_requested : 0;
	uint64_t none = 0, set;

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

int store_call(struct store *s, int64_t id, const struct event *ev, int64_t stack)
{
	bool changes = ev->desc->effect == SIGSHIM_EFFECT_MASK && ev->arg[1];
	struct bind_value ret_cell = {
		.is_text = !event_has_result(ev->desc, ev->error), .number = ev->ret,
	};
	struct bind_value how = { .is_text = !changes, .number = (int)ev->arg[0] };
	struct json_object *args = args_json(ev), *raw = args_raw(ev);
	int r = -ENOMEM;

	if (args && raw)
		r = db_write(s, &s->stmt.call,
			     "INSERT INTO calls (id, event, ret, error, how, signals, mask_before, "
			     "mask_requested, mask_after, args, raw, flags, stack) "
			     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			     ROW(NUM(id), NUM(ev->desc->id), ret_cell, NUM(ev->error), how,
				 NUM(signals_of(ev)),
				 mask_cell(ev, SIGSHIM_EVF_BEFORE, ev->mask_before),
				 mask_cell(ev, SIGSHIM_EVF_REQUESTED, ev->mask_requested),
				 mask_cell(ev, SIGSHIM_EVF_AFTER, ev->mask_after),
				 TEXT(json_object_to_json_string_ext(args, ARGS_JSON_STYLE)),
				 TEXT(json_object_to_json_string_ext(raw, ARGS_JSON_STYLE)),
				 NUM((ev->flags & SIGSHIM_EVF_VFORK ? CALL_VFORK : 0) |
				     origin_of(ev) << CALL_ORIGIN_SHIFT), ID(stack)));
	json_object_put(args);
	json_object_put(raw);
	return r;
}
