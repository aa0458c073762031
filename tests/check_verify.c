/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier without a kernel: what is to be copied of each call, how claimed
 * calls and records find each other, and what is held against them.
 */
#include <errno.h>
#include <signal.h>

#include <sigshim/syscalls.h>

#include "ingest/sink.h"
#include "journal_fixture.h"
#include "verify/spec.h"
#include "verify/state.h"

#define BIT(signo) (1ull << ((signo) - 1))
#define TID 1010
#define INSTANCE 4711

static struct sink sink;
static struct verify v;
static struct peer *peer;
static struct image *im;
static struct kthread *kt;

static void begin_watch(void)
{
	setup();
	ck_assert_int_eq(sink_open(&sink, s, run, j, base), 0);
	v = (struct verify){ .sink = &sink, .run = run, .budget.max = 1 << 24 };
	im = image_of(&v, TID, 1);
	kt = image_thread(im, TID);
	peer = calloc(1, sizeof(*peer));
	ck_assert_ptr_nonnull(peer);
	*peer = (struct peer){ .id = 1, .instance = INSTANCE, .host_pid = TID, .process = process, .since_ns = 2 };
	v.peers = peer;
	ck_assert_ptr_eq(image_peer(&v, im), peer);
}

static void end_watch(void)
{
	const char *name = journal_path(j);
	char file[256];

	pair_rest(&v, peer);
	image_sweep(&v, true);
	snprintf(file, sizeof(file), "%s", name);
	free(peer->threads);
	free(peer);
	map_free(&v.by_tgid, &v.budget);
	sink_close(&sink);
	unlink(file);
	store_close(s);
	remove_dir();
}

/* rt_sigprocmask(SIG_SETMASK, {set}), as the kernel's program tells it. */
static struct trace_call kernel_call(uint64_t number, uint64_t set)
{
	struct trace_call call = {
		.h = { TRACE_CALL, TID, TID, (uint32_t)number, 1000 * number }, .number = SIGSHIM_NR_rt_sigprocmask,
		.row = spec_at(SIGSHIM_NR_rt_sigprocmask, false)->row, .flags = TRACE_CLAIMED | TRACE_ENDED,
		.copied = 1 << 1, .ip = 0x1234, .arg = { SIG_SETMASK, 0x5000, 0, 8 }, .mask_after = set,
		.claim = { .call = number, .instance = INSTANCE, .thread = 1 },
	};

	memcpy(call.copy, &set, sizeof(set));
	return call;
}

/* What the shim says of it. */
static struct record shims_record(const char *name, uint64_t number, uint64_t set)
{
	struct record r = { .peer = peer, .thread = thread };

	r.ev = (struct event){
		.desc = event_by_name(name, 1), .pid = TID, .tid = TID, .thread = 1, .seq = number,
		.start_ns = 1000 * number, .flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_REQUESTED | SIGSHIM_EVF_AFTER,
		.mask_requested = set, .mask_after = set, .arg = { SIG_SETMASK, 0x5000 },
	};
	ck_assert_ptr_nonnull(r.ev.desc);
	return r;
}

static void claim(uint64_t number, uint64_t set)
{
	struct trace_call call = kernel_call(number, set);

	pair_claimed(&v, im, kt, &call);
}

static void tell(const char *name, uint64_t number, uint64_t set)
{
	struct record r = shims_record(name, number, set);

	pair_record(&v, &r);
}

static const char *finding(void)
{
	static char text[64];

	sink_flush(&sink, true);
	replay_from(0);
	snprintf(text, sizeof(text), "%d toctou", (int)number("SELECT count(*) FROM findings WHERE kind = 'toctou'"));
	return text;
}

START_TEST(a_claimed_call_and_its_record_are_wrapped)
{
	for (uint64_t n = 1; n <= 1000; n++)
		claim(n, BIT(SIGUSR1));
	for (uint64_t n = 1; n <= 1000; n++)
		tell("sigprocmask", n, BIT(SIGUSR1));
	ck_assert_uint_eq(kt->count[COUNT_WRAPPED], 1000);
	ck_assert_uint_eq(kt->count[COUNT_RECORDS], 1000);
	ck_assert_uint_eq(kt->count[COUNT_MISMATCHED] + kt->count[COUNT_UNMATCHED] + kt->count[COUNT_LOST], 0);
	ck_assert_uint_eq(im->waiting, 0);
	ck_assert_str_eq(finding(), "0 toctou");
}
END_TEST

START_TEST(handlers_calls_in_the_middle_of_a_call_find_their_own_records)
{
	/* 1 begins, a handler makes 2 and 3; the kernel tells them as they end. */
	claim(2, 0);
	claim(3, 0);
	claim(1, 0);
	tell("sigprocmask", 2, 0);
	tell("sigprocmask", 3, 0);
	tell("sigprocmask", 1, 0);
	ck_assert_uint_eq(kt->count[COUNT_WRAPPED], 3);
	ck_assert_uint_eq(kt->count[COUNT_UNMATCHED], 0);
}
END_TEST

START_TEST(a_second_call_under_one_claim_is_libcs_own)
{
	struct trace_call beside = kernel_call(1, 0);

	beside.number = SIGSHIM_NR_rt_sigaction;
	beside.row = spec_at(beside.number, false)->row;
	pair_claimed(&v, im, kt, &beside);
	claim(1, 0);
	tell("sigprocmask", 1, 0);
	ck_assert_uint_eq(kt->count[COUNT_WRAPPED], 1);
	ck_assert_uint_eq(kt->count[COUNT_LIBC], 1);
}
END_TEST

START_TEST(a_claim_without_a_record_is_lost)
{
	claim(1, 0);
	claim(2, 0);
	claim(3, 0);
	tell("sigprocmask", 2, 0);
	pair_rest(&v, peer);
	ck_assert_uint_eq(kt->count[COUNT_WRAPPED], 1);
	ck_assert_uint_eq(kt->count[COUNT_LOST], 2);
	ck_assert_str_eq(kt->why, "its record did not come");
}
END_TEST

START_TEST(the_last_call_of_a_killed_process_is_not_lost)
{
	im->killed = true;
	claim(1, 0);
	tell("sigprocmask", 1, 0);
	claim(2, 0);
	pair_rest(&v, peer);
	ck_assert_uint_eq(kt->count[COUNT_WRAPPED], 2);
	ck_assert_uint_eq(kt->count[COUNT_LOST], 0);
}
END_TEST

START_TEST(a_claim_in_the_name_of_another_session_is_lost)
{
	struct trace_call call = kernel_call(1, 0);

	call.claim.instance = INSTANCE + 1;
	pair_claimed(&v, im, kt, &call);
	ck_assert_uint_eq(kt->count[COUNT_LOST], 1);
}
END_TEST

START_TEST(a_record_without_a_kernel_event_is_unmatched)
{
	tell("sigprocmask", 1, 0);
	ck_assert_uint_eq(kt->count[COUNT_UNMATCHED], 1);
}
END_TEST

START_TEST(a_record_that_says_another_set_is_a_finding)
{
	claim(1, BIT(SIGUSR1));
	tell("sigprocmask", 1, BIT(SIGUSR2));
	claim(2, BIT(SIGUSR1));
	tell("sigprocmask", 2, BIT(SIGUSR1));
	ck_assert_uint_eq(kt->count[COUNT_WRAPPED], 2);
	ck_assert_uint_eq(kt->count[COUNT_MISMATCHED], 1);
	ck_assert_str_eq(finding(), "1 toctou");
}
END_TEST

START_TEST(an_effect_without_a_copy_at_entry_is_compared_too)
{
	struct trace_call call = kernel_call(1, BIT(SIGUSR1));

	call.copied = 0;
	pair_claimed(&v, im, kt, &call);
	tell("sigprocmask", 1, BIT(SIGUSR2));
	ck_assert_uint_eq(kt->count[COUNT_MISMATCHED], 1);
}
END_TEST

START_TEST(copies_of_every_call_have_room_and_do_not_overlap)
{
	unsigned int seen = 0;

	for (unsigned int n = 0; n < 2 * TRACE_NUMBERS; n++) {
		const struct trace_spec *spec = spec_at(n % TRACE_NUMBERS, n >= TRACE_NUMBERS);

		seen += spec->row != 0;
		ck_assert_uint_le(spec->size, TRACE_COPY);
		for (unsigned int i = 0; i < spec->ncopies; i++) {
			const struct trace_arg *a = &spec->copy[i];
			unsigned int end = i + 1 < spec->ncopies ? spec->copy[i + 1].at : spec->size;

			ck_assert_uint_le(a->at + a->size, end);
			ck_assert_uint_le(a->at, TRACE_COPY - TRACE_COPY_ONE);
			ck_assert_uint_le(a->size, TRACE_COPY_ONE);
			/* What is copied at exit comes behind all that goes with a claimed call. */
			ck_assert(a->way == TRACE_OUT ? a->at >= spec->in_size : a->at < spec->in_size);
		}
	}
	/* Seventeen calls and rt_sigreturn, in each table. */
	ck_assert_uint_ge(seen, 2 * 18);
}
END_TEST

START_TEST(a_call_by_i386s_number_becomes_the_same_event)
{
	const u32 stack[3] = { 0x1000, SS_DISABLE, 0x2000 };
	struct trace_call call = { .number = 186, .row = spec_at(186, true)->row, .flags = TRACE_COMPAT | TRACE_ENDED,
		.copied = 1 << 0, .ret = -EINVAL, .arg = { 0x5000 } };
	uint64_t word[2];
	struct spec_copies room;
	struct event ev;

	memcpy(call.copy, stack, sizeof(stack));
	ck_assert(spec_decode(&call, &room, &ev));
	ck_assert_str_eq(ev.desc->sys->name, "sigaltstack");
	ck_assert_int_eq(ev.error, EINVAL);
	memcpy(word, ev.copy[0], sizeof(word));
	ck_assert_uint_eq(word[0], 0x1000);
	ck_assert_uint_eq((u32)word[1], SS_DISABLE);
	memcpy(word, ev.copy[0] + 16, 8);
	ck_assert_uint_eq(word[0], 0x2000);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("verify");

	tcase_add_checked_fixture(t, begin_watch, end_watch);
	tcase_add_test(t, a_claimed_call_and_its_record_are_wrapped);
	tcase_add_test(t, handlers_calls_in_the_middle_of_a_call_find_their_own_records);
	tcase_add_test(t, a_second_call_under_one_claim_is_libcs_own);
	tcase_add_test(t, a_claim_without_a_record_is_lost);
	tcase_add_test(t, the_last_call_of_a_killed_process_is_not_lost);
	tcase_add_test(t, a_claim_in_the_name_of_another_session_is_lost);
	tcase_add_test(t, a_record_without_a_kernel_event_is_unmatched);
	tcase_add_test(t, a_record_that_says_another_set_is_a_finding);
	tcase_add_test(t, an_effect_without_a_copy_at_entry_is_compared_too);
	tcase_add_test(t, copies_of_every_call_have_room_and_do_not_overlap);
	tcase_add_test(t, a_call_by_i386s_number_becomes_the_same_event);
	return run_case("verify", t);
}
