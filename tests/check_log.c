/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log as a file: opening it, failures, and the names of its frames.
 */
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "store/internal.h"
#include "store_fixture.h"

static void change(const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void expect_refusal(enum store_mode mode, int want, const char *words)
{
	struct store *untouched = NULL;
	char *error = NULL;

	ck_assert_int_eq(store_open(path, mode, &untouched, &error), want);
	ck_assert_ptr_null(untouched);
	ck_assert_msg(error && strstr(error, words) && strstr(error, path), "%s", error);
	free(error);
}

static void write_events(int n)
{
	for (int i = 1; i <= n; i++) {
		struct event ev = sample(event_by_id(1), i);

		ck_assert_int_eq(put_event(s, thread, &ev, 0), 0);
	}
}

START_TEST(a_missing_log_is_told_from_a_foreign_file)
{
	expect_refusal(STORE_READ, -ENOENT, "there is no log");
	expect_refusal(STORE_UPDATE, -ENOENT, "there is no log");
	write_text("this is some text, and long enough to be no SQLite header at all ...........................");
	expect_refusal(STORE_READ, -EINVAL, "not a sigshim log");
	expect_refusal(STORE_CREATE, -EINVAL, "not a sigshim log");
	unlink(path);
	change("CREATE TABLE theirs (x)");
	expect_refusal(STORE_READ, -EINVAL, "not a sigshim log");
	expect_refusal(STORE_CREATE, -EINVAL, "not a sigshim log");
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	expect_refusal(STORE_READ, -EINVAL, "not a regular file");
}
END_TEST

START_TEST(an_empty_file_becomes_a_log_but_is_none)
{
	write_text("");
	expect_refusal(STORE_READ, -EINVAL, "not a sigshim log");
	begin();
	ck_assert_int_eq(store_close(s), 0);
	open_as(STORE_READ);
	ck_assert_int_eq(number("SELECT count(*) FROM runs"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM signals"), 64);
	ck_assert_int_eq(number("SELECT count(*) FROM stack_ends"), SIGSHIM_STACK_END_MAX);
	ck_assert_int_eq(number("SELECT number FROM errnos WHERE name = 'ENOENT'"), ENOENT);
	store_close(s);
}
END_TEST

START_TEST(a_newer_version_is_refused_by_name)
{
	begin();
	store_close(s);
	change("PRAGMA user_version = 4");
	expect_refusal(STORE_READ, -EPROTO, "version 4");
	expect_refusal(STORE_CREATE, -EPROTO, "version 4");
}
END_TEST

static int count_row(const struct log_event *ev, void *arg)
{
	++*(int *)arg;
	return 0;
}

static int look_at_process(const struct log_process *p, void *arg)
{
	ck_assert_ptr_null(p->birth);
	ck_assert(!p->ignored_known);
	++*(int *)arg;
	return 0;
}

START_TEST(an_older_version_is_read_but_not_written_on)
{
	int rows = 0, processes = 0;

	begin();
	write_events(20);
	store_close(s);
	change("PRAGMA user_version = 1; DROP TABLE event_blocks; DROP VIEW events; "
	       "ALTER TABLE processes DROP COLUMN container; ALTER TABLE processes DROP COLUMN birth;"
	       "ALTER TABLE processes DROP COLUMN ignored_start; ALTER TABLE processes DROP COLUMN instance");
	expect_refusal(STORE_CREATE, -EPROTO, "version 1");
	expect_refusal(STORE_UPDATE, -EPROTO, "another file");
	open_as(STORE_READ);
	ck_assert_int_eq(store_events(s, &(struct event_query){ .where = "" }, count_row, &rows), 0);
	ck_assert_int_eq(rows, 20);
	ck_assert_int_eq(store_processes(s, look_at_process, &processes), 0);
	ck_assert_int_eq(processes, 1);
	ck_assert_int_eq(store_version(s), 1);
	store_close(s);
}
END_TEST

START_TEST(a_reader_writes_nothing)
{
	begin();
	store_close(s);
	open_as(STORE_READ);
	ck_assert_int_eq(store_run_begin(s, NULL, &run), -EACCES);
	ck_assert_int_eq(store_close(s), 0);
}
END_TEST

/* Kills a writer with committed and uncommitted events. */
static void kill_writer(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		begin();
		write_events(100);
		store_commit(s);
		write_events(50);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

START_TEST(a_killed_writers_events_are_there_up_to_the_last_commit)
{
	kill_writer();
	open_as(STORE_READ);
	ck_assert_int_eq(number("SELECT count(*) FROM event_log"), 100);
	ck_assert_int_eq(number("SELECT clean FROM runs"), 0);
	store_close(s);
}
END_TEST

START_TEST(a_reader_sees_what_a_living_writer_commits)
{
	struct store *writer, *reader;

	begin();
	writer = s;
	store_commit(writer);
	open_as(STORE_READ);
	reader = s;
	s = writer;
	write_events(20);
	s = reader;
	ck_assert_int_eq(number("SELECT count(*) FROM event_log"), 0);
	store_commit(writer);
	ck_assert_int_eq(number("SELECT count(*) FROM event_log"), 20);
	store_close(reader);
	ck_assert_int_eq(store_close(writer), 0);
}
END_TEST

/* As nobody, whom a directory's mode stops, reads the log in a directory that cannot be written. */
static void read_as_nobody(int want)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(2);
		_exit(store_open(path, STORE_READ, &s, NULL) == 0 &&
		      number("SELECT count(*) FROM event_log") == want ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(a_log_in_a_read_only_directory_can_be_read)
{
	begin();
	write_events(30);
	ck_assert_int_eq(store_close(s), 0);
	chmod(path, 0444);
	chmod(dir, 0555);
	read_as_nobody(30);
}
END_TEST

START_TEST(a_killed_writers_log_in_a_read_only_directory_can_be_read)
{
	char shm[128];

	kill_writer();
	snprintf(shm, sizeof(shm), "%s-shm", path);
	chmod(path, 0444);
	chmod(dir, 0555);
	read_as_nobody(100);
	chmod(dir, 0755);
	ck_assert_int_eq(unlink(shm), 0);
	chmod(dir, 0555);
	read_as_nobody(100);
}
END_TEST

/* Writes events of ever new calls until the log takes no more; returns how many are committed. */
static int64_t fill_up(void)
{
	int64_t committed = 0;
	int r = 0;

	for (int64_t given = 1; r == 0 && given < 100000; given++) {
		struct event ev = sample(event_by_id(1), (uint64_t)given);

		ev.arg[0] = (uint64_t)given;
		r = store_call(s, given, &ev, 0);
		if (r == 0)
			r = store_event(s, &(struct occurrence){ thread, given, (uint64_t)given, 1, 1 });
		if (r == 0 && given % 100 == 0) {
			r = store_commit(s);
			committed = r == 0 ? given : committed;
		}
	}
	ck_assert_int_eq(r, -ENOSPC);
	return committed;
}

START_TEST(a_full_disk_undoes_what_is_not_committed_and_no_more)
{
	int64_t committed;

	begin();
	store_commit(s);
	ck_assert_int_eq(sqlite3_exec(s->db, "PRAGMA max_page_count = 100", NULL, NULL, NULL), SQLITE_OK);
	committed = fill_up();
	ck_assert_ptr_nonnull(strstr(store_error(s), "full"));
	store_rollback(s);
	ck_assert_int_eq(number("SELECT count(*) FROM event_log"), committed);
	ck_assert_int_eq(sqlite3_exec(s->db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL), SQLITE_OK);
	write_events(5);
	ck_assert_int_eq(store_close(s), 0);
	open_as(STORE_READ);
	ck_assert_int_eq(number("SELECT count(*) FROM event_log"), committed + 5);
	store_close(s);
}
END_TEST

static int64_t event_stack(unsigned int n, const struct stack_frame *frames)
{
	return put_stack(s, frames, n, SIGSHIM_STACK_DEPTH);
}

static int64_t module_at(uint64_t bias)
{
	int64_t module = put_module(s, "/lib/x.so", "abcd");

	put_mapping(s, process, module, bias, bias + 0x10000, bias);
	return module;
}

START_TEST(frames_are_named_and_read_with_their_inlined_functions)
{
	const struct symbol_info symbols[] = { { "inner", 4, "x.c", 10, true }, { "outer", 20, "x.c", 30, false } };
	const struct log_frame *f;
	enum sigshim_stack_end end;
	struct frame_todo todo[8];
	int64_t stack, module;

	begin();
	module = module_at(0x7000000);
	stack = event_stack(3, (struct stack_frame[]){ { module, 0x100 }, { module, 0x200 }, { 0, 0x999 } });
	ck_assert_int_eq(store_frames_todo_count(s), 2);
	ck_assert_int_eq(store_frames_todo(s, 0, todo, 8), 2);
	ck_assert(todo[0].offset == 0x100 && !todo[0].exact && todo[1].module == module);
	ck_assert_str_eq(todo[1].path, "/lib/x.so");
	ck_assert_str_eq(todo[1].build_id, "abcd");
	ck_assert_int_eq(store_stack_read(s, stack, process, &f, &end), 3);
	ck_assert(end == SIGSHIM_STACK_DEPTH && !f[0].function && f[0].pc == 0x7000100 && f[2].pc == 0x999);
	ck_assert_int_eq(store_frame_named(s, todo[0].frame, symbols, 2, false), 0);
	ck_assert_int_eq(store_frame_named(s, todo[1].frame, NULL, 0, false), 0);
	ck_assert_int_eq(store_frames_todo_count(s), 0);
	ck_assert_int_eq(store_stack_read(s, stack, process, &f, NULL), 4);
	ck_assert_str_eq(f[0].function, "inner");
	ck_assert_str_eq(f[1].function, "outer");
	ck_assert(f[0].inlined && !f[1].inlined && f[1].line == 30 && f[1].function_offset == 20);
	ck_assert(!f[2].function && f[2].offset == 0x200 && f[2].module && !f[3].module);
	ck_assert_int_eq(store_stack_read(s, stack, 0, &f, NULL), 4);
	ck_assert_uint_eq(f[0].pc, 0);
	ck_assert_int_eq(store_stack_read(s, stack + 1, process, &f, NULL), -ENOENT);
	store_close(s);
}
END_TEST

START_TEST(a_frame_that_a_signal_interrupted_becomes_exact)
{
	const struct log_frame *f;
	struct frame_todo todo[8];
	int64_t stack, module, trampoline;
	struct stack_frame frames[3];

	begin();
	module = module_at(0x1000);
	frames[0] = (struct stack_frame){ module, 0x10 };
	frames[1] = (struct stack_frame){ module, 0x20 };
	frames[2] = (struct stack_frame){ module, 0x30 };
	stack = event_stack(3, frames);
	ck_assert_int_eq(store_frames_todo(s, 0, todo, 8), 3);
	trampoline = todo[1].frame;
	ck_assert_int_eq(store_frame_named(s, trampoline, NULL, 0, true), 0);
	ck_assert_int_eq(store_frames_todo(s, todo[2].frame, todo, 8), 1);
	ck_assert(todo[0].exact && todo[0].offset == 0x30);
	/* A stack that comes later, and one that is looked up after reopening. */
	frames[0].offset = 0x40;
	event_stack(3, frames);
	ck_assert_int_eq(number("SELECT count(*) FROM stack_frames x JOIN frames f ON f.id = x.frame "
				"WHERE x.depth = 2 AND f.exact"), 2);
	store_close(s);
	open_as(STORE_CREATE);
	ck_assert_int_eq(store_stack_read(s, stack, process, &f, NULL), 3);
	ck_assert_str_eq(f[1].function, "<signal handler called>");
	ck_assert(f[1].signal && !f[2].signal);
	store_close(s);
}
END_TEST

START_TEST(refusals_add_up_and_gaps_keep_what_is_unknown)
{
	struct gap_info gap = { .run = 1, .ts_ns = 5, .count = -1, .reason = "killed" };

	begin();
	ck_assert_int_eq(store_refusal(s, run, "size", 2), 0);
	ck_assert_int_eq(store_refusal(s, run, "size", 3), 0);
	ck_assert_int_eq(store_gap(s, &gap), 0);
	ck_assert_int_eq(store_process_end(s, process, 99, "killed", 7), 0);
	ck_assert_int_eq(store_run_end(s, run), 0);
	ck_assert_int_eq(store_close(s), 0);
	open_as(STORE_READ);
	ck_assert_int_eq(number("SELECT count FROM refusals WHERE reason = 'size'"), 5);
	ck_assert_int_eq(number("SELECT count(*) FROM gaps WHERE count IS NULL AND process IS NULL"), 1);
	ck_assert_int_eq(number("SELECT lost FROM processes WHERE end = 'killed'"), 7);
	ck_assert_int_eq(number("SELECT clean FROM runs"), 1);
	store_close(s);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("log");

	tcase_add_checked_fixture(t, make_dir, remove_dir);
	tcase_add_test(t, a_missing_log_is_told_from_a_foreign_file);
	tcase_add_test(t, an_empty_file_becomes_a_log_but_is_none);
	tcase_add_test(t, a_newer_version_is_refused_by_name);
	tcase_add_test(t, an_older_version_is_read_but_not_written_on);
	tcase_add_test(t, a_reader_writes_nothing);
	tcase_add_test(t, a_killed_writers_events_are_there_up_to_the_last_commit);
	tcase_add_test(t, a_reader_sees_what_a_living_writer_commits);
	tcase_add_test(t, a_log_in_a_read_only_directory_can_be_read);
	tcase_add_test(t, a_killed_writers_log_in_a_read_only_directory_can_be_read);
	tcase_add_test(t, a_full_disk_undoes_what_is_not_committed_and_no_more);
	tcase_add_test(t, frames_are_named_and_read_with_their_inlined_functions);
	tcase_add_test(t, a_frame_that_a_signal_interrupted_becomes_exact);
	tcase_add_test(t, refusals_add_up_and_gaps_keep_what_is_unknown);
	return run_case("log", t);
}
