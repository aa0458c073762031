/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * closer FILE: closes every descriptor that it did not open, as daemons do,
 * and opens FILE on the lowest numbers and on a high one. Then makes calls by
 * ways that were never gone before. Nobody but the program may use its
 * descriptors: the file and every offset in it stay as they are, and the next
 * free number is as expected.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILES 8

static void block(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		abort();
}

static __attribute__((noinline)) int deeper(int n)
{
	if (n == 0)
		block(SIGUSR1);
	return n == 0 ? 0 : deeper(n - 1) + 1;
}

static int compare(const void *a, const void *b)
{
	block(SIGWINCH);
	return *(const int *)a - *(const int *)b;
}

static void handler(int sig)
{
	(void)sig;
	deeper(3);
}

/* The descriptors that are open, lowest first, as the kernel lists them. */
static int highest_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int highest = 0;

	while ((entry = readdir(dir)))
		if (atoi(entry->d_name) > highest && atoi(entry->d_name) != dirfd(dir))
			highest = atoi(entry->d_name);
	closedir(dir);
	return highest;
}

static void go_new_ways(void)
{
	int numbers[] = { 3, 2, 1 };

	for (int n = 1; n < 40; n++)
		deeper(n);
	qsort(numbers, 3, sizeof(numbers[0]), compare);
	signal(SIGUSR2, handler);
	raise(SIGUSR2);
}

/* FILE with 1000 times x in it, opened FILES times. */
static void open_files(const char *path)
{
	for (int i = 0; i < FILES; i++)
		if (open(path, O_RDWR | O_CREAT, 0600) != 3 + i)
			exit(1);
	for (int i = 0; i < 1000; i++)
		if (pwrite(3, "x", 1, i) != 1)
			exit(1);
}

static int files_are_untouched(void)
{
	char c;

	for (int fd = 3; fd < 3 + FILES; fd++)
		if (lseek(fd, 0, SEEK_CUR) != 0)
			return 0;
	for (int i = 0; i < 1000; i++)
		if (pread(3, &c, 1, i) != 1 || c != 'x')
			return 0;
	return lseek(3, 0, SEEK_END) == 1000;
}

int main(int argc, char **argv)
{
	int high;

	block(SIGHUP);
	high = highest_open();
	for (int fd = 3; fd <= high; fd++)
		close(fd);
	open_files(argc > 1 ? argv[1] : "closer.file");
	if (high > 3 + FILES)
		dup2(3, high);	/* shares its offset */
	go_new_ways();
	if (!files_are_untouched())
		return 2;
	printf("the next is %d\n", dup(0));
	return 0;
}
