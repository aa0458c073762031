/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The editor of runtime specifications, what it leaves alone, and what a
 * runtime's arguments say.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inject/inject.h"
#include "unit.h"

static const struct inject_settings settings = {
	.library = "/opt/s/libsigshim.so", .socket = "/run/sigshim/collector.sock",
	.env = { "SIGSHIM_DEPTH=12" }, .nenv = 1,
};

#define LIBRARY_MOUNT "{\"destination\":\"/.sigshim/lib\",\"type\":\"bind\",\"source\":\"/opt/s\"," \
	"\"options\":[\"ro\",\"rbind\",\"nosuid\",\"nodev\"]}"
#define SOCKET_MOUNT "{\"destination\":\"/.sigshim/run\",\"type\":\"bind\",\"source\":\"/run/sigshim\"," \
	"\"options\":[\"ro\",\"rbind\",\"nosuid\",\"nodev\",\"noexec\"]}"
#define OURS "\"SIGSHIM_SOCKET=/.sigshim/run/collector.sock\",\"SIGSHIM_DEPTH=12\""
#define PRELOAD "LD_PRELOAD=/.sigshim/lib/libsigshim.so"

/* The edited text as a string; NULL when it was refused. */
static char *edited(const char *text)
{
	struct inject_text out;
	int r = spec_inject(text, strlen(text), &settings, &out);

	if (r < 0)
		return NULL;
	ck_assert_int_gt(out.len, 0);
	ck_assert_int_eq(out.bytes[out.len - 1], '\n');
	out.bytes[out.len - 1] = '\0';
	return out.bytes;
}

static void becomes(const char *text, const char *expected)
{
	char *once = edited(text), *twice;

	ck_assert_ptr_nonnull(once);
	ck_assert_str_eq(once, expected);
	twice = edited(once);
	ck_assert_ptr_nonnull(twice);
	ck_assert_str_eq(twice, once);
	free(once);
	free(twice);
}

START_TEST(mounts_and_environment_are_added_at_the_end)
{
	becomes("{\"process\":{\"env\":[\"A=b\"]},\"mounts\":[{\"destination\":\"/proc\"}]}",
		"{\"process\":{\"env\":[\"A=b\",\"" PRELOAD "\"," OURS "]},"
		"\"mounts\":[{\"destination\":\"/proc\"}," LIBRARY_MOUNT "," SOCKET_MOUNT "]}");
}
END_TEST

START_TEST(lists_that_are_not_there_are_made)
{
	becomes("{\"process\":{}}", "{\"process\":{\"env\":[\"" PRELOAD "\"," OURS "]},"
		"\"mounts\":[" LIBRARY_MOUNT "," SOCKET_MOUNT "]}");
	becomes("{\"mounts\":null,\"process\":{\"env\":null}}", "{\"mounts\":[" LIBRARY_MOUNT "," SOCKET_MOUNT "],"
		"\"process\":{\"env\":[\"" PRELOAD "\"," OURS "]}}");
}
END_TEST

START_TEST(another_preload_stays_behind_ours)
{
	becomes("{\"process\":{\"env\":[\"LD_PRELOAD=/x.so /y.so\"]},\"mounts\":[]}",
		"{\"process\":{\"env\":[\"" PRELOAD ":/x.so /y.so\"," OURS "]},"
		"\"mounts\":[" LIBRARY_MOUNT "," SOCKET_MOUNT "]}");
	/* Of two, runtimes pass on the last. */
	becomes("{\"process\":{\"env\":[\"LD_PRELOAD=/x.so\",\"LD_PRELOAD=\"]},\"mounts\":[]}",
		"{\"process\":{\"env\":[\"LD_PRELOAD=/x.so\",\"" PRELOAD "\"," OURS "]},"
		"\"mounts\":[" LIBRARY_MOUNT "," SOCKET_MOUNT "]}");
}
END_TEST

START_TEST(what_it_does_not_know_stays_as_it_is)
{
	static const char known[] = "{\"z\":[18446744073709551615,-9223372036854775808,1.50,1e400,0.1000],"
		"\"a\":{\"\":null,\"e\":{},\"l\":[],\"t\":true,\"s\":\"\\u00e9/\\\"\\n\\u001f \xe2\x82\xac\"},";
	char text[1024], *out;

	snprintf(text, sizeof(text), "%s\"process\":{\"env\":[7,null,{}],\"user\":{\"uid\":1000}},"
		 "\"mounts\":[3,{}]}", known);
	out = edited(text);
	ck_assert_ptr_nonnull(out);
	ck_assert_ptr_nonnull(strstr(out, "{\"z\":[18446744073709551615,-9223372036854775808,1.50,1e400,0.1000],"
				     "\"a\":{\"\":null,\"e\":{},\"l\":[],\"t\":true,"
				     "\"s\":\"\xc3\xa9/\\\"\\n\\u001f \xe2\x82\xac\"},"));
	ck_assert_ptr_nonnull(strstr(out, "\"env\":[7,null,{},\"" PRELOAD));
	ck_assert_ptr_nonnull(strstr(out, "\"user\":{\"uid\":1000}"));
	ck_assert_ptr_nonnull(strstr(out, "\"mounts\":[3,{},"));
	free(out);
}
END_TEST

START_TEST(what_is_no_specification_is_refused)
{
	static const char *const wrong[] = {
		"", "{", "[]", "3", "null", "{}", "{\"process\":3}", "{\"process\":{\"env\":{}}}", 
		"{\"process\":{}} x",
		"{\"process\":{},\"mounts\":{}}", "{'process':{}}", "{\"process\":{},}",
		"{\"process\":{},\"a\\u0000b\":1}",
		"{\"process\":{},\"a\":\"\xff\"}",
	};

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!edited(wrong[i]), "%s", wrong[i]);
}
END_TEST

START_TEST(numbers_that_cannot_be_kept_are_refused)
{
	static const char *const wrong[] = {
		"18446744073709551616", "-9223372036854775809", "99999999999999999999999"
	};
	char text[128];

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "{\"process\":{},\"n\":%s}", wrong[i]);
		ck_assert_msg(!edited(text), "%s", text);
	}
}
END_TEST

START_TEST(only_the_word_true_in_the_annotation_counts)
{
	static const struct {
		const char *text;
		int wants;
	} cases[] = {
		{ "{\"annotations\":{\"sigshim.dev/inject\":\"true\"}}", 1 },
		{ "{\"annotations\":{\"sigshim.dev/inject\":\"false\"}}", 0 },
		{ "{\"annotations\":{\"sigshim.dev/inject\":true}}", 0 },
		{ "{\"annotations\":{\"sigshim.dev/injected\":\"true\"}}", 0 },
		{ "{\"annotations\":[\"sigshim.dev/inject\"]}", 0 },
		{ "{}", 0 }, { "{", -EBADMSG },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_int_eq(spec_wants(cases[i].text, strlen(cases[i].text)), cases[i].wants);
}
END_TEST

START_TEST(stripping_takes_out_what_was_put_in)
{
	static const char before[] = "{\"process\":{\"env\":[\"A=b\",\"LD_PRELOAD=/x.so\"]},"
		"\"mounts\":[{\"destination\":\"/a\"}]}";
	struct inject_text out;
	char *in = edited(before);

	ck_assert_int_eq(spec_strip(in, strlen(in), &out), 1);
	ck_assert_int_eq(out.len, strlen(before) + 1);
	ck_assert_mem_eq(out.bytes, before, strlen(before));
	free(out.bytes);
	free(in);
	ck_assert_int_eq(spec_strip(before, strlen(before), &out), 0);
}
END_TEST

/* --- bundles ---------------------------------------------------------------- */

static char bundle[64], config[96];

static void make_bundle(const char *text)
{
	FILE *f;

	strcpy(bundle, "/tmp/check_inject.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(bundle));
	snprintf(config, sizeof(config), "%s/config.json", bundle);
	f = fopen(config, "w");
	fputs(text, f);
	fclose(f);
	chmod(config, 0640);
}

static void remove_bundle(void)
{
	unlink(config);
	ck_assert_msg(rmdir(bundle) == 0, "something is left in %s", bundle);
}

static void config_is(const char *expected)
{
	char text[4096];
	FILE *f = fopen(config, "r");
	size_t n = fread(text, 1, sizeof(text) - 1, f);
	struct stat st;

	fclose(f);
	text[n] = '\0';
	ck_assert_str_eq(text, expected);
	stat(config, &st);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
}

/* Spaces that an editor would not put there. */
#define ODD "{ \"process\" : {\"env\":[ ]} ,\n \"rest\":1.0 }\n\n"

START_TEST(a_bundle_becomes_what_it_was_byte_for_byte)
{
	struct inject_settings other = settings;

	make_bundle(ODD);
	ck_assert_int_eq(bundle_wants(bundle), 0);
	ck_assert_int_eq(bundle_inject(bundle, &settings), 1);
	ck_assert_int_eq(bundle_inject(bundle, &settings), 0);
	other.nenv = 0;
	ck_assert_int_eq(bundle_inject(bundle, &other), 1);
	ck_assert_int_eq(bundle_undo(bundle), 1);
	config_is(ODD);
	ck_assert_int_eq(bundle_undo(bundle), 0);
	config_is(ODD);
	remove_bundle();
}
END_TEST

START_TEST(what_others_changed_since_stays)
{
	FILE *f;
	char *in = edited("{\"process\":{\"env\":[]},\"mounts\":[],\"theirs\":1}");

	make_bundle(ODD);
	ck_assert_int_eq(bundle_inject(bundle, &settings), 1);
	f = fopen(config, "w");
	fputs(in, f);
	fclose(f);
	ck_assert_int_eq(bundle_undo(bundle), 1);
	config_is("{\"process\":{\"env\":[]},\"mounts\":[],\"theirs\":1}\n");
	free(in);
	remove_bundle();
}
END_TEST

START_TEST(a_config_that_is_no_regular_file_is_left_alone)
{
	make_bundle("x");
	unlink(config);
	ck_assert_int_eq(symlink("/etc/passwd", config), 0);
	ck_assert_int_eq(bundle_inject(bundle, &settings), -ELOOP);
	unlink(config);
	ck_assert_int_eq(mkfifo(config, 0600), 0);
	ck_assert_int_eq(bundle_inject(bundle, &settings), -EINVAL);
	remove_bundle();
}
END_TEST

/* --- runtimes --------------------------------------------------------------- */

START_TEST(a_runtimes_arguments_name_the_bundle)
{
	static const struct {
		const char *argv[12], *dir;
	} cases[] = {
		{ { "runc", "create", "--bundle", "/b", "id" }, "/b" },
		{ { "runc", "run", "-b", "/b", "id" }, "/b" },
		{ { "runc", "run", "--bundle=/b", "id" }, "/b" },
		{ { "runc", "run", "-bundle", "/b", "id" }, "/b" },
		{ { "runc", "run", "id" }, "." },
		{ { "runc", "--root", "run", "--systemd-cgroup", "create", "--pid-file", "-b", "--bundle", "/b" },
		  "/b" },
		{ { "runc", "--log=l", "--log-format", "json", "run", "--no-pivot", "-d", "-b", "/b", "id" }, "/b" },
		{ { "runc", "run", "--", "-b" }, "." },
		{ { "runc", "run", "--bundle" }, "." },
		{ { "runc", "start", "id" }, NULL },
		{ { "runc", "--root", "create", "delete", "run" }, NULL },
		{ { "runc", "exec", "id", "run", "-b", "/b" }, NULL },
		{ { "runc" }, NULL }, { { NULL }, NULL },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *dir = NULL;

		ck_assert_int_eq(runtime_bundle((char **)cases[i].argv, &dir), cases[i].dir != NULL);
		ck_assert_pstr_eq(dir, cases[i].dir);
	}
}
END_TEST

START_TEST(paths_that_a_flag_cannot_carry_are_refused)
{
	struct inject_settings wrong = settings;
	struct inject_text out;

	ck_assert_int_eq(flags_text(&settings, false, &out), 0);
	ck_assert_mem_eq(out.bytes, "-e " PRELOAD "\n", strlen("-e " PRELOAD "\n"));
	free(out.bytes);
	wrong.library = "/with space/libsigshim.so";
	ck_assert_int_eq(flags_text(&wrong, false, &out), -EINVAL);
	wrong.library = "/x/lib:sigshim.so";
	ck_assert_int_eq(flags_text(&wrong, false, &out), -EINVAL);
	ck_assert_int_eq(cdi_text(&wrong, &out), -EINVAL);
	ck_assert_int_eq(spec_inject("{\"process\":{}}", 14, &wrong, &out), -EINVAL);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("inject");

	tcase_add_test(tc, mounts_and_environment_are_added_at_the_end);
	tcase_add_test(tc, lists_that_are_not_there_are_made);
	tcase_add_test(tc, another_preload_stays_behind_ours);
	tcase_add_test(tc, what_it_does_not_know_stays_as_it_is);
	tcase_add_test(tc, what_is_no_specification_is_refused);
	tcase_add_test(tc, numbers_that_cannot_be_kept_are_refused);
	tcase_add_test(tc, only_the_word_true_in_the_annotation_counts);
	tcase_add_test(tc, stripping_takes_out_what_was_put_in);
	tcase_add_test(tc, a_bundle_becomes_what_it_was_byte_for_byte);
	tcase_add_test(tc, what_others_changed_since_stays);
	tcase_add_test(tc, a_config_that_is_no_regular_file_is_left_alone);
	tcase_add_test(tc, a_runtimes_arguments_name_the_bundle);
	tcase_add_test(tc, paths_that_a_flag_cannot_carry_are_refused);
	return run_case("inject", tc);
}
