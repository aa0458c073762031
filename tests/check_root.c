/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of a process with a root of its own, which lays traps, and the table
 * that keeps them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ingest/files.h"
#include "ingest/root.h"
#include "unit.h"

static char dir[] = "/tmp/check_root.XXXXXX";
static pid_t child;

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void make_file(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* A child with `dir` for its root; false where that is not allowed. */
static bool start_child(void)
{
	int ready[2], r = -1;

	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		r = chroot(dir);
		if (write(ready[1], &r, sizeof(r)) != sizeof(r))
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &r, sizeof(r)), sizeof(r));
	close(ready[0]);
	close(ready[1]);
	return r == 0;
}

static void stop_child(void)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void begin(void)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	make_file("plain", "inside");
	mkdir(in_dir("etc"), 0755);
	make_file("etc/passwd", "inside");
	ck_assert_int_eq(symlink("/etc/passwd", in_dir("absolute")), 0);
	ck_assert_int_eq(symlink("../../../../etc/passwd", in_dir("upwards")), 0);
	ck_assert_int_eq(symlink("/proc/self/exe", in_dir("magic")), 0);
	ck_assert_int_eq(symlink("loop", in_dir("loop")), 0);
	ck_assert_int_eq(mkfifo(in_dir("fifo"), 0666), 0);
}

static void end(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/*
 * What nobody has followed since it was made is not in the kernel's cache, or
 * its time of access has to be written first. A loader has been there before.
 */
static int open_known(const struct root *r, const char *path)
{
	static const char *const links[] = { "absolute", "upwards", "magic", "loop" };
	char to[64];
	int fd = -EAGAIN;

	for (int i = 0; i < 6000 && fd == -EAGAIN; i++) {
		for (unsigned int k = 0; k < sizeof(links) / sizeof(links[0]); k++)
			ck_assert_int_gt(readlink(in_dir(links[k]), to, sizeof(to)), 0);
		fd = root_open_file(r, path);
		if (fd == -EAGAIN)
			usleep(10000);
	}
	return fd;
}

static void is_inside(const struct root *r, const char *path)
{
	char text[16] = "";
	int fd = open_known(r, path);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(-fd));
	ck_assert_int_eq(read(fd, text, sizeof(text)), 6);
	ck_assert_str_eq(text, "inside");
	close(fd);
}

START_TEST(only_regular_files_inside_are_opened)
{
	struct root *r;

	if (start_child()) {
		ck_assert(root_is_foreign(child, ""));
		ck_assert(!root_is_foreign(getpid(), ""));
		ck_assert(root_is_foreign(getpid(), "mnt:1"));
		r = root_open(child);
		ck_assert_ptr_nonnull(r);
		is_inside(r, "/plain");
		is_inside(r, "/absolute");
		is_inside(r, "/upwards");
		is_inside(r, "/../plain");
		ck_assert_int_eq(open_known(r, "/fifo"), -EINVAL);
		ck_assert_int_eq(open_known(r, "/etc"), -EINVAL);
		ck_assert_int_eq(open_known(r, "/loop"), -ELOOP);
		ck_assert_int_lt(root_open_file(r, "/magic"), 0);
		ck_assert_int_lt(root_open_file(r, "/none"), 0);
		ck_assert_int_lt(root_open_file(r, ""), 0);
		if (mknod(in_dir("null"), S_IFCHR | 0666, makedev(1, 3)) == 0)
			ck_assert_int_eq(open_known(r, "/null"), -EINVAL);
		/* It has been there all the time, and still is. */
		stop_child();
		is_inside(r, "/plain");
		root_close(r);
	} else {
		stop_child();
	}
}
END_TEST

START_TEST(a_process_that_has_gone_has_no_root)
{
	ck_assert_ptr_null(root_open(0x3ffffff0));
	ck_assert(!root_is_foreign(0x3ffffff0, ""));
}
END_TEST

START_TEST(files_are_kept_by_path_and_build_id)
{
	struct files *f = files_open();
	int fd;

	files_put(f, 0, "/a", "12", open(in_dir("plain"), O_RDONLY));
	files_put(f, 0, "/b", "", -ENOENT);
	ck_assert(files_has(f, "/a", "12"));
	ck_assert(!files_has(f, "/a", ""));
	ck_assert(!files_has(f, "/b", ""));
	fd = files_get(f, "/a", "12");
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(files_get(f, "/b", ""), -EACCES);
	ck_assert_int_eq(files_get(f, "/c", ""), -ENOENT);
	files_put(f, 0, "/b", "", open(in_dir("plain"), O_RDONLY));
	ck_assert(files_has(f, "/b", ""));
	files_close(f);
}
END_TEST

START_TEST(the_oldest_file_goes_when_there_are_too_many)
{
	struct files *f = files_open();
	char path[16];

	for (int i = 0; i <= FILES_MAX; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		files_put(f, 0, path, "", open(in_dir("plain"), O_RDONLY));
	}
	ck_assert(!files_has(f, "/0", ""));
	ck_assert(files_has(f, "/1", ""));
	ck_assert(files_has(f, path, ""));
	files_close(f);
}
END_TEST

START_TEST(an_owner_with_too_many_loses_its_own)
{
	struct files *f = files_open();
	char path[16];

	files_put(f, 1, "/mine", "", open(in_dir("plain"), O_RDONLY));
	for (int i = 0; i < 2 * FILES_MAX; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		files_put(f, 2, path, "", open(in_dir("plain"), O_RDONLY));
	}
	ck_assert(files_has(f, "/mine", ""));
	ck_assert(files_has(f, path, ""));
	snprintf(path, sizeof(path), "/%d", 2 * FILES_MAX - FILES_OWNED - 1);
	ck_assert(!files_has(f, path, ""));
	files_close(f);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("root");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, only_regular_files_inside_are_opened);
	tcase_add_test(tc, a_process_that_has_gone_has_no_root);
	tcase_add_test(tc, files_are_kept_by_path_and_build_id);
	tcase_add_test(tc, the_oldest_file_goes_when_there_are_too_many);
	tcase_add_test(tc, an_owner_with_too_many_loses_its_own);
	return run_case("root", tc);
}
