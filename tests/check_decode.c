/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder: good frames of every event come out as they went in, and each
 * kind of bad frame is refused for its own reason.
 */
#include <stdlib.h>
#include <string.h>

#include "ingest/decode.h"
#include "unit.h"

struct frame {
	union {
		struct sigshim_frame h;
		struct sigshim_event e;
		struct sigshim_hello hello;
		struct sigshim_module m;
		struct sigshim_loss loss;
		struct sigshim_bye bye;
		unsigned char bytes[SIGSHIM_MAX_FRAME_SIZE + 64];
	};
};

static struct frame f;

/* A good event with every copy that it can have, and three addresses. */
static void make_event(int id)
{
	const struct event_desc *desc = event_by_id(id);
	unsigned char *p = f.bytes + sizeof(f.e);

	memset(&f, 0, sizeof(f));
	f.e = (struct sigshim_event){
		.h = { .type = SIGSHIM_FRAME_EVENT, .fixed = sizeof(f.e) },
		.event = (uint16_t)id, .nargs = (uint8_t)desc->nargs, .npcs = 3, .tid = 7, .pid = 6,
		.thread = 2, .seq = 9, .start_ns = 1000, .duration_ns = 5, .stack_id = 4,
		.flags = SIGSHIM_EVF_NEW_STACK, .stack_end = SIGSHIM_STACK_DEPTH, .caller = 0x1111,
	};
	for (unsigned int i = 0; i < desc->nargs; i++, p += 8)
		memcpy(p, &(uint64_t){ 100 + i }, 8);
	for (unsigned int i = 0; i < desc->nargs; i++) {
		unsigned int n = sigshim_kind_copy(desc->args[i].kind);

		if (n)
			f.e.copied |= (uint8_t)(1u << i);
		memset(p, (int)(0x40 + i), n);
		p += n;
	}
	for (unsigned int i = 0; i < 3; i++, p += 8)
		memcpy(p, &(uint64_t){ 0x1000 + i }, 8);
	f.h.size = (uint32_t)(p - f.bytes);
}

static int decode(struct event *ev)
{
	return decode_event(&f, f.h.size, ev);
}

START_TEST(every_event_of_the_table_comes_out_as_it_went_in)
{
	struct event ev;

	make_event(_i);
	ck_assert_int_eq(decode(&ev), 0);
	ck_assert_int_eq(ev.desc->id, _i);
	ck_assert_int_eq(ev.tid, 7);
	ck_assert_int_eq(ev.pid, 6);
	ck_assert_uint_eq(ev.thread, 2);
	ck_assert_uint_eq(ev.seq, 9);
	ck_assert_uint_eq(ev.caller, 0x1111);
	ck_assert_uint_eq(ev.npcs, 3);
	ck_assert_uint_eq(ev.pc[2], 0x1002);
	for (unsigned int i = 0; i < ev.desc->nargs; i++) {
		unsigned int n = sigshim_kind_copy(ev.desc->args[i].kind);

		ck_assert_uint_eq(ev.arg[i], 100 + i);
		ck_assert_int_eq(ev.copied >> i & 1, n > 0);
		if (n) {
			ck_assert_int_eq(ev.copy[i][0], 0x40 + i);
			ck_assert_int_eq(ev.copy[i][n - 1], 0x40 + i);
		}
	}
}
END_TEST

START_TEST(a_longer_fixed_part_of_a_newer_version_is_skipped)
{
	struct event ev;
	size_t variable;

	make_event(SIGSHIM_EV_sigprocmask);
	variable = f.h.size - sizeof(f.e);
	memmove(f.bytes + sizeof(f.e) + 16, f.bytes + sizeof(f.e), variable);
	memset(f.bytes + sizeof(f.e), 0xff, 16);
	f.h.fixed += 16;
	f.h.size += 16;
	ck_assert_int_eq(decode(&ev), 0);
	ck_assert_uint_eq(ev.arg[1], 101);
	ck_assert_uint_eq(ev.pc[0], 0x1000);
}
END_TEST

START_TEST(every_shorter_and_longer_event_is_refused)
{
	struct event ev;
	uint32_t size;

	make_event(SIGSHIM_EV_rt_tgsigqueueinfo);
	size = f.h.size;
	for (uint32_t n = 0; n < size + 40; n++) {
		f.h.size = n;
		if (n != size)
			ck_assert_int_lt(decode_event(&f, n, &ev), 0);
		f.h.size = size;
		if (n != size)
			ck_assert_int_lt(decode_event(&f, n, &ev), 0);
	}
}
END_TEST

static const struct {
	enum refusal why;
	size_t offset, size;
	uint64_t value;
} bad_event[] = {
#define BAD(why, field, value) { REFUSED_##why, offsetof(struct sigshim_event, field), \
	sizeof(((struct sigshim_event *)0)->field), value }
	BAD(SIZE, h.size, 8), BAD(SIZE, h.size, UINT32_MAX),
	BAD(TYPE, h.type, SIGSHIM_FRAME_BYE), BAD(TYPE, h.type, 999),
	BAD(FIXED, h.fixed, 0), BAD(FIXED, h.fixed, 96), BAD(FIXED, h.fixed, 9999),
	BAD(EVENT, event, 0), BAD(EVENT, event, SIGSHIM_EV_END), BAD(EVENT, event, 65535),
	BAD(ARGS, nargs, 0), BAD(ARGS, nargs, 2), BAD(ARGS, nargs, 255),
	BAD(COPIES, copied, 1), BAD(COPIES, copied, 8), BAD(COPIES, copied, 0x80),
	BAD(LENGTH, copied, 2), BAD(LENGTH, npcs, 2), BAD(LENGTH, npcs, 256),
	BAD(FRAMES, npcs, 257), BAD(FRAMES, npcs, 65535),
	BAD(THREAD, tid, 0), BAD(THREAD, tid, UINT32_MAX), BAD(THREAD, pid, 0), BAD(THREAD, thread, 0),
	BAD(SEQ, seq, 0), BAD(SEQ, seq, UINT64_MAX),
	BAD(STACK, stack_end, SIGSHIM_STACK_END_MAX), BAD(STACK, stack_id, 0),
	BAD(RESULT, error, 22), BAD(RESULT, error, 5000), BAD(RESULT, error, UINT32_MAX),
#undef BAD
};

START_TEST(a_bad_field_of_an_event_is_refused_for_its_own_reason)
{
	struct event ev;
	uint32_t size;

	make_event(SIGSHIM_EV_sigprocmask);
	size = f.h.size;
	memcpy(f.bytes + bad_event[_i].offset, &bad_event[_i].value, bad_event[_i].size);
	ck_assert_int_eq(decode_event(&f, size, &ev), -(int)bad_event[_i].why);
}
END_TEST

START_TEST(an_error_number_that_is_the_result_must_be_the_result)
{
	struct event ev;

	make_event(SIGSHIM_EV_pthread_sigmask);
	f.e.ret = 22;
	ck_assert_int_eq(decode(&ev), -REFUSED_RESULT);
	f.e.error = 22;
	ck_assert_int_eq(decode(&ev), 0);
	make_event(SIGSHIM_EV_sigprocmask);
	f.e.error = 22;
	f.e.ret = -1;
	ck_assert_int_eq(decode(&ev), 0);
}
END_TEST

static void make_hello(void)
{
	memset(&f, 0, sizeof(f));
	f.hello = (struct sigshim_hello){
		.h = { .size = sizeof(f.hello), .type = SIGSHIM_FRAME_HELLO, .fixed = sizeof(f.hello) },
		.magic = SIGSHIM_WIRE_MAGIC, .version = SIGSHIM_WIRE_VERSION, .pid = 5, .tid = 5, .instance = 77,
	};
}

static int decode_it(void)
{
	struct sigshim_hello hello;

	return decode_hello(&f, f.h.size, &hello);
}

START_TEST(a_hello_of_another_version_is_refused_by_name_whatever_its_length)
{
	make_hello();
	ck_assert_int_eq(decode_it(), 0);
	f.hello.version = 2;
	ck_assert_int_eq(decode_it(), -REFUSED_VERSION);
	f.h.size = f.h.fixed = 16;
	ck_assert_int_eq(decode_it(), -REFUSED_VERSION);
	f.h.size = f.h.fixed = 400;
	ck_assert_int_eq(decode_it(), -REFUSED_VERSION);
}
END_TEST

START_TEST(a_hello_with_impossible_values_is_refused)
{
	make_hello();
	f.hello.magic = 1;
	ck_assert_int_eq(decode_it(), -REFUSED_MAGIC);
	make_hello();
	f.hello.pid = 0;
	ck_assert_int_eq(decode_it(), -REFUSED_HELLO);
	make_hello();
	f.hello.stack_mode = 3;
	ck_assert_int_eq(decode_it(), -REFUSED_HELLO);
	make_hello();
	f.hello.transport = 2;
	ck_assert_int_eq(decode_it(), -REFUSED_HELLO);
	make_hello();
	f.hello.instance = 0;
	ck_assert_int_eq(decode_it(), -REFUSED_HELLO);
	make_hello();
	f.hello.lost = UINT64_MAX;
	ck_assert_int_eq(decode_it(), -REFUSED_HELLO);
	make_hello();
	f.h.size += 8;
	ck_assert_int_eq(decode_it(), -REFUSED_LENGTH);
}
END_TEST

static void make_module(const char *path, unsigned int path_len)
{
	memset(&f, 0, sizeof(f));
	f.m = (struct sigshim_module){
		.h = { .size = (uint32_t)sizeof(f.m) + 4 + path_len, .type = SIGSHIM_FRAME_MODULE,
		       .fixed = sizeof(f.m) },
		.start = 0x1000, .end = 0x2000, .build_id_len = 4, .path_len = (uint16_t)path_len,
	};
	memcpy(f.bytes + sizeof(f.m), "\x01\xab\xff\x00", 4);
	memcpy(f.bytes + sizeof(f.m) + 4, path, path_len);
}

START_TEST(a_module_has_its_path_and_its_build_id_in_hex)
{
	static struct module m;

	make_module("/lib/\xff.so", 9);
	ck_assert_int_eq(decode_module(&f, f.h.size, &m), 0);
	ck_assert_str_eq(m.path, "/lib/\xff.so");
	ck_assert_str_eq(m.build_id, "01abff00");
	make_module("", 0);
	ck_assert_int_eq(decode_module(&f, f.h.size, &m), 0);
	ck_assert_str_eq(m.path, "");
}
END_TEST

START_TEST(a_bad_module_is_refused)
{
	static struct module m;

	make_module("/li\0b", 5);
	ck_assert_int_eq(decode_module(&f, f.h.size, &m), -REFUSED_PATH);
	make_module("/lib", 4);
	f.m.end = f.m.start;
	ck_assert_int_eq(decode_module(&f, f.h.size, &m), -REFUSED_RANGE);
	make_module("/lib", 4);
	f.m.build_id_len = 33;
	ck_assert_int_eq(decode_module(&f, f.h.size, &m), -REFUSED_BUILD_ID);
	make_module("/lib", 4);
	f.m.path_len = SIGSHIM_MAX_PATH + 1;
	ck_assert_int_eq(decode_module(&f, f.h.size, &m), -REFUSED_PATH);
	make_module("/lib", 4);
	f.m.path_len = 5;
	ck_assert_int_eq(decode_module(&f, f.h.size, &m), -REFUSED_LENGTH);
}
END_TEST

START_TEST(loss_and_bye_are_exactly_as_long_as_they_are)
{
	struct sigshim_loss loss;
	struct sigshim_bye bye;

	memset(&f, 0, sizeof(f));
	f.loss = (struct sigshim_loss){ .h = { sizeof(loss), SIGSHIM_FRAME_LOSS, sizeof(loss) }, .lost = 3 };
	ck_assert_int_eq(decode_loss(&f, sizeof(loss), &loss), 0);
	ck_assert_uint_eq(loss.lost, 3);
	f.h.size++;
	ck_assert_int_eq(decode_loss(&f, sizeof(loss) + 1, &loss), -REFUSED_LENGTH);
	f.bye = (struct sigshim_bye){ .h = { sizeof(bye), SIGSHIM_FRAME_BYE, sizeof(bye) }, .lost = 4 };
	ck_assert_int_eq(decode_bye(&f, sizeof(bye), &bye), 0);
	ck_assert_int_eq(decode_loss(&f, sizeof(bye), &loss), -REFUSED_TYPE);
}
END_TEST

START_TEST(every_reason_has_a_name_of_its_own)
{
	for (int i = 1; i < REFUSED_MAX; i++) {
		ck_assert_str_ne(refusal_name(i), "unknown");
		for (int j = 1; j < i; j++)
			ck_assert_str_ne(refusal_name(i), refusal_name(j));
	}
	ck_assert_str_eq(refusal_name(REFUSED_MAX), "unknown");
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("decode");

	tcase_add_loop_test(t, every_event_of_the_table_comes_out_as_it_went_in, 1, SIGSHIM_EV_END);
	tcase_add_test(t, a_longer_fixed_part_of_a_newer_version_is_skipped);
	tcase_add_test(t, every_shorter_and_longer_event_is_refused);
	tcase_add_loop_test(t, a_bad_field_of_an_event_is_refused_for_its_own_reason, 0,
			    (int)(sizeof(bad_event) / sizeof(bad_event[0])));
	tcase_add_test(t, an_error_number_that_is_the_result_must_be_the_result);
	tcase_add_test(t, a_hello_of_another_version_is_refused_by_name_whatever_its_length);
	tcase_add_test(t, a_hello_with_impossible_values_is_refused);
	tcase_add_test(t, a_module_has_its_path_and_its_build_id_in_hex);
	tcase_add_test(t, a_bad_module_is_refused);
	tcase_add_test(t, loss_and_bye_are_exactly_as_long_as_they_are);
	tcase_add_test(t, every_reason_has_a_name_of_its_own);
	return run_case("decode", t);
}
