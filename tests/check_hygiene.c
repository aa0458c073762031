/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hygiene model and its rules over synthetic logs: what is inherited, what
 * a gap leaves in doubt, what is forgotten.
 */
#include <errno.h>

#include "hygiene/hygiene.h"
#include "small_log.h"

static struct small_log log_;
static struct hygiene_report *report;

static void make_log(void)
{
	log_ = small_log_begin();
	report = NULL;
}

static void remove_log(void)
{
	hygiene_free(report);
	small_log_end(&log_);
}

/* Ends the writing and judges by the rules of `spec`. */
static void judge(const char *spec)
{
	struct hygiene_options opt = { .run = log_.run, .level = HYGIENE_NOTE };
	char *error = NULL;

	ck_assert_int_eq(hygiene_rules_parse(spec, &opt.rules, &error), 0);
	small_log_read(&log_);
	ck_assert_int_eq(hygiene_check(log_.store, &opt, &report), 0);
}

static const struct finding *finding(const char *rule)
{
	for (unsigned int i = 0; i < report->nfindings; i++)
		if (strcmp(report->findings[i].rule->id, rule) == 0)
			return &report->findings[i];
	return NULL;
}

static int64_t image(const char *birth, int pid, int64_t parent, uint64_t mask, uint64_t ignored, uint64_t ns)
{
	const struct process_info info = {
		.run = log_.run, .parent = parent, .pid = pid, .host_pid = pid, .ppid = 1, .uid = 1000, .comm = birth,
		.exe = birth, .transport = "ring", .stack_mode = "unwind", .overflow = "drop", .birth = birth,
		.mask_start = mask, .ignored_known = true, .ignored_start = ignored, .minsigstksz = 4096,
		.started_ns = ns,
	};

	return put_process(log_.store, &info);
}

static void call(int64_t thread, const char *name, uint64_t seq, uint64_t ns, uint64_t mask, uint64_t a, uint64_t b,
		 int64_t ret)
{
	const struct event ev = {
		.desc = event_by_name(name, 1), .thread = 1, .seq = seq, .start_ns = ns, .duration_ns = 10,
		.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER, .mask_before = mask, .mask_after = mask,
		.arg = { a, b }, .ret = ret,
	};

	ck_assert_ptr_nonnull(ev.desc);
	ck_assert_int_eq(put_event(log_.store, thread, &ev, 0), 0);
}

START_TEST(a_forks_copy_is_judged_by_what_its_image_began_with)
{
	int64_t a = image("start", 1, 0, BIT(SIGHUP), 0, 10), ta = small_log_thread(&log_, a, 1, 1, 1), b, tb;

	small_log_mask(&log_, ta, "sigprocmask", 1, 100, BIT(SIGHUP), BIT(SIGHUP) | BIT(SIGTERM), 0);
	call(ta, "fork", 2, 150, BIT(SIGHUP) | BIT(SIGTERM), 0, 0, 2);
	b = image("fork", 2, a, BIT(SIGHUP) | BIT(SIGTERM), 0, 200);
	tb = small_log_thread(&log_, b, 1, 2, 2);
	call(tb, "execve", 1, 210, BIT(SIGHUP) | BIT(SIGTERM), 1, 2, 0);
	image("exec", 2, b, BIT(SIGHUP) | BIT(SIGTERM), 0, 220);
	judge("mask-leak-exec");
	ck_assert_uint_eq(report->nfindings, 1);
	ck_assert_uint_eq(finding("mask-leak-exec")->signals, BIT(SIGTERM));
	ck_assert_uint_eq(finding("mask-leak-exec")->ncalls, 2);
	ck_assert_int_eq(finding("mask-leak-exec")->call[1].event, 1);
}
END_TEST

START_TEST(an_exec_that_failed_hands_nothing_on)
{
	int64_t a = image("start", 1, 0, 0, 0, 10), ta = small_log_thread(&log_, a, 1, 1, 1);

	small_log_mask(&log_, ta, "sigprocmask", 1, 100, 0, BIT(SIGTERM), 0);
	call(ta, "execve", 2, 150, BIT(SIGTERM), 1, 2, 0);
	call(ta, "exit", 3, 160, BIT(SIGTERM), 127, 0, 0);
	ck_assert_int_eq(store_process_end(log_.store, a, 200, "exit", 0), 0);
	judge("mask-leak-exec");
	ck_assert_uint_eq(report->nfindings, 0);
}
END_TEST

START_TEST(an_exec_of_a_program_without_the_library_is_judged_at_the_end)
{
	int64_t a = image("start", 1, 0, 0, 0, 10), ta = small_log_thread(&log_, a, 1, 1, 1);

	small_log_mask(&log_, ta, "sigprocmask", 1, 100, 0, BIT(SIGTERM), 0);
	call(ta, "execve", 2, 150, BIT(SIGTERM), 1, 2, 0);
	ck_assert_int_eq(store_process_end(log_.store, a, 200, "exit", 0), 0);
	judge("mask-leak-exec");
	ck_assert_uint_eq(report->nfindings, 1);
}
END_TEST

START_TEST(a_child_has_its_parents_dispositions_as_they_were_at_the_fork)
{
	int64_t a = image("start", 1, 0, 0, 0, 10), ta = small_log_thread(&log_, a, 1, 1, 1), b;

	call(ta, "signal", 1, 100, 0, SIGPIPE, 1, 0);
	call(ta, "fork", 2, 150, 0, 0, 0, 2);
	call(ta, "signal", 3, 160, 0, SIGPIPE, 0, 0);
	b = image("fork", 2, a, 0, BIT(SIGPIPE), 200);
	call(small_log_thread(&log_, b, 1, 2, 2), "execve", 1, 210, 0, 1, 2, 0);
	image("exec", 2, b, 0, BIT(SIGPIPE), 220);
	judge("ign-leak-exec");
	ck_assert_uint_eq(report->nfindings, 1);
	ck_assert_int_eq(report->findings[0].call[1].event, 1);
}
END_TEST

/* The hello of what it executes may come before its own end was read. */
START_TEST(what_a_child_ignores_before_its_exec_is_meant_so_however_the_exec_was_told)
{
	static const char *const births[] = { "exec", "start" };

	for (int i = 0; i < 2; i++) {
		int64_t a = image(births[1 - i], 1, 0, 0, 0, 10), ta = small_log_thread(&log_, a, 1, 1, 1), b, tb;

		call(ta, "signal", 1, 90, 0, SIGPIPE, 1, 0);
		call(ta, "fork", 2, 100, 0, 0, 0, 2);
		b = image("fork", 2, a, 0, BIT(SIGPIPE), 200);
		tb = small_log_thread(&log_, b, 1, 2, 2);
		call(tb, "signal", 1, 205, 0, SIGPIPE, 1, 1);
		call(tb, "execve", 2, 210, 0, 1, 2, 0);
		image(births[i], 2, i ? a : b, 0, BIT(SIGPIPE), 220);
		ck_assert_int_eq(store_process_end(log_.store, b, 230, "exec", 0), 0);
		judge("ign-leak-exec");
		ck_assert_msg(report->nfindings == 0, "birth %s", births[i]);
		remove_log();
		make_log();
	}
}
END_TEST

START_TEST(an_inherited_disposition_is_nobodys_fault_here)
{
	int64_t a = image("start", 1, 0, 0, BIT(SIGPIPE), 10);

	call(small_log_thread(&log_, a, 1, 1, 1), "execve", 1, 100, 0, 1, 2, 0);
	image("exec", 1, a, 0, BIT(SIGPIPE), 150);
	judge("ign-leak-exec");
	ck_assert_uint_eq(report->nfindings, 0);
}
END_TEST

START_TEST(lost_records_make_every_rule_inconclusive)
{
	int64_t a = image("start", 1, 0, 0, 0, 10), ta = small_log_thread(&log_, a, 1, 1, 1);
	const struct gap_info gap = {
		.run = log_.run, .process = a, .thread = ta, .ts_ns = 150, .first_seq = 2, .last_seq = 4, .count = 3,
		.reason = "overflow"
	};

	small_log_mask(&log_, ta, "sigprocmask", 1, 100, 0, 0, 0);
	ck_assert_int_eq(store_gap(log_.store, &gap), 0);
	small_log_mask(&log_, ta, "sigprocmask", 5, 200, 0, 0, 0);
	judge("all");
	ck_assert_uint_eq(report->ndoubts, 1);
	ck_assert_uint_eq(report->doubts[0].count, 3);
	ck_assert_uint_eq(report->doubts[0].rules, report->rules);
}
END_TEST

START_TEST(a_return_from_main_is_an_end_too_and_death_by_a_signal_is_none)
{
	static const char *const ends[] = { "exit", "killed" };

	for (int i = 0; i < 2; i++) {
		int64_t a = image("start", i + 1, 0, 0, 0, 10), ta = small_log_thread(&log_, a, 1, i + 1, i + 1);
		struct event ev = {
			.desc = event_by_name("raise", 1), .pid = i + 1, .tid = i + 1, .thread = 1, .seq = 2,
			.start_ns = 150, .arg = { SIGTERM }, .mask_before = BIT(SIGTERM), .mask_after = BIT(SIGTERM),
			.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER,
		};

		small_log_mask(&log_, ta, "sigprocmask", 1, 100, 0, BIT(SIGTERM), 0);
		ck_assert_int_eq(put_event(log_.store, ta, &ev, 0), 0);
		ck_assert_int_eq(store_process_end(log_.store, a, 200, ends[i], 0), 0);
	}
	judge("mask-pending-exit");
	ck_assert_uint_eq(report->nfindings, 1);
	ck_assert_uint_eq(report->findings[0].count, 1);
	ck_assert_int_eq(report->findings[0].pid, 1);
}
END_TEST

START_TEST(what_happens_again_is_counted_not_told_again)
{
	int64_t a = image("start", 1, 0, 0, 0, 10), ta = small_log_thread(&log_, a, 1, 1, 1);

	for (uint64_t i = 0; i < 1000; i++)
		call(ta, "sigqueue", 1 + i, 100 + i, 0, 0, 34, -1);
	judge("queue-bad-target");
	ck_assert_uint_eq(report->nfindings, 1);
	ck_assert_uint_eq(report->findings[0].count, 1000);
}
END_TEST

static void scope(int64_t thread, const char *event, const char *name, uint64_t seq, uint64_t ns, uint64_t mask)
{
	unsigned char copy[SIGSHIM_COPY_TEXT] = { 0 };
	const struct event ev = {
		.desc = event_by_name(event, 1), .thread = 1, .seq = seq, .start_ns = ns, .arg = { 0x1000 },
		.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_AFTER, .mask_before = mask, .mask_after = mask,
		.copied = 1, .copy[0] = copy,
	};

	ck_assert_ptr_nonnull(ev.desc);
	memcpy(copy, name, strlen(name));
	ck_assert_int_eq(put_event(log_.store, thread, &ev, 0), 0);
}

START_TEST(a_scope_is_judged_by_the_mask_that_it_began_with_whatever_lies_in_it)
{
	int64_t a = image("start", 1, 0, 0, 0, 10), ta = small_log_thread(&log_, a, 1, 1, 1);

	small_log_mask(&log_, ta, "sigprocmask", 1, 100, 0, BIT(SIGHUP), 0);
	scope(ta, "scope_begin", "outer", 2, 110, BIT(SIGHUP));
	scope(ta, "scope_begin", "inner", 3, 120, BIT(SIGHUP));
	small_log_mask(&log_, ta, "sigprocmask", 4, 130, BIT(SIGHUP), BIT(SIGHUP) | BIT(SIGTERM), 0);
	scope(ta, "scope_end", "inner", 5, 140, BIT(SIGHUP) | BIT(SIGTERM));
	small_log_mask(&log_, ta, "sigprocmask", 6, 150, BIT(SIGHUP) | BIT(SIGTERM), BIT(SIGHUP), 0);
	scope(ta, "scope_begin", "left early", 7, 160, BIT(SIGHUP));
	scope(ta, "scope_end", "outer", 8, 170, BIT(SIGHUP));
	judge("mask-scope-leak");
	ck_assert_uint_eq(report->nfindings, 1);
	ck_assert_str_eq(report->findings[0].scope, "inner");
	ck_assert_uint_eq(report->findings[0].signals, BIT(SIGTERM));
	ck_assert_uint_eq(report->nscopes, 3);
	ck_assert_uint_eq(report->ndoubts, 0);
}
END_TEST

START_TEST(a_scope_without_its_beginning_is_inconclusive_and_one_that_unblocks_is_a_finding)
{
	int64_t a = image("start", 1, 0, BIT(SIGUSR1), 0, 10), ta = small_log_thread(&log_, a, 1, 1, 1);

	scope(ta, "scope_end", "before", 1, 100, BIT(SIGUSR1));
	scope(ta, "scope_begin", "a test", 2, 110, BIT(SIGUSR1));
	small_log_mask(&log_, ta, "sigprocmask", 3, 120, BIT(SIGUSR1), 0, 0);
	scope(ta, "scope_end", "a test", 4, 130, 0);
	judge("mask-scope-leak");
	ck_assert_uint_eq(report->ndoubts, 1);
	ck_assert_uint_eq(report->nfindings, 1);
	ck_assert_str_eq(report->findings[0].message, "a test leaves SIGUSR1 unblocked");
	ck_assert_str_eq(report->findings[0].call[1].role, "unblocked here");
	ck_assert_int_eq(report->findings[0].call[1].event, 3);
}
END_TEST

START_TEST(rules_are_chosen_by_id_and_glob)
{
	uint64_t all, rules;
	char *error = NULL;

	ck_assert_int_eq(hygiene_rules_parse("all", &all, &error), 0);
	ck_assert_int_eq(__builtin_popcountll(all), (int)hygiene_nrules());
	ck_assert_int_eq(hygiene_rules_parse("mask-*,-mask-inherited", &rules, &error), 0);
	ck_assert(rules && !(rules & ~all));
	ck_assert_int_eq(hygiene_rules_parse("-*", &rules, &error), 0);
	ck_assert_uint_eq(rules, 0);
	ck_assert_int_eq(hygiene_rules_parse("mask-leek-exec", &rules, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "mask-leak-exec"));
	free(error);
}
END_TEST

START_TEST(every_rule_says_all_that_a_reader_needs)
{
	for (unsigned int i = 0; i < hygiene_nrules(); i++) {
		const struct hygiene_rule *rule = hygiene_rule(i);

		ck_assert_ptr_eq(hygiene_rule_by_id(rule->id), rule);
		ck_assert(*rule->message && *rule->explanation && *rule->fix && *rule->sources);
		ck_assert_msg(strlen(rule->message) < 80, "%s", rule->id);
	}
}
END_TEST

int main(void)
{
	TCase *logs = tcase_create("logs");

	tcase_add_checked_fixture(logs, make_log, remove_log);
	tcase_add_test(logs, a_forks_copy_is_judged_by_what_its_image_began_with);
	tcase_add_test(logs, an_exec_that_failed_hands_nothing_on);
	tcase_add_test(logs, an_exec_of_a_program_without_the_library_is_judged_at_the_end);
	tcase_add_test(logs, a_child_has_its_parents_dispositions_as_they_were_at_the_fork);
	tcase_add_test(logs, what_a_child_ignores_before_its_exec_is_meant_so_however_the_exec_was_told);
	tcase_add_test(logs, an_inherited_disposition_is_nobodys_fault_here);
	tcase_add_test(logs, lost_records_make_every_rule_inconclusive);
	tcase_add_test(logs, a_return_from_main_is_an_end_too_and_death_by_a_signal_is_none);
	tcase_add_test(logs, what_happens_again_is_counted_not_told_again);
	tcase_add_test(logs, a_scope_is_judged_by_the_mask_that_it_began_with_whatever_lies_in_it);
	tcase_add_test(logs, a_scope_without_its_beginning_is_inconclusive_and_one_that_unblocks_is_a_finding);
	tcase_add_test(logs, rules_are_chosen_by_id_and_glob);
	tcase_add_test(logs, every_rule_says_all_that_a_reader_needs);
	return run_case("hygiene", logs);
}
