/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the formats of output/ share: a format is a row of functions, and an
 * event is put together from fragments that recur (its thread's part, its
 * call's, its stack's), each rendered once. For the files of this folder.
 */
#ifndef SIGSHIM_FORMAT_H
#define SIGSHIM_FORMAT_H

#include "../analysis/frame.h"
#include "../analysis/text.h"
#include "../store/container.h"
#include "cache.h"
#include "clock.h"
#include "output.h"

struct output {
	const struct output_format *format;
	struct output_options opt;
	struct text line, scratch;
	struct cache threads, calls, stacks, others;	/* fragments */
	struct clock clock;
	int error;		/* the first failure of a fragment */
	void *state;		/* the format's own */
};

struct output_format {
	const char *name;
	int (*begin)(struct output *o);	/* may be NULL, as flush and end */
	int (*event)(struct output *o, const struct log_event *ev);
	int (*flush)(struct output *o);
	void (*end)(struct output *o);
};

extern const struct output_format format_table, format_jsonl, format_csv, format_tracee_v0,
	format_tracee_v1;

/* Renders a fragment of an event into an empty text. */
typedef void fragment_fn(struct output *o, const struct log_event *ev, struct text *t);

/* The fragment of ev under the key (a, b), rendered by `make` if it is new. */
const struct fragment *fragment(struct output *o, struct cache *c, uint64_t a, uint64_t b,
				fragment_fn *make, const struct log_event *ev);
/* Appends it to o->line. */
void add_fragment(struct output *o, struct cache *c, uint64_t a, uint64_t b, fragment_fn *make,
		  const struct log_event *ev);

/* Writes o->line and empties it; the failures of its parts come out here. */
int write_line(struct output *o);
int write_all(FILE *out, const char *s, size_t len);

/* CLOCK_REALTIME of the event. */
static inline int64_t event_time(const struct log_event *ev)
{
	return ev->run_started_ns + (int64_t)ev->ts_ns - ev->run_mono_ns;
}

/* store_stack_read for the event; 0 frames when it has no stack. */
int event_frames(struct output *o, const struct log_event *ev, const struct log_frame **ret,
		 enum sigshim_stack_end *ret_end);

/* Calls fn once with what is known of its container; only NULLs where there is none. */
void event_container(struct output *o, const struct log_event *ev,
		     void (*fn)(const struct container_info *c, void *arg), void *arg);

/* NAMESPACE/NAME of its pod, in t; NULL: it is in none. */
const char *container_pod(const struct container_info *c, struct text *t);

/* "EINVAL", the number where it has no name, NULL for success. */
const char *error_text(int error, char buf[static 16]);
/* "SIGINT SIGTERM" */
void add_mask(struct text *t, uint64_t mask);
/* For people: a set of nearly all signals as ~[those that are not in it]. */
void add_mask_short(struct text *t, uint64_t mask);
/* Valid UTF-8 of it: U+FFFD for what is not. */
void add_utf8(struct text *t, const char *s);
/* The same, with control characters, and what the locale cannot show, as \x1b: for a terminal. */
void add_printable(struct text *t, const char *s);

#endif
