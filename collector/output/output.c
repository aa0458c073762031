/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The face of the formats, and what they share; see output.h and format.h.
 */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

static const struct output_format *const formats[] = {
	&format_table, &format_jsonl, &format_csv, &format_tracee_v0, &format_tracee_v1
};
#define NFORMATS (sizeof(formats) / sizeof(formats[0]))

const char *const output_formats[NFORMATS + 1] = {
	"table", "jsonl", "csv", "tracee-v0", "tracee-v1", NULL
};

int output_open(const char *format, const struct output_options *opt, struct output **ret)
{
	struct output *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	o->opt = *opt;
	for (unsigned int i = 0; i < NFORMATS; i++)
		if (strcmp(formats[i]->name, format) == 0)
			o->format = formats[i];
	r = !o->format ? -EINVAL : o->format->begin ? o->format->begin(o) : 0;
	if (r < 0) {
		free(o);
		return r;
	}
	*ret = o;
	return 0;
}

int output_event(struct output *o, const struct log_event *ev)
{
	return o->format->event(o, ev);
}

int output_flush(struct output *o)
{
	int r = o->format->flush ? o->format->flush(o) : 0;

	cache_clear(&o->stacks);
	cache_clear(&o->others);
	if (r == 0 && fflush(o->opt.out) != 0)
		r = -errno;
	return r;
}

int output_close(struct output *o)
{
	int r;

	if (!o)
		return 0;
	r = output_flush(o);
	if (o->format->end)
		o->format->end(o);
	cache_free(&o->threads);
	cache_free(&o->calls);
	cache_free(&o->stacks);
	cache_free(&o->others);
	text_free(&o->line);
	text_free(&o->scratch);
	free(o);
	return r;
}

const struct fragment *fragment(struct output *o, struct cache *c, uint64_t a, uint64_t b,
				fragment_fn *make, const struct log_event *ev)
{
	const struct fragment *f = cache_get(c, a, b);
	static const struct fragment none = { "", 0 };
	struct text t = {};
	size_t len;
	char *s;

	if (f)
		return f;
	make(o, ev, &t);
	len = t.len;
	s = text_take(&t);
	f = s ? cache_put(c, a, b, s, len) : NULL;
	if (!f && !o->error)
		o->error = -ENOMEM;
	return f ? f : &none;
}

void add_fragment(struct output *o, struct cache *c, uint64_t a, uint64_t b, fragment_fn *make,
		  const struct log_event *ev)
{
	const struct fragment *f = fragment(o, c, a, b, make, ev);

	text_addn(&o->line, f->s, f->len);
}

int write_all(FILE *out, const char *s, size_t len)
{
	return fwrite(s, 1, len, out) == len ? 0 : errno ? -errno : -EIO;
}

int write_line(struct output *o)
{
	int r = o->error ? o->error : o->line.failed ? -ENOMEM :
		write_all(o->opt.out, text_str(&o->line), o->line.len);

	text_clear(&o->line);
	return r;
}

int event_frames(struct output *o, const struct log_event *ev, const struct log_frame **ret,
		 enum sigshim_stack_end *ret_end)
{
	int n = ev->stack ? store_stack_read(o->opt.store, ev->stack, ev->process, ret, ret_end) : 0;

	if (n < 0 && !o->error)
		o->error = n;
	return n < 0 ? 0 : n;
}

struct container_reader {
	void (*fn)(const struct container_info *c, void *arg);
	void *arg;
	bool done;
};

static void take_container(const struct container_info *c, void *arg)
{
	struct container_reader *r = arg;

	r->fn(c, r->arg);
	r->done = true;
}

void event_container(struct output *o, const struct log_event *ev,
		     void (*fn)(const struct container_info *c, void *arg), void *arg)
{
	struct container_reader reader = { fn, arg, false };
	int r = store_container_read(o->opt.store, ev->container, take_container, &reader);

	if (r < 0 && !o->error)
		o->error = r;
	if (!reader.done)
		fn(&(struct container_info){ .id = ev->container }, arg);
}

const char *container_pod(const struct container_info *c, struct text *t)
{
	if (!c->pod)
		return NULL;
	text_addf(t, "%s%s%s", c->namespace ? c->namespace : "", c->namespace ? "/" : "", c->pod);
	return text_str(t);
}

const char *error_text(int error, char buf[static 16])
{
	const char *name = errno_name(error);

	if (!error || name)
		return error ? name : NULL;
	snprintf(buf, 16, "%d", error);
	return buf;
}

void add_mask(struct text *t, uint64_t mask)
{
	const char *sep = "";
	char buf[SIGNAL_NAME_MAX];

	for (int n = 1; n <= 64; n++) {
		if (!(mask >> (n - 1) & 1))
			continue;
		text_add(t, sep);
		text_add(t, signal_name(n, buf));
		sep = " ";
	}
}

void add_mask_short(struct text *t, uint64_t mask)
{
	bool most = __builtin_popcountll(mask) > 32;

	text_add(t, most ? "~[" : "");
	add_mask(t, most ? ~mask : mask);
	text_add(t, most ? "]" : "");
}
