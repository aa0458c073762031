/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocked signals as jsonl; see blocked.h. The keys are always all there:
 *   run pid tid host_pid host_tid comm exe signal blocked live certain cause
 *   after_seq before_seq time by_pid by_tid seq event args caller stack
 */
#include "blocked_json.h"

#include <errno.h>

#include "json.h"

static const char *const causes[] = {
	[MASK_CALL] = "call", [MASK_INHERITED] = "inherited", [MASK_START] = "start",
	[MASK_UNRECORDED] = "unrecorded", [MASK_NOBODY] = NULL,
};

struct call {
	const struct blocked_view *v;
	struct json_object *j;
};

static int put_call(const struct log_event *ev, void *arg)
{
	const struct call *c = arg;
	const struct log_frame *frames;
	struct clock clock = {};
	struct text time = {};
	int n = 0;

	clock_utc(&clock, &time, event_time(ev));
	json_put_string(c->j, "time", text_str(&time));
	text_free(&time);
	json_put_int(c->j, "by_pid", ev->pid);
	json_put_int(c->j, "by_tid", ev->tid);
	json_put_int(c->j, "seq", ev->seq);
	json_put_string(c->j, "event", ev->desc->name);
	json_put_args(c->j, ev);
	if (ev->stack)
		n = store_stack_read(c->v->opt.store, ev->stack, ev->process, &frames, NULL);
	if (n >= 0)
		json_put_stack(c->j, frames, n);
	return n < 0 ? n : 0;
}

static void put_thread(struct json_object *j, const struct mask_thread *t, const struct live_thread *live)
{
	const struct mask_process *p = t ? t->process : NULL;
	int host_tid = live ? live->host_tid : t->host_tid;

	json_object_object_add(j, "run", p ? json_object_new_int64(p->run) : NULL);
	json_object_object_add(j, "pid", p ? json_object_new_int(p->pid) : NULL);
	json_put_int(j, "tid", t ? t->tid : live->tid);
	json_object_object_add(j, "host_pid", p ? json_object_new_int(p->host_pid) : NULL);
	json_object_object_add(j, "host_tid", host_tid ? json_object_new_int(host_tid) : NULL);
	json_put_string(j, "comm", p ? p->comm : NULL);
	json_put_string(j, "exe", p ? p->exe : NULL);
}

static void put_seq(struct json_object *j, const char *key, uint64_t seq)
{
	json_object_object_add(j, key, seq ? json_object_new_int64(seq) : NULL);
}

static int put_cause(const struct blocked_view *v, struct json_object *j, const struct mask_cause *cause)
{
	static const char *const of_call[] = { "time", "by_pid", "by_tid", "seq", "event", "args", "caller" };
	struct call c = { v, j };

	json_put_string(j, "cause", causes[cause->kind]);
	put_seq(j, "after_seq", cause->after_seq);
	put_seq(j, "before_seq", cause->before_seq);
	if (cause->event)
		return blocked_call(v, cause->event, put_call, &c);
	for (unsigned int i = 0; i < sizeof(of_call) / sizeof(of_call[0]); i++)
		json_object_object_add(j, of_call[i], NULL);
	json_object_object_add(j, "stack", json_object_new_array());
	return 0;
}

static int show_signal(const struct blocked_view *v, const struct mask_thread *t,
		       const struct live_thread *live, unsigned int n)
{
	static const struct mask_cause none;
	bool known = t && t->known, blocked = known && t->mask >> n & 1;
	struct json_object *j = json_object_new_object();
	struct text line = {};
	char buf[SIGNAL_NAME_MAX];
	int r;

	put_thread(j, t, live);
	json_put_string(j, "signal", signal_name(n + 1, buf));
	json_object_object_add(j, "blocked", known ? json_object_new_boolean(blocked) : NULL);
	json_object_object_add(j, "live", live ? json_object_new_boolean(live->mask >> n & 1) : NULL);
	json_object_object_add(j, "certain", json_object_new_boolean(known && !t->uncertain));
	r = put_cause(v, j, blocked ? &t->cause[n] : &none);
	json_write(&line, j);
	text_addc(&line, '\n');
	if (r == 0)
		r = line.failed ? -ENOMEM : write_all(v->opt.out, line.s, line.len);
	text_free(&line);
	return r;
}

int blocked_json(const struct blocked_view *v, const struct mask_thread *t, const struct live_thread *live)
{
	uint64_t set = ((t && t->known ? t->mask : 0) | (live ? live->mask : 0)) & v->want;
	int r = 0;

	for (unsigned int n = 0; n < 64 && r == 0; n++)
		if (set >> n & 1)
			r = show_signal(v, t, live, n);
	return r;
}
