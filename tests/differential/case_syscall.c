/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syscall(2) itself: all six arguments, wide results, numbers that nobody
 * knows, and calls that return twice or never.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/select.h>

#include "case.h"

static void six_arguments(void)
{
	int fd = (int)MUST(open("/proc/self/exe", O_RDONLY)), pipes[2];
	struct timespec wait = { .tv_nsec = 1000 };
	struct { const uint64_t *set; size_t size; } sixth = { (uint64_t[]){ BIT(SIGUSR1) }, 8 };
	uint32_t word[2] = { 5, 6 };
	char there[16], *map;
	fd_set read_set;
	off_t at = 4096;

	MUST(pread(fd, there, 16, 4096));
	map = (char *)syscall(SYS_mmap, NULL, 4096L, PROT_READ, MAP_PRIVATE, fd, 4096L);
	say("mapped at an offset: %s",
	    (long)map == -1 ? "no" : memcmp(map, there, 16) ? "wrong" : "right");
	say("unmapped: %ld", syscall(SYS_munmap, map, 4096L));
	CALL(syscall(SYS_mmap, NULL, 4096L, PROT_READ, MAP_PRIVATE, fd, 1L));
	CALL(syscall(SYS_futex, &word[0], FUTEX_CMP_REQUEUE, 1, 1L, &word[1], 5));
	CALL(syscall(SYS_futex, &word[0], FUTEX_CMP_REQUEUE, 1, 1L, &word[1], 6));
	CALL(syscall(SYS_futex, &word[0], FUTEX_WAIT_BITSET, 5, &wait, NULL, 0));
	CALL(syscall(SYS_futex, &word[0], FUTEX_WAIT, 4, NULL, NULL, 0));
	MUST(pipe(pipes));
	FD_ZERO(&read_set);
	FD_SET(pipes[0], &read_set);
	CALL(syscall(SYS_pselect6, pipes[0] + 1, &read_set, NULL, NULL, &wait, &sixth));
	sixth.size = 7;
	CALL(syscall(SYS_pselect6, pipes[0] + 1, &read_set, NULL, NULL, &wait, &sixth));
	MUST(write(pipes[1], "0123456789", 10));
	CALL(syscall(SYS_splice, pipes[0], NULL, pipes[1], NULL, 4L, 0x1000));
	CALL(syscall(SYS_copy_file_range, fd, &at, pipes[1], NULL, 10L, 77));
	show_mask("after pselect6");
}

static void odd_numbers(void)
{
	static const long number[] = {
		-1, -14, 511, 512, 513, 600, 1000, 0x40000000, 0x7fffffff, -4096, 0x100000000 - 1,
	};

	for (size_t i = 0; i < sizeof(number) / sizeof(number[0]); i++) {
		long ret;

		errno = SENTINEL;
		ret = syscall(number[i], 1L, 2L, 3L, 4L, 5L, 6L);
		say("number %ld: %ld, %s", number[i], ret, error_name(errno));
	}
}

static void plain(void)
{
	char text[64] = {};

	say("pid %d", syscall(SYS_getpid) == getpid());
	say("tid %d", syscall(SYS_gettid) == gettid());
	CALL(syscall(SYS_close, 777));
	CALL(syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/fd/0", text, sizeof(text)));
	CALL(syscall(SYS_write, 1, "written\n", 8L));
	CALL(syscall(SYS_lseek, 0, 0x7fffffffffffL, SEEK_SET) >= 0);
	CALL((int)(syscall(SYS_brk, 0) > 0x10000));
}

static void twice_or_never(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L);

	if (pid == 0) {
		say("in the child");
		syscall(SYS_exit_group, 11);
	}
	show_end("child of SYS_clone", pid);
#ifdef SYS_fork
	pid = (pid_t)syscall(SYS_fork);
	if (pid == 0)
		syscall(SYS_exit, 12);
	show_end("child of SYS_fork", pid);
#endif
}

int main(void)
{
	six_arguments();
	odd_numbers();
	plain();
	twice_or_never();
	return 0;
}
