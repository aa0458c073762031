/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The JSON of an event's arguments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/args.h"
#include "unit.h"

static const struct event_desc *event_of(const char *ident)
{
	for (int id = 1; id <= SIGSHIM_EV_MAX; id++)
		if (event_by_id(id) && strcmp(event_by_id(id)->ident, ident) == 0)
			return event_by_id(id);
	ck_abort_msg("no event %s", ident);
}

static void expect(const struct event *ev, const char *want)
{
	struct json_object *o = args_json(ev);

	ck_assert_str_eq(json_object_to_json_string_ext(o, ARGS_JSON_STYLE), want);
	json_object_put(o);
}

static void with_copy(struct event *ev, unsigned int i, const void *copy)
{
	ev->copied |= 1u << i;
	ev->copy[i] = copy;
}

START_TEST(a_set_is_an_array_of_names)
{
	const uint64_t set = 1 << 14 | UINT64_C(1) << 36 | UINT64_C(1) << 31, none = 0;
	struct event ev = { .desc = event_of("sigprocmask"), .arg = { 0, 0x1000, 0x2000 } };

	with_copy(&ev, 1, &set);
	with_copy(&ev, 2, &none);
	expect(&ev, "{\"how\":\"SIG_BLOCK\",\"set\":[\"SIGTERM\",\"SIG32\",\"SIGRTMIN+3\"],\"oldset\":[]}");
}
END_TEST

START_TEST(a_null_is_null_and_what_could_not_be_copied_is_an_address)
{
	struct event ev = { .desc = event_of("sigprocmask"), .arg = { 0xffffffffffffffff, 0, 0x7fff0000beef } };

	expect(&ev, "{\"how\":-1,\"set\":null,\"oldset\":\"0x7fff0000beef\"}");
	ev.desc = event_of("sigaltstack");
	ev.arg[1] = 0xffffffffffffffff;
	ev.arg[0] = 0;
	expect(&ev, "{\"ss\":null,\"old_ss\":\"0xffffffffffffffff\"}");
}
END_TEST

START_TEST(an_alternate_stack_is_an_object)
{
	unsigned char in[SIGSHIM_COPY_STACK] = {}, out[SIGSHIM_COPY_STACK] = {};
	uint64_t sp = 0x7f0012340000, size = 8192;
	uint32_t flags = 0x80000000 | 1 | 0x40, disabled = 2;
	struct event ev = { .desc = event_of("sigaltstack"), .arg = { 1, 2 } };

	memcpy(in, &sp, 8);
	memcpy(in + 8, &flags, 4);
	memcpy(in + 16, &size, 8);
	memcpy(out + 8, &disabled, 4);
	with_copy(&ev, 0, in);
	with_copy(&ev, 1, out);
	expect(&ev, "{\"ss\":{\"ss_sp\":\"0x7f0012340000\",\"ss_flags\":[\"SS_ONSTACK\",\"SS_AUTODISARM\",\"0x40\"],"
	       "\"ss_size\":8192},\"old_ss\":{\"ss_sp\":null,\"ss_flags\":[\"SS_DISABLE\"],\"ss_size\":0}}");
	memset(out, 0, sizeof(out));
	ev.arg[0] = 0;
	expect(&ev, "{\"ss\":null,\"old_ss\":{\"ss_sp\":null,\"ss_flags\":[],\"ss_size\":0}}");
}
END_TEST

START_TEST(a_siginfo_has_the_fields_that_the_receiver_sees)
{
	unsigned char info[SIGSHIM_COPY_SIGINFO] = {};
	int32_t head[] = { 10, 0, -1, 0, 1, -2, 7, 0 }, other = 77;
	struct event ev = { .desc = event_of("rt_tgsigqueueinfo"), .arg = { 100, 101, 10, 0x1000 } };

	memcpy(info, head, sizeof(head));
	with_copy(&ev, 3, info);
	expect(&ev, "{\"tgid\":100,\"tid\":101,\"sig\":\"SIGUSR1\",\"info\":{\"si_signo\":\"SIGUSR1\","
	       "\"si_errno\":0,\"si_code\":\"SI_QUEUE\",\"si_pid\":1,\"si_uid\":4294967294,"
	       "\"si_value\":{\"sival_int\":7,\"sival_ptr\":\"0x7\"}}}");
	memcpy(info + 8, &other, sizeof(other));
	ev.copied = 0;
	ev.arg[2] = (uint64_t)-3;
	expect(&ev, "{\"tgid\":100,\"tid\":101,\"sig\":-3,\"info\":\"0x1000\"}");
}
END_TEST

START_TEST(flags_values_and_sizes_have_their_forms)
{
	const uint64_t set = 1;
	struct event ev = { .desc = event_of("signalfd4"), .arg = { 0xffffffff, 0x1000, 8, 02004000 } };

	with_copy(&ev, 1, &set);
	expect(&ev, "{\"fd\":-1,\"mask\":[\"SIGHUP\"],\"sizemask\":8,\"flags\":[\"SFD_CLOEXEC\",\"SFD_NONBLOCK\"]}");
	ev.arg[2] = UINT64_MAX;
	ev.arg[3] = 1;
	expect(&ev, "{\"fd\":-1,\"mask\":[\"SIGHUP\"],\"sizemask\":18446744073709551615,\"flags\":[\"0x1\"]}");
	ev = (struct event){ .desc = event_of("sigqueue"), .arg = { (uint64_t)-1, 0, 0xfffffffffffffff9 } };
	expect(&ev, "{\"pid\":-1,\"sig\":0,\"value\":{\"sival_int\":-7,\"sival_ptr\":\"0xfffffffffffffff9\"}}");
	ev = (struct event){ .desc = event_of("pthread_sigqueue"), .arg = { 0x7f00, 64, 0 } };
	expect(&ev, "{\"thread\":\"0x7f00\",\"sig\":\"SIGRTMIN+30\",\"value\":{\"sival_int\":0,\"sival_ptr\":null}}");
}
END_TEST

START_TEST(a_name_is_cut_and_what_is_no_plain_character_is_a_question_mark)
{
	struct event ev = { .desc = event_of("scope_begin"), .arg = { 0x1000 } };
	unsigned char full[SIGSHIM_COPY_TEXT];
	char want[80];

	with_copy(&ev, 0, "a \"test\"\n\xc3\xa4\0not this, nor the rest that was there");
	expect(&ev, "{\"name\":\"a \\\"test\\\"???\"}");
	memset(full, 'x', sizeof(full));
	with_copy(&ev, 0, full);
	snprintf(want, sizeof(want), "{\"name\":\"%.*s\"}", (int)sizeof(full), (const char *)full);
	expect(&ev, want);
}
END_TEST

START_TEST(raw_arguments_are_unsigned_numbers)
{
	struct event ev = { .desc = event_of("sigprocmask"), .arg = { 0xffffffffffffffff, 0, 1 } };
	struct json_object *raw = args_raw(&ev);

	ck_assert_str_eq(json_object_to_json_string_ext(raw, ARGS_JSON_STYLE), "[18446744073709551615,0,1]");
	json_object_put(raw);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("args");

	tcase_add_test(t, a_set_is_an_array_of_names);
	tcase_add_test(t, a_null_is_null_and_what_could_not_be_copied_is_an_address);
	tcase_add_test(t, an_alternate_stack_is_an_object);
	tcase_add_test(t, a_siginfo_has_the_fields_that_the_receiver_sees);
	tcase_add_test(t, flags_values_and_sizes_have_their_forms);
	tcase_add_test(t, a_name_is_cut_and_what_is_no_plain_character_is_a_question_mark);
	tcase_add_test(t, raw_arguments_are_unsigned_numbers);
	return run_case("args", t);
}
