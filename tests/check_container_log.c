/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Containers in a log: how filters choose them, and how formats show them.
 */
#include <sqlite3.h>

#include "analysis/count.h"
#include "analysis/filter.h"
#include "output/output.h"
#include "small_log.h"
#include "store/container.h"
#include "unit.h"

#define WEB "aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11"
#define JOB "aa22aa22aa22aa22aa22aa22aa22aa22aa22aa22aa22aa22aa22aa22aa22aa22"

static struct small_log log_;

static void add_process(const char *comm, const char *container, int calls)
{
	const struct process_info info = {
		.run = log_.run, .pid = 1, .host_pid = 100, .comm = comm, .transport = "ring", .stack_mode = "unwind",
		.overflow = "drop", .depth = 64, .container = container,
	};
	int64_t thread = small_log_thread(&log_, put_process(log_.store, &info), 1, 1, 100);

	for (int i = 1; i <= calls; i++)
		small_log_mask(&log_, thread, "sigprocmask", i, (uint64_t)i * 1000, 0, 0, 0);
}

/* In a pod; with a name and an image; with neither; of a runtime alone; and of the host. */
static void make_log(void)
{
	log_ = small_log_begin();
	add_process("web", WEB, 1);
	add_process("job", JOB, 2);
	add_process("odd", "mnt:4026531841", 3);
	add_process("alone", "aa", 4);
	add_process("host", NULL, 5);
	ck_assert_int_eq(store_container(log_.store, &(struct container_info){
		.id = WEB, .name = "app", .image = "docker.io/library/nginx:1.25", .pod = "web-5f", .namespace = "shop",
		.pod_uid = "u-1", .labels = "{\"tier\":\"front\"}" }), 0);
	ck_assert_int_eq(store_container(log_.store, &(struct container_info){ .id = JOB, .name = "nightly" }), 0);
	/* Later more is known; what was known stays. */
	ck_assert_int_eq(store_container(log_.store, &(struct container_info){
		.id = JOB, .image = "localhost/team/job" }), 0);
	small_log_read(&log_);
}

static void remove_log(void)
{
	small_log_end(&log_);
}

static int count_event(const struct log_event *ev, void *arg)
{
	++*(int *)arg;
	return 0;
}

static int matches(const char *word)
{
	struct event_query q = {};
	struct filter *f;
	char *error = NULL;
	int n = 0;

	ck_assert_int_eq(filter_new(0, &f), 0);
	ck_assert_msg(filter_add(f, word, &error) == 0, "%s: %s", word, error);
	filter_query(f, &q);
	ck_assert_msg(store_events(log_.store, &q, count_event, &n) == 0, "%s: %s", q.where, store_error(log_.store));
	filter_free(f);
	return n;
}

START_TEST(filters_choose_by_id_name_image_and_pod)
{
	static const struct { const char *filter; int n; } cases[] = {
		{ "container=" WEB, 1 }, { "container=aa11", 1 }, { "container=aa11aa22", 0 },
		{ "container=app", 1 }, { "container=nightly", 2 }, { "container=night", 0 }, { "container~night*", 2 },
		{ "container=app,nightly", 3 }, { "container!=app", 14 }, { "container~*", 10 },
		{ "container=mnt:4026531841", 3 }, { "container=mnt:40", 0 },
		/* digits that begin ids, and a whole name of a runtime's own */
		{ "container=aa", 7 }, { "container=a", 3 },
		{ "image=docker.io/library/nginx:1.25", 1 }, { "image=nginx:1.25", 1 }, { "image=nginx", 0 },
		{ "image~*nginx*", 1 }, { "image=job", 2 }, { "image=localhost/team/job", 2 },
		{ "image!=job", 13 }, { "pod=shop/web-5f", 1 }, { "pod=web-5f", 1 }, { "pod~shop/*", 1 },
		{ "pod~web-*", 1 }, { "pod=shop", 0 },
		{ "pod!=web-5f", 14 },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(matches(cases[i].filter) == cases[i].n, "%s chooses %d", cases[i].filter,
			      matches(cases[i].filter));
}
END_TEST

static int add_count(const char *value, int64_t count, void *arg)
{
	char *text = arg;

	sprintf(text + strlen(text), "%s=%d ", value ? value : "null", (int)count);
	return 0;
}

START_TEST(events_are_counted_by_image_and_pod)
{
	const struct event_query all = { .where = "" };
	char text[512] = "";

	ck_assert_int_eq(count_by(log_.store, &all, count_key("image"), add_count, text), 0);
	ck_assert_str_eq(text, "null=12 localhost/team/job=2 docker.io/library/nginx:1.25=1 ");
	text[0] = '\0';
	ck_assert_int_eq(count_by(log_.store, &all, count_key("pod"), add_count, text), 0);
	ck_assert_str_eq(text, "null=14 shop/web-5f=1 ");
	ck_assert(!count_is_number(count_key("image")) && !count_is_number(count_key("pod")));
}
END_TEST

static int write_event(const struct log_event *ev, void *arg)
{
	return output_event(arg, ev);
}

/* What a format makes of the calls of one comm. */
static char *written(const char *format, const char *comm)
{
	const struct bind_value value = { .is_text = true, .text = comm };
	struct output_options opt = { .store = log_.store };
	struct output *o;
	char *text = NULL;
	size_t size;

	opt.out = open_memstream(&text, &size);
	ck_assert_int_eq(output_open(format, &opt, &o), 0);
	ck_assert_int_eq(store_events(log_.store, &(struct event_query){ .where = "p.comm = ?", .values = &value,
				      .nvalues = 1, .limit = 1 }, write_event, o), 0);
	ck_assert_int_eq(output_close(o), 0);
	fclose(opt.out);
	return text;
}

static void expect(const char *format, const char *comm, const char *part)
{
	char *text = written(format, comm);

	ck_assert_msg(strstr(text, part) != NULL, "%s", text);
	free(text);
}

START_TEST(formats_show_what_is_known)
{
	expect("jsonl", "web", "\"container\":\"" WEB "\",\"container_name\":\"app\","
	       "\"image\":\"docker.io/library/nginx:1.25\",\"pod\":\"shop/web-5f\",");
	expect("jsonl", "odd", "\"container\":\"mnt:4026531841\",\"container_name\":null,\"image\":null,\"pod\":null,");
	expect("jsonl", "host", "\"container\":null,\"container_name\":null,\"image\":null,\"pod\":null,");
	expect("csv", "web", "," WEB ",app,docker.io/library/nginx:1.25,shop/web-5f,sigprocmask,");
	expect("csv", "host", ",host,,,,,,sigprocmask,");
	expect("tracee-v0", "web", "\"containerId\":\"" WEB "\",\"container\":{\"id\":\"" WEB "\",\"name\":\"app\","
	       "\"image\":\"docker.io/library/nginx:1.25\"},\"kubernetes\":{\"podName\":\"web-5f\","
	       "\"podNamespace\":\"shop\",\"podUID\":\"u-1\"},");
	expect("tracee-v0", "host", "\"containerId\":\"\",\"container\":{},\"kubernetes\":{},");
	expect("tracee-v0", "web", "\"containerStarted\":true");
	expect("tracee-v0", "host", "\"containerStarted\":false");
	expect("tracee-v1", "web", "\"container\":{\"id\":\"" WEB "\",\"name\":\"app\","
	       "\"image\":{\"name\":\"docker.io/library/nginx:1.25\"},\"started\":true},"
	       "\"k8s\":{\"pod\":{\"name\":\"web-5f\",\"uid\":\"u-1\",\"labels\":{\"tier\":\"front\"}},"
	       "\"namespace\":{\"name\":\"shop\"}}");
	expect("tracee-v1", "job", "\"container\":{\"id\":\"" JOB "\",\"name\":\"nightly\","
	       "\"image\":{\"name\":\"localhost/team/job\"},\"started\":true}}");
}
END_TEST

START_TEST(a_log_without_the_table_can_be_read_and_written_on)
{
	sqlite3 *db;

	store_close(log_.store);
	ck_assert_int_eq(sqlite3_open(log_.path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "DROP VIEW events; DROP TABLE containers", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	ck_assert_int_eq(store_open(log_.path, STORE_READ, &log_.store, NULL), 0);
	ck_assert_int_eq(matches("container=aa11"), 1);
	ck_assert_int_eq(matches("image=job"), 0);
	expect("jsonl", "web", "\"container\":\"" WEB "\",\"container_name\":null,");
	store_close(log_.store);
	ck_assert_int_eq(store_open(log_.path, STORE_CREATE, &log_.store, NULL), 0);
	ck_assert_int_eq(store_container(log_.store, &(struct container_info){ .id = WEB, .image = "x" }), 0);
	ck_assert_int_eq(store_commit(log_.store), 0);
	ck_assert_int_eq(matches("image=x"), 1);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("container_log");

	tcase_add_checked_fixture(tc, make_log, remove_log);
	tcase_add_test(tc, filters_choose_by_id_name_image_and_pod);
	tcase_add_test(tc, events_are_counted_by_image_and_pod);
	tcase_add_test(tc, formats_show_what_is_known);
	tcase_add_test(tc, a_log_without_the_table_can_be_read_and_written_on);
	return run_case("container_log", tc);
}
