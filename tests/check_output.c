/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The formats: each from a hand-made event, compared with what must come out.
 */
#include <errno.h>
#include <json-c/json.h>
#include <time.h>

#include "output/output.h"
#include "small_log.h"

static struct small_log log_;
static int64_t stack;
static struct log_event event;

static void make_log(void)
{
	int64_t process;

	log_ = small_log_begin();
	process = small_log_process(&log_, "app", 7, 4480, 0, 0, 1);
	stack = small_log_stack(&log_, 0x1004, "main");
	small_log_read(&log_);
	event = (struct log_event){
		.id = 1, .run = 1, .process = process, .thread = 1, .call = 1, .stack = stack,
		.run_started_ns = 1700000000000000000, .run_mono_ns = 1000,
		.ts_ns = 2123456789, .duration_ns = 250, .seq = 3,
		.pid = 7, .tid = 8, .host_pid = 4480, .ppid = 1, .uid = 1000, .comm = "app", .exe = "/app",
		.desc = event_by_name("sigprocmask", 1), .origin = "wrapped",
		.mask_before = BIT(SIGINT), .mask_requested = BIT(SIGTERM), .mask_after = BIT(SIGTERM) | BIT(64),
		.flags = SIGSHIM_EVF_BEFORE | SIGSHIM_EVF_REQUESTED | SIGSHIM_EVF_AFTER,
		.args = "{\"how\":\"SIG_SETMASK\",\"set\":[\"SIGTERM\",\"SIGRTMIN+30\"],\"oldset\":null}",
		.raw = "[2,140727594321472,0]",
	};
}

static void remove_log(void)
{
	small_log_end(&log_);
}

/* What a format makes of `n` events like `event`; to be freed. */
static char *written_with(const char *format, struct output_options opt, int n)
{
	struct output *o;
	char *text = NULL;
	size_t size;

	opt.store = log_.store;
	opt.out = open_memstream(&text, &size);
	ck_assert_int_eq(output_open(format, &opt, &o), 0);
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(output_event(o, &event), 0);
	ck_assert_int_eq(output_close(o), 0);
	fclose(opt.out);
	return text;
}

static char *written(const char *format)
{
	return written_with(format, (struct output_options){}, 1);
}

START_TEST(jsonl_has_every_key_in_order)
{
	char *s = written("jsonl");

	ck_assert_str_eq(s, "{\"run\":1,\"time\":\"2023-11-14T22:13:22.123455789Z\",\"ts_ns\":2123456789,"
		"\"duration_ns\":250,\"seq\":3,\"pid\":7,\"tid\":8,\"host_pid\":4480,\"host_tid\":null,"
		"\"comm\":\"app\",\"exe\":\"/app\",\"container\":null,\"container_name\":null,"
		"\"image\":null,\"pod\":null,"
		"\"event\":\"sigprocmask\",\"args\":{\"how\":\"SIG_SETMASK\","
		"\"set\":[\"SIGTERM\",\"SIGRTMIN+30\"],\"oldset\":null},\"ret\":0,\"errno\":null,"
		"\"mask_before\":[\"SIGINT\"],\"mask_requested\":[\"SIGTERM\"],"
		"\"mask_after\":[\"SIGTERM\",\"SIGRTMIN+30\"],\"origin\":\"wrapped\",\"caller\":\"main\","
		"\"stack\":[{\"pc\":\"0x401004\",\"module\":\"/opt/app/bin/app\",\"offset\":\"0x1004\","
		"\"build_id\":\"abcd\",\"function\":\"main\",\"file\":\"app.c\",\"line\":7}]}\n");
	free(s);
}
END_TEST

START_TEST(what_is_unknown_is_null)
{
	char *s;

	event.flags = 0;
	event.stack = 0;
	event.comm = event.exe = NULL;
	event.ret = -1;
	event.error = EINVAL;
	s = written("jsonl");
	ck_assert_ptr_nonnull(strstr(s, "\"comm\":null,\"exe\":null"));
	ck_assert_ptr_nonnull(strstr(s, "\"ret\":-1,\"errno\":\"EINVAL\",\"mask_before\":null,"
				     "\"mask_requested\":null,\"mask_after\":null"));
	ck_assert_ptr_nonnull(strstr(s, "\"caller\":null,\"stack\":[]}"));
	free(s);
}
END_TEST

START_TEST(hostile_names_give_valid_json_and_harmless_text)
{
	char *s;

	event.comm = "a\xff\"\n\x1b[31m\xc3\xa9\xed\xa0\x80";
	for (const char *const *format = output_formats; *format; format++) {
		struct json_object *j;

		s = written(*format);
		if (strcmp(*format, "table") != 0 && strcmp(*format, "csv") != 0) {
			j = json_tokener_parse(s);
			ck_assert_msg(j != NULL, "%s: %s", *format, s);
			json_object_put(j);
		}
		ck_assert_ptr_null(strstr(s, "\xff"));
		if (strcmp(*format, "csv") != 0)
			ck_assert_ptr_null(strchr(s, '\x1b'));
		ck_assert_ptr_nonnull(strstr(s, strcmp(*format, "table") != 0 ? "\xef\xbf\xbd" : "\\x1b[31m"));
		free(s);
	}
}
END_TEST

START_TEST(csv_quotes_what_must_be_quoted)
{
	char *s;

	event.comm = "a,\"b\"";
	s = written("csv");
	ck_assert_str_eq(s, "run,time,ts_ns,duration_ns,seq,pid,tid,host_pid,host_tid,comm,exe,container,"
		"container_name,image,pod,event,args,ret,errno,mask_before,mask_requested,mask_after,origin,caller\r\n"
		"1,2023-11-14T22:13:22.123455789Z,2123456789,250,3,7,8,4480,,\"a,\"\"b\"\"\",/app,,,,,sigprocmask,"
		"\"{\"\"how\"\":\"\"SIG_SETMASK\"\",\"\"set\"\":[\"\"SIGTERM\"\",\"\"SIGRTMIN+30\"\"],"
		"\"\"oldset\"\":null}\",0,,SIGINT,SIGTERM,SIGTERM SIGRTMIN+30,wrapped,main\r\n");
	free(s);
}
END_TEST

START_TEST(table_reads_like_strace_and_eu_stack)
{
	char *s;

	setenv("TZ", "UTC", 1);
	tzset();
	s = written_with("table", (struct output_options){ .stack = true }, 1);
	ck_assert_str_eq(s,
		"TIME                       PID TID COMM EVENT       ARGS                                     "
		"RESULT MASK                          CALLER\n"
		"2023-11-14 22:13:22.123455   7   8 app  sigprocmask SIG_SETMASK, [SIGTERM SIGRTMIN+30], NULL "
		"= 0    +SIGTERM +SIGRTMIN+30 -SIGINT main\n"
		"  #0  0x0000000000401004 main+0x4 (/opt/app/bin/app) app.c:7\n");
	free(s);
}
END_TEST

START_TEST(long_tables_keep_their_columns)
{
	char *s = written_with("table", (struct output_options){}, 1200), *first, *line;
	int n = 0;

	first = strchr(s, '\n') + 1;
	for (line = first; *line; line = strchr(line, '\n') + 1, n++)
		ck_assert_int_eq(strncmp(line, first, strcspn(first, "\n") + 1), 0);
	ck_assert_int_eq(n, 1200);
	free(s);
}
END_TEST

START_TEST(a_terminal_gets_lines_that_fit)
{
	char *s = written_with("table", (struct output_options){ .width = 100 }, 600);

	for (char *line = s; *line; line = strchr(line, '\n') + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 100);
	free(s);
}
END_TEST

START_TEST(tracee_v0_shows_the_system_call)
{
	char *s = written("tracee-v0");

	ck_assert_int_eq(strncmp(s, "{\"timestamp\":1700000002123455789,\"threadStartTime\":0,", 50), 0);
	ck_assert_ptr_nonnull(strstr(s, "\"eventId\":\"14\",\"eventName\":\"rt_sigprocmask\","
		"\"matchedPolicies\":[\"\"],\"argsNum\":4,\"returnValue\":0,\"syscall\":\"rt_sigprocmask\","
		"\"stackAddresses\":[4198404],"));
	ck_assert_ptr_nonnull(strstr(s, "\"args\":[{\"name\":\"how\",\"type\":\"int32\",\"value\":2},"
		"{\"name\":\"set\",\"type\":\"trace.Pointer\",\"value\":140727594321472},"
		"{\"name\":\"oldset\",\"type\":\"trace.Pointer\",\"value\":0},"
		"{\"name\":\"sigsetsize\",\"type\":\"uint64\",\"value\":8}]}\n"));
	free(s);
}
END_TEST

START_TEST(tracee_v1_quotes_64_bit_values)
{
	char *s = written("tracee-v1");

	ck_assert_ptr_nonnull(strstr(s, "{\"timestamp\":\"2023-11-14T22:13:22.123455789Z\",\"id\":15,"
		"\"name\":\"rt_sigprocmask\",\"policies\":{\"matched\":[]},\"workload\":{\"process\":"
		"{\"executable\":{\"path\":\"/app\"},"));
	ck_assert_ptr_nonnull(strstr(s, "\"user_stack_trace\":{\"addresses\":[{\"address\":4198404,"
		"\"symbol\":\"main\"}]}}}},\"data\":[{\"name\":\"how\",\"int32\":2},"
		"{\"name\":\"set\",\"pointer\":\"140727594321472\"},{\"name\":\"oldset\",\"pointer\":\"0\"},"
		"{\"name\":\"sigsetsize\",\"u_int64\":\"8\"},{\"name\":\"returnValue\",\"int64\":\"0\"}]}\n"));
	free(s);
}
END_TEST

START_TEST(tracee_gets_what_the_kernel_got_from_every_event)
{
	static const struct { const char *event, *raw, *data; } cases[] = {
		{ "pthread_sigmask", "[0,16,0]", "rt_sigprocmask|{\"name\":\"sigsetsize\",\"u_int64\":\"8\"}" },
		{ "signalfd", "[4294967295,16,526336]", "signalfd4|{\"name\":\"fd\",\"int32\":-1},"
		  "{\"name\":\"mask\",\"pointer\":\"16\"},{\"name\":\"sizemask\",\"u_int64\":\"8\"},"
		  "{\"name\":\"flags\",\"int32\":526336}" },
		{ "sigqueue", "[42,10,5]", "rt_sigqueueinfo|{\"name\":\"tgid\",\"int32\":42},"
		  "{\"name\":\"sig\",\"int32\":10},{\"name\":\"info\",\"pointer\":\"0\"}" },
		{ "pthread_sigqueue", "[139637976727232,10,5]", "rt_tgsigqueueinfo|{\"name\":\"tgid\",\"int32\":7},"
		  "{\"name\":\"tid\",\"int32\":0},{\"name\":\"sig\",\"int32\":10},"
		  "{\"name\":\"info\",\"pointer\":\"0\"}" },
		{ "rt_sigprocmask", "[0,18446744073709551615,0,8]", "rt_sigprocmask|{\"name\":\"set\","
		  "\"pointer\":\"18446744073709551615\"}" },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strcspn(cases[i].data, "|");
		char name[64], *s;

		event.desc = event_by_name(cases[i].event, 1);
		event.raw = cases[i].raw;
		event.error = EAGAIN;
		event.ret = event.desc->err == SIGSHIM_ERR_RETURN ? EAGAIN : -1;
		s = written("tracee-v1");
		snprintf(name, sizeof(name), "\"name\":\"%.*s\"", (int)n, cases[i].data);
		ck_assert_msg(strstr(s, name) && strstr(s, cases[i].data + n + 1), "%s: %s", cases[i].event, s);
		ck_assert_ptr_nonnull(strstr(s, "{\"name\":\"returnValue\",\"int64\":\"-11\"}"));
		free(s);
	}
}
END_TEST

START_TEST(every_format_opens_and_unknown_ones_do_not)
{
	const struct output_options opt = { .out = stdout, .store = log_.store };
	struct output *o = NULL;

	for (const char *const *format = output_formats; *format; format++) {
		char *s = written(*format);

		ck_assert_msg(*s, "%s", *format);
		free(s);
	}
	ck_assert_int_eq(output_open("jsn", &opt, &o), -EINVAL);
	ck_assert_ptr_null(o);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
	const struct output_options opt = { .out = fopen("/dev/full", "w"), .store = log_.store };
	struct output *o;

	ck_assert_int_eq(output_open("jsonl", &opt, &o), 0);
	ck_assert_int_eq(output_event(o, &event), 0);
	ck_assert_int_eq(output_close(o), -ENOSPC);
	fclose(opt.out);
}
END_TEST

START_TEST(rows_come_in_every_format)
{
	static const struct { const char *format, *want; } cases[] = {
		{ "table", "count key\n   12 a,b\n    3 null\n" },
		{ "jsonl", "{\"count\":12,\"key\":\"a,b\"}\n{\"count\":3,\"key\":null}\n" },
		{ "csv", "count,key\r\n12,\"a,b\"\r\n3,\r\n" },
	};
	const struct row_column columns[] = { { "count", CELL_NUMBER }, { "key", CELL_TEXT } };

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct output_options opt = {};
		struct rows *rows;
		char *s;
		size_t size;

		opt.out = open_memstream(&s, &size);
		ck_assert_int_eq(rows_open(cases[i].format, &opt, columns, 2, &rows), 0);
		ck_assert_int_eq(rows_add(rows, (const char *const[]){ "12", "a,b" }), 0);
		ck_assert_int_eq(rows_add(rows, (const char *const[]){ "3", NULL }), 0);
		ck_assert_int_eq(rows_close(rows), 0);
		fclose(opt.out);
		ck_assert_str_eq(s, cases[i].want);
		free(s);
	}
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("output");

	tcase_add_checked_fixture(t, make_log, remove_log);
	tcase_add_test(t, jsonl_has_every_key_in_order);
	tcase_add_test(t, what_is_unknown_is_null);
	tcase_add_test(t, hostile_names_give_valid_json_and_harmless_text);
	tcase_add_test(t, csv_quotes_what_must_be_quoted);
	tcase_add_test(t, table_reads_like_strace_and_eu_stack);
	tcase_add_test(t, long_tables_keep_their_columns);
	tcase_add_test(t, a_terminal_gets_lines_that_fit);
	tcase_add_test(t, tracee_v0_shows_the_system_call);
	tcase_add_test(t, tracee_v1_quotes_64_bit_values);
	tcase_add_test(t, tracee_gets_what_the_kernel_got_from_every_event);
	tcase_add_test(t, every_format_opens_and_unknown_ones_do_not);
	tcase_add_test(t, a_full_disk_is_an_error);
	tcase_add_test(t, rows_come_in_every_format);
	return run_case("output", t);
}
