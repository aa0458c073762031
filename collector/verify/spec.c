/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the tables to specifications, and from the kernel's records to events;
 * see spec.h. MT-safe.
 */
#include "spec.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <sigshim/syscalls.h>

#define ERESTARTSYS 512			/* include/linux/errno.h: a call that goes on later */
#define ERESTART_RESTARTBLOCK 516
#define SIGRETURN 15			/* arch/x86/entry/syscalls/syscall_64.tbl, _32.tbl */
#define SIGRETURN_COMPAT 173
#define SIGRETURN_OLD 119

static const char *const rows[] = {
	NULL,
#define SIGSHIM_SYSARG(name, type)
#define SIGSHIM_SYSCALL(name, compat, tracee_v0, tracee_v1, args) #name,
#include <sigshim/syscalls.def>
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))
#define ROW_SIGRETURN NROWS
_Static_assert(NROWS < 200, "a row fits into trace_spec.row");

/* i386 has a second number for calls with times of 64 bits. */
static const struct {
	const char *row;
	int number;
} time64[] = { { "pselect6", 413 }, { "ppoll", 414 }, { "rt_sigtimedwait", 421 } };

const struct syscall_desc *spec_row(unsigned int row)
{
	return row > 0 && row < NROWS ? syscall_by_name(rows[row]) : NULL;
}

static const struct event_desc *find_event(unsigned int row)
{
	const struct syscall_desc *sys = spec_row(row);
	const struct event_desc *d;

	for (int id = 1; sys && id <= SIGSHIM_EV_MAX; id++) {
		d = event_by_id(id);
		if (d && d->sys == sys && d->via == SIGSHIM_VIA_SYSCALL)
			return d;
	}
	return NULL;
}

static const struct event_desc *events[NROWS];

static void find_events(void)
{
	for (unsigned int row = 1; row < NROWS; row++)
		events[row] = find_event(row);
}

const struct event_desc *spec_event(unsigned int row)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_events);
	return row < NROWS ? events[row] : NULL;
}

/* --- specifications ---------------------------------------------------------- */

/* Bytes that the kernel reads or writes for a kind, in its own layout. */
static u8 kernel_size(enum sigshim_kind kind, bool compat)
{
	switch (kind) {
	case SIGSHIM_KIND_KACTION_IN:
	case SIGSHIM_KIND_KACTION_OUT:
		return compat ? 20 : 32;
	case SIGSHIM_KIND_STACK_IN:
	case SIGSHIM_KIND_STACK_OUT:
		return compat ? 12 : 24;
	case SIGSHIM_KIND_TIMESPEC_IN:
		return compat ? 8 : 16;
	default:
		return (u8)sigshim_kind_copy(kind);
	}
}

static enum trace_way way_of(enum sigshim_kind kind)
{
	if (sigshim_kind_out(kind))
		return TRACE_OUT;
	return kind == SIGSHIM_KIND_SIGSET_PAIR ? TRACE_PAIR : TRACE_IN;
}

/* The copies at exit, or those at entry. */
static void fill_args(struct trace_spec *spec, const struct event_desc *d, bool compat, bool out)
{
	for (unsigned int i = 0; i < d->nargs && spec->ncopies < TRACE_COPIES; i++) {
		enum sigshim_kind kind = d->args[i].kind;

		if (sigshim_kind_copy(kind) == 0 || sigshim_kind_out(kind) != out)
			continue;
		spec->copy[spec->ncopies++] = (struct trace_arg){
			.way = way_of(kind), .size = kernel_size(kind, compat), .at = spec->size, .index = (u8)i,
		};
		spec->size += (u8)(kernel_size(kind, compat) + 7) & ~7u;
	}
}

static void fill_effect(struct trace_spec *spec, const struct event_desc *d)
{
	static const struct {
		const char *row;
		enum trace_effect effect;
		u8 size;
	} effects[] = {
		{ "rt_sigprocmask", TRACE_MASK, 0 },
		{ "signalfd", TRACE_SIGNALFD, sizeof(u64) },
		{ "signalfd4", TRACE_SIGNALFD, sizeof(u64) },
		{ "sigaltstack", TRACE_ALTSTACK, sizeof(struct trace_altstack) },
		{ "rt_sigaction", TRACE_ACTION, sizeof(struct trace_action) },
	};

	for (unsigned int i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
		if (strcmp(d->sys->name, effects[i].row) != 0)
			continue;
		spec->effect = (u8)effects[i].effect;
		spec->effect_at = spec->size;
		spec->size += effects[i].size;
	}
}

static struct trace_spec spec_of(unsigned int row, bool compat)
{
	const struct event_desc *d = spec_event(row);
	struct trace_spec spec = { .row = (u8)row };

	if (!d)
		return spec;
	fill_args(&spec, d, compat, false);
	fill_effect(&spec, d);
	spec.in_size = spec.size;
	fill_args(&spec, d, compat, true);
	for (unsigned int i = 0; i < d->nargs; i++)
		if (d->args[i].kind == SIGSHIM_KIND_SIGNO && d->sys->nr != SIGSHIM_NR_rt_sigaction)
			spec.signo = (u8)(i + 1);
	return spec;
}

static void fill_table(struct trace_spec *specs)
{
	const struct trace_spec back = { .row = ROW_SIGRETURN, .no_return = 1 };

	memset(specs, 0, 2 * TRACE_NUMBERS * sizeof(*specs));
	for (unsigned int row = 1; row < NROWS; row++) {
		const struct syscall_desc *sys = spec_row(row);

		if (sys->nr >= 0)
			specs[sys->nr] = spec_of(row, false);
		specs[TRACE_NUMBERS + sys->nr_compat] = spec_of(row, true);
		for (unsigned int i = 0; i < sizeof(time64) / sizeof(time64[0]); i++)
			if (strcmp(time64[i].row, sys->name) == 0)
				specs[TRACE_NUMBERS + time64[i].number] = spec_of(row, true);
	}
	specs[SIGRETURN] = specs[TRACE_NUMBERS + SIGRETURN_COMPAT] = back;
	specs[TRACE_NUMBERS + SIGRETURN_OLD] = back;
}

static struct trace_spec table[2 * TRACE_NUMBERS];

static void make_table(void)
{
	fill_table(table);
}

const struct trace_spec *spec_at(unsigned int number, bool compat)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_table);
	return &table[number % TRACE_NUMBERS + (compat ? TRACE_NUMBERS : 0)];
}

void spec_fill(struct trace_spec specs[static 2 * TRACE_NUMBERS], u8 wanted[static TRACE_NUMBERS])
{
	for (unsigned int n = 0; n < TRACE_NUMBERS; n++) {
		specs[n] = *spec_at(n, false);
		specs[TRACE_NUMBERS + n] = *spec_at(n, true);
		wanted[n] = specs[n].row || specs[TRACE_NUMBERS + n].row;
	}
}

const void *spec_effect(const struct trace_call *call)
{
	const struct trace_spec *spec = spec_at(call->number, call->flags & TRACE_COMPAT);

	return call->has_effect ? call->copy + spec->effect_at : NULL;
}

/* --- events ----------------------------------------------------------------------- */

static uint64_t word(const unsigned char *p, unsigned int size)
{
	uint64_t n = 0;

	memcpy(&n, p, size);	/* little-endian, as both ABIs are */
	return n;
}

static void put(unsigned char *to, unsigned int at, uint64_t n, unsigned int size)
{
	memcpy(to + at, &n, size);
}

/* From the kernel's layout to the one of the kind. */
static void convert(enum sigshim_kind kind, bool compat, const unsigned char *from, unsigned char *to)
{
	memset(to, 0, SIGSHIM_COPY_SIGINFO);
	switch (kind) {
	case SIGSHIM_KIND_KACTION_IN:
	case SIGSHIM_KIND_KACTION_OUT:
		put(to, 0, word(from, compat ? 4 : 8), 8);
		put(to, 8, word(from + (compat ? 12 : 24), 8), 8);
		put(to, 16, word(from + (compat ? 4 : 8), compat ? 4 : 8), 8);
		break;
	case SIGSHIM_KIND_STACK_IN:
	case SIGSHIM_KIND_STACK_OUT:
		put(to, 0, word(from, compat ? 4 : 8), 8);
		put(to, 8, word(from + (compat ? 4 : 8), 4), 4);
		put(to, 16, word(from + (compat ? 8 : 16), compat ? 4 : 8), 8);
		break;
	case SIGSHIM_KIND_SIGINFO_IN:
	case SIGSHIM_KIND_SIGINFO_OUT:
		memcpy(to, from, compat ? 12 : SIGSHIM_COPY_SIGINFO);
		if (compat) {
			put(to, 16, word(from + 12, 8), 8);
			put(to, 24, word(from + 20, 4), 8);
		}
		break;
	case SIGSHIM_KIND_TIMESPEC_IN:
		put(to, 0, word(from, compat ? 4 : 8), 8);
		put(to, 8, word(from + (compat ? 4 : 8), compat ? 4 : 8), 8);
		break;
	default:
		memcpy(to, from, sigshim_kind_copy(kind));
	}
}

static void decode_copies(const struct trace_call *call, const struct event_desc *d,
			  struct spec_copies *room, struct event *ret)
{
	bool compat = call->flags & TRACE_COMPAT;
	const struct trace_spec *spec = spec_at(call->number, compat);

	for (unsigned int i = 0; i < spec->ncopies; i++) {
		unsigned int arg = spec->copy[i].index;

		if (!(call->copied & 1u << arg))
			continue;
		convert(d->args[arg].kind, compat, call->copy + spec->copy[i].at, room->bytes[arg]);
		ret->copy[arg] = room->bytes[arg];
		ret->copied |= 1u << arg;
	}
}

/* The result as a C program sees it. */
static void decode_result(int64_t result, struct event *ret)
{
	int64_t error = result < 0 && result >= -4095 ? -result : 0;

	if (error >= ERESTARTSYS && error <= ERESTART_RESTARTBLOCK)
		error = EINTR;
	ret->error = (int)error;
	ret->ret = error ? -1 : result;
}

bool spec_decode(const struct trace_call *call, struct spec_copies *room, struct event *ret)
{
	const struct event_desc *d = spec_event(call->row);

	if (!d)
		return false;
	*ret = (struct event){
		.desc = d, .pid = (int32_t)call->place.ns_tgid, .tid = (int32_t)call->place.ns_tid,
		.start_ns = call->h.start_ns, .duration_ns = call->end_ns ? call->end_ns - call->h.start_ns : 0,
		.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER,
		.mask_before = call->mask_before, .mask_after = call->mask_after,
	};
	memcpy(ret->arg, call->arg, sizeof(call->arg));
	decode_result(call->flags & TRACE_ENDED ? call->ret : -EINTR, ret);
	decode_copies(call, d, room, ret);
	for (unsigned int i = 0; i < d->nargs; i++) {
		enum sigshim_kind kind = d->args[i].kind;

		if ((kind == SIGSHIM_KIND_SIGSET_IN && d->effect == SIGSHIM_EFFECT_MASK) ||
		    kind == SIGSHIM_KIND_SIGSET_WHILE || kind == SIGSHIM_KIND_SIGSET_PAIR) {
			if (!(ret->copied & 1u << i))
				continue;
			memcpy(&ret->mask_requested, ret->copy[i], sizeof(ret->mask_requested));
			ret->flags |= SIGSHIM_EVF_REQUESTED;
		}
	}
	return true;
}
