/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event table and the names of the kernel's numbers.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table/table.h"
#include "unit.h"

START_TEST(every_event_is_found_by_id_and_by_name)
{
	int rows = 0;

	for (int id = 1; id <= SIGSHIM_EV_MAX; id++) {
		const struct event_desc *d = event_by_id(id);

		if (!d)
			continue;
		rows++;
		ck_assert_int_eq(d->id, id);
		ck_assert_ptr_eq(event_by_name(d->name, id), d);
		ck_assert_str_eq(d->origin, d->via == SIGSHIM_VIA_SYSCALL ? "syscall" : "wrapped");
		ck_assert(d->prototype[0] == '(' && *d->purpose && *d->example && *d->issues && *d->related);
	}
	ck_assert_int_ge(rows, 12);
	ck_assert_ptr_null(event_by_id(0));
	ck_assert_ptr_null(event_by_id(-1));
	ck_assert_ptr_null(event_by_id(SIGSHIM_EV_MAX + 1));
	ck_assert_ptr_null(event_by_name("nothing", 1));
}
END_TEST

START_TEST(every_event_has_as_many_arguments_as_its_prototype)
{
	for (int id = 1; id <= SIGSHIM_EV_MAX; id++) {
		const struct event_desc *d = event_by_id(id);
		unsigned int n = 1;

		if (!d)
			continue;
		for (const char *p = d->prototype; *p; p++)
			n += *p == ',';
		/* Variable arguments are in the text of the last that has a name. */
		n -= strstr(d->prototype, "...") || strcmp(d->prototype, "(void)") == 0;
		for (unsigned int i = 0; i < d->nargs; i++) {
			bool added = d->args[i].tags & SIGSHIM_TAG_ADDED;

			n += added;
			ck_assert_ptr_nonnull(d->args[i].name);
			ck_assert(added == !strstr(d->prototype, d->args[i].name));
			ck_assert(*d->args[i].ctype && *d->args[i].doc);
			ck_assert_int_lt(d->args[i].kind, SIGSHIM_KIND_END);
		}
		ck_assert_uint_eq(d->nargs, n);
		if (d->effect == SIGSHIM_EFFECT_MASK) {
			ck_assert_int_eq(d->args[0].kind, SIGSHIM_KIND_HOW);
			ck_assert_int_eq(d->args[1].kind, SIGSHIM_KIND_SIGSET_IN);
			ck_assert_int_eq(d->args[2].kind, SIGSHIM_KIND_SIGSET_OUT);
		}
	}
}
END_TEST

START_TEST(a_raw_call_has_the_arguments_of_its_system_call)
{
	for (int id = 1; id <= SIGSHIM_EV_MAX; id++) {
		const struct event_desc *d = event_by_id(id);

		if (!d)
			continue;
		if (!d->sys) {
			ck_assert_int_ne(d->via, SIGSHIM_VIA_SYSCALL);
			continue;
		}
		ck_assert_ptr_eq(syscall_by_name(d->sys->name), d->sys);
		if (d->via == SIGSHIM_VIA_SYSCALL) {
			ck_assert_uint_eq(d->nargs, d->sys->nargs);
			for (unsigned int i = 0; i < d->nargs; i++)
				ck_assert_str_eq(d->args[i].name, d->sys->args[i].name);
		}
	}
	ck_assert_ptr_null(syscall_by_name("nothing"));
}
END_TEST

START_TEST(a_libc_call_and_a_raw_one_share_a_name)
{
	const struct event_desc *d = event_by_name("sigaltstack", 1);

	ck_assert_str_eq(d->ident, "sigaltstack");
	ck_assert_str_eq(event_by_name("sigaltstack", d->id + 1)->ident, "sys_sigaltstack");
	for (int i = 0; event_names()[i]; i++)
		for (int k = 0; k < i; k++)
			ck_assert_str_ne(event_names()[i], event_names()[k]);
}
END_TEST

START_TEST(every_signal_has_a_name_that_is_parsed_again)
{
	char buf[SIGNAL_NAME_MAX];

	for (int signo = 1; signo <= 64; signo++) {
		ck_assert_str_eq(signal_name(signo, buf), signal_names()[signo - 1]);
		ck_assert_int_eq(signal_parse(buf), signo);
		ck_assert_int_eq(signal_parse(buf + 3), signo);
	}
	ck_assert_ptr_null(signal_names()[64]);
	ck_assert_str_eq(signal_name(15, buf), "SIGTERM");
	ck_assert_str_eq(signal_name(33, buf), "SIG33");
	ck_assert_str_eq(signal_name(34, buf), "SIGRTMIN");
	ck_assert_str_eq(signal_name(37, buf), "SIGRTMIN+3");
	ck_assert_str_eq(signal_name(65, buf), "65");
	ck_assert_str_eq(signal_name(-1, buf), "-1");
}
END_TEST

START_TEST(signals_are_parsed_in_the_forms_that_people_use)
{
	ck_assert_int_eq(signal_parse("sigterm"), 15);
	ck_assert_int_eq(signal_parse("Term"), 15);
	ck_assert_int_eq(signal_parse("15"), 15);
	ck_assert_int_eq(signal_parse("SIGRTMAX"), 64);
	ck_assert_int_eq(signal_parse("rtmax-2"), 62);
	ck_assert_int_eq(signal_parse("RTMIN+0"), 34);
	ck_assert_int_eq(signal_parse("SIGPOLL"), 29);
}
END_TEST

START_TEST(an_unknown_signal_name_is_refused)
{
	static const char *const bad[] = {
		"", "SIG", "0", "65", "-1", "15x", "SIGTERMS", "RTMIN+31", "RTMAX-31", "RTMIN+", "SIGRTMIN+x",
		"99999999999999999999",
	};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(signal_parse(bad[i]), -EINVAL);
}
END_TEST

START_TEST(every_errno_name_is_parsed_again)
{
	int n = 0;

	for (int error = 1; error <= EHWPOISON; error++) {
		if (!errno_name(error))
			continue;
		ck_assert_int_eq(errno_parse(errno_name(error)), error);
		n++;
	}
	ck_assert_int_ge(n, 130);
	ck_assert_str_eq(errno_name(EAGAIN), "EAGAIN");
	ck_assert_str_eq(errno_name(EOPNOTSUPP), "EOPNOTSUPP");
	ck_assert_str_eq(errno_name(EHWPOISON), "EHWPOISON");
	ck_assert_int_eq(errno_parse("ewouldblock"), EAGAIN);
	ck_assert_int_eq(errno_parse("ENOTHING"), -EINVAL);
	ck_assert_ptr_null(errno_name(0));
	ck_assert_ptr_null(errno_name(-1));
	ck_assert_ptr_null(errno_name(EHWPOISON + 1));
}
END_TEST

START_TEST(flags_are_listed_and_named)
{
	static const char *const lists[] = { "how", "ss", "sfd", "si", "signal" };
	const char *name;
	int64_t value;
	unsigned int n;

	for (unsigned int i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (n = 0; flag_at(lists[i], n, &name, &value); n++)
			ck_assert_str_eq(flag_name(lists[i], value), name);
		ck_assert_uint_ge(n, 2);
	}
	ck_assert_str_eq(flag_name("si", -1), "SI_QUEUE");
	ck_assert_ptr_null(flag_name("how", 7));
	ck_assert(!flag_at("nothing", 0, &name, &value));
}
END_TEST

START_TEST(the_nearest_word_is_suggested)
{
	static const char *const words[] = { "event", "pid", "pthread_sigmask", "sigprocmask", NULL };

	ck_assert_str_eq(nearest("evnet", words), "event");
	ck_assert_str_eq(nearest("EVENTS", words), "event");
	ck_assert_str_eq(nearest("sigprocmsk", words), "sigprocmask");
	ck_assert_str_eq(nearest("pthread_sigmasks", words), "pthread_sigmask");
	ck_assert_str_eq(nearest("pdi", words), "pid");
}
END_TEST

START_TEST(nothing_far_away_is_suggested)
{
	static const char *const words[] = { "event", "pid", NULL };
	char longest[5000] = "";

	memset(longest, 'e', sizeof(longest) - 1);
	ck_assert_ptr_null(nearest("signal", words));
	ck_assert_ptr_null(nearest("", words));
	ck_assert_ptr_null(nearest("x", words));
	ck_assert_ptr_null(nearest(longest, words));
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("table");

	tcase_add_test(t, every_event_is_found_by_id_and_by_name);
	tcase_add_test(t, every_event_has_as_many_arguments_as_its_prototype);
	tcase_add_test(t, a_raw_call_has_the_arguments_of_its_system_call);
	tcase_add_test(t, a_libc_call_and_a_raw_one_share_a_name);
	tcase_add_test(t, every_signal_has_a_name_that_is_parsed_again);
	tcase_add_test(t, signals_are_parsed_in_the_forms_that_people_use);
	tcase_add_test(t, an_unknown_signal_name_is_refused);
	tcase_add_test(t, every_errno_name_is_parsed_again);
	tcase_add_test(t, flags_are_listed_and_named);
	tcase_add_test(t, the_nearest_word_is_suggested);
	tcase_add_test(t, nothing_far_away_is_suggested);
	return run_case("table", t);
}
