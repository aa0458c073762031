/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses the arguments of calls; see detail.h.
 */
#include "detail.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 2048	/* a power of two */

struct details {
	struct detail slot[SLOTS];
};

static const struct {
	const char *names;
	enum call_class class;
} named[] = {
	{ " sigqueue pthread_sigqueue rt_sigqueueinfo rt_tgsigqueueinfo ", CALL_QUEUE },
	{ " kill raise gsignal pthread_kill tgkill killpg tkill pidfd_send_signal ", CALL_SEND },
	{ " sigaction rt_sigaction signal bsd_signal sysv_signal ssignal sigset sigignore siginterrupt ",
	  CALL_ACTION },
	{ " sigblock sigsetmask sighold sigrelse ", CALL_LEGACY },
	{ " sigaltstack ", CALL_ALTSTACK },
	{ " signalfd signalfd4 ", CALL_SIGNALFD },
	{ " sigwait sigwaitinfo sigtimedwait rt_sigtimedwait ", CALL_WAIT },
	{ " fork ", CALL_FORK },
	{ " posix_spawn posix_spawnp ", CALL_SPAWN },
	{ " execve execv execvp execvpe execl execlp execle fexecve execveat ", CALL_EXEC },
	{ " exit _exit _Exit quick_exit ", CALL_EXIT },
	{ " pthread_create thrd_create ", CALL_THREAD_CREATE },
	{ " thread_start ", CALL_THREAD_START },
	{ " thread_end ", CALL_THREAD_END },
	{ " scope_begin ", CALL_SCOPE_BEGIN },
	{ " scope_end ", CALL_SCOPE_END },
};

static enum call_class classify(const struct event_desc *desc)
{
	char word[64];

	if (desc->effect == SIGSHIM_EFFECT_MASK)
		return CALL_MASK;
	if (desc->effect == SIGSHIM_EFFECT_WHILE)
		return CALL_SUSPEND;
	if (desc->effect == SIGSHIM_EFFECT_JUMP)
		return CALL_JUMP;
	snprintf(word, sizeof(word), " %s ", desc->name);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strstr(named[i].names, word))
			return named[i].class;
	return CALL_OTHER;
}

enum call_class call_class(const struct event_desc *desc)
{
	static signed char known[SIGSHIM_EV_MAX + 1];

	if (!known[desc->id])
		known[desc->id] = (signed char)(classify(desc) + 1);
	return known[desc->id] - 1;
}

struct details *details_new(void)
{
	return calloc(1, sizeof(struct details));
}

void details_free(struct details *d)
{
	free(d);
}

static void parse_raw(const char *raw, struct detail *d)
{
	const char *p = raw ? strchr(raw, '[') : NULL;

	for (int i = 0; p && i < SIGSHIM_MAX_ARGS; i++) {
		d->raw[i] = strtoull(p + 1, NULL, 10);
		p = strchr(p + 1, ',');
	}
}

static uint64_t number(struct json_object *o)
{
	const char *text;

	if (!json_object_is_type(o, json_type_string))
		return json_object_get_uint64(o);
	text = json_object_get_string(o);
	if (strcmp(text, "SIG_DFL") == 0 || strcmp(text, "SIG_IGN") == 0 || strcmp(text, "SIG_HOLD") == 0)
		return text[4] == 'D' ? 0 : text[4] == 'I' ? 1 : 2;
	return strtoull(text, NULL, 0);
}

static uint64_t member(struct json_object *o, const char *name)
{
	return number(json_object_object_get(o, name));
}

static uint64_t signals(struct json_object *array)
{
	uint64_t set = 0;

	for (size_t i = 0; json_object_is_type(array, json_type_array) && i < json_object_array_length(array); i++) {
		int n = signal_parse(json_object_get_string(json_object_array_get_idx(array, i)));

		set |= n > 0 ? 1ull << (n - 1) : 0;
	}
	return set;
}

/* Flags are an array of names, and a number for what has none; a single name counts too. */
static unsigned int flags(const char *list, struct json_object *o)
{
	bool array = json_object_is_type(o, json_type_array);
	unsigned int value = 0;
	const char *name, *word;
	int64_t bit;

	for (size_t i = 0; i < (array ? json_object_array_length(o) : 1); i++) {
		word = json_object_get_string(array ? json_object_array_get_idx(o, i) : o);
		for (unsigned int k = 0; word && flag_at(list, k, &name, &bit); k++)
			if (strcmp(word, name) == 0)
				value |= (unsigned int)bit;
		if (word && strncmp(word, "0x", 2) == 0)
			value |= (unsigned int)strtoul(word, NULL, 0);
	}
	return value;
}

static struct detail_stack stack_of(struct json_object *o)
{
	return (struct detail_stack){
		.sp = member(o, "ss_sp"), .size = member(o, "ss_size"),
		.flags = flags("ss", json_object_object_get(o, "ss_flags")),
	};
}

static struct detail_action action_of(struct json_object *o)
{
	return (struct detail_action){
		.handler = member(o, "sa_handler"), .mask = signals(json_object_object_get(o, "sa_mask")),
		.flags = flags("sa", json_object_object_get(o, "sa_flags")),
	};
}

static struct detail_info info_of(struct json_object *o)
{
	struct json_object *code = json_object_object_get(o, "si_code");
	struct json_object *value = json_object_object_get(o, "si_value");
	bool named_code = json_object_is_type(code, json_type_string);

	return (struct detail_info){
		.code = named_code ? (int)flags("si", code) : json_object_get_int(code),
		.pid = (int)member(o, "si_pid"), .uid = (uint32_t)member(o, "si_uid"),
		.value = member(value, "sival_ptr"),
	};
}

/* A structure that could not be read is in the log as its pointer. */
static void take(struct detail *d, enum sigshim_kind kind, struct json_object *o)
{
	bool object = json_object_is_type(o, json_type_object);

	switch (kind) {
	case SIGSHIM_KIND_SIGSET_IN:
	case SIGSHIM_KIND_SIGSET_WHILE:
	case SIGSHIM_KIND_SIGSET_PAIR:
	case SIGSHIM_KIND_MASK32:
		d->has_set = json_object_is_type(o, json_type_array);
		d->set = signals(o);
		break;
	case SIGSHIM_KIND_STACK_IN:
		d->has_stack = object;
		d->stack = object ? stack_of(o) : d->stack;
		break;
	case SIGSHIM_KIND_STACK_OUT:
		d->has_old_stack = object;
		d->old_stack = object ? stack_of(o) : d->old_stack;
		break;
	case SIGSHIM_KIND_ACTION_IN:
	case SIGSHIM_KIND_KACTION_IN:
		d->has_action = object;
		d->action = object ? action_of(o) : d->action;
		break;
	case SIGSHIM_KIND_ACTION_OUT:
	case SIGSHIM_KIND_KACTION_OUT:
		d->has_old_action = object;
		d->old_action = object ? action_of(o) : d->old_action;
		break;
	case SIGSHIM_KIND_SIGINFO_IN:
		d->has_info = object;
		d->info = object ? info_of(o) : d->info;
		break;
	case SIGSHIM_KIND_PID_OUT:
		d->has_pid = json_object_is_type(o, json_type_int);
		d->pid = d->has_pid ? json_object_get_int(o) : 0;
		break;
	case SIGSHIM_KIND_TEXT:
		snprintf(d->name, sizeof(d->name), "%s", o ? json_object_get_string(o) : "");
		break;
	default:
		break;
	}
}

/*
 * A set in the form in which the log is written, without reading the rest, which
 * may be different each time. False: not in that form.
 */
static bool quick_set(const char *args, const char *name, uint64_t *ret)
{
	char key[64], word[SIGNAL_NAME_MAX];
	uint64_t set = 0;
	const char *p;
	size_t n;
	int signo;

	snprintf(key, sizeof(key), "\"%s\":[", name);
	p = args ? strstr(args, key) : NULL;
	for (p = p ? p + strlen(key) : NULL; p && *p == '"'; p += *p == ',') {
		n = strcspn(++p, "\"");
		if (n >= sizeof(word) || p[n] != '"')
			return false;
		memcpy(word, p, n);
		word[n] = '\0';
		signo = signal_parse(word);
		set |= signo > 0 ? 1ull << (signo - 1) : 0;
		p += n + 1;
	}
	*ret = set;
	return p && *p == ']';
}

/* Whether a rule or the model looks at what the argument points to. */
static bool is_taken(enum sigshim_kind kind)
{
	switch (kind) {
	case SIGSHIM_KIND_SIGSET_IN:
	case SIGSHIM_KIND_SIGSET_WHILE:
	case SIGSHIM_KIND_SIGSET_PAIR:
	case SIGSHIM_KIND_MASK32:
	case SIGSHIM_KIND_STACK_IN:
	case SIGSHIM_KIND_STACK_OUT:
	case SIGSHIM_KIND_ACTION_IN:
	case SIGSHIM_KIND_KACTION_IN:
	case SIGSHIM_KIND_ACTION_OUT:
	case SIGSHIM_KIND_KACTION_OUT:
	case SIGSHIM_KIND_SIGINFO_IN:
	case SIGSHIM_KIND_PID_OUT:
	case SIGSHIM_KIND_TEXT:
		return true;
	default:
		return false;
	}
}

static bool has_taken(const struct event_desc *desc)
{
	for (unsigned int i = 0; i < desc->nargs; i++)
		if (is_taken(desc->args[i].kind))
			return true;
	return false;
}

const struct detail *details_of(struct details *all, const struct log_event *ev)
{
	struct detail *d = &all->slot[(uint64_t)ev->call & (SLOTS - 1)];
	enum call_class class = call_class(ev->desc);
	struct json_object *args;

	if (d->call == ev->call)
		return d;
	*d = (struct detail){ .call = ev->call };
	parse_raw(ev->raw, d);
	/* The masks of these are in the record itself. */
	if (class == CALL_MASK || class == CALL_JUMP || class == CALL_OTHER || !has_taken(ev->desc))
		return d;
	if (class == CALL_WAIT && quick_set(ev->args, ev->desc->args[0].name, &d->set)) {
		d->has_set = true;
		return d;
	}
	args = ev->args ? json_tokener_parse(ev->args) : NULL;
	for (unsigned int i = 0; args && i < ev->desc->nargs; i++)
		take(d, ev->desc->args[i].kind, json_object_object_get(args, ev->desc->args[i].name));
	json_object_put(args);
	return d;
}
