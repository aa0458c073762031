/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads /proc and pidfds; see proc.h. Used by ingest/. MT-safe.
 */
#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define PIDFS 0x50494446	/* f_type: each process has an inode of its own (6.9) */
#define MAX_TASKS 4096	/* looked through for one thread */
#define EXITING 0x4	/* PF_EXITING of a task's flags in its stat */

/* PIDFD_GET_INFO (linux/pidfd.h, 6.13; the exit status since 6.15). */
struct pidfd_exit {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};
#define PIDFD_EXIT_MASK (1u << 3)
#define PIDFD_EXIT_IOCTL _IOWR(0xFF, 11, struct pidfd_exit)

/* The beginning of /proc/PID/NAME as a string; its length or -errno. */
static ssize_t read_file(int pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

/* The text of /proc/PID/stat after the name, which may hold anything. */
static char *read_stat(int pid, char *buf, size_t size)
{
	char *end;

	if (read_file(pid, "stat", buf, size) <= 0)
		return NULL;
	end = strrchr(buf, ')');
	return end && end[1] == ' ' ? end + 2 : NULL;
}

/* Field `n` of proc(5)'s numbering, 3 or later, of what read_stat gives. */
static long long stat_field(const char *stat, int n)
{
	for (int i = 3; i < n && stat; i++) {
		stat = strchr(stat, ' ');
		stat = stat ? stat + 1 : NULL;
	}
	return stat ? strtoll(stat, NULL, 10) : 0;
}

/* Where a link in /proc/PID leads; empty if that can't be seen. */
static void read_link(int pid, const char *name, char ret[static PROC_TEXT])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	n = readlink(path, ret, PROC_TEXT - 1);
	ret[n > 0 ? n : 0] = '\0';
}

static void read_ignored(int pid, struct proc_info *ret)
{
	char buf[4096], *line = read_file(pid, "status", buf, sizeof(buf)) > 0 ? strstr(buf, "\nSigIgn:") : NULL;

	ret->ignored_known = line;
	if (line)
		ret->ignored = strtoull(line + 8, NULL, 16);
}

void proc_read(int pid, struct proc_info *ret)
{
	char buf[1024], *stat = read_stat(pid, buf, sizeof(buf));
	ssize_t n;

	*ret = (struct proc_info){ 0 };
	if (stat) {
		ret->ppid = (int)stat_field(stat, 4);
		ret->started = (uint64_t)stat_field(stat, 22);
	}
	read_ignored(pid, ret);
	n = read_file(pid, "comm", ret->comm, sizeof(ret->comm));
	if (n > 0 && ret->comm[n - 1] == '\n')
		ret->comm[n - 1] = '\0';
	read_link(pid, "exe", ret->exe);
	read_link(pid, "cwd", ret->cwd);
	n = read_file(pid, "cmdline", ret->cmdline, sizeof(ret->cmdline));
	for (ssize_t i = 0; i < n - 1; i++)
		if (ret->cmdline[i] == '\0')
			ret->cmdline[i] = ' ';
	container_of_process(pid, ret->container);
}

bool proc_is_roots(int pid)
{
	char buf[4096], *line = read_file(pid, "status", buf, sizeof(buf)) > 0 ? strstr(buf, "\nUid:") : NULL;
	unsigned int real, effective, saved;

	return line && sscanf(line + 5, "%u %u %u", &real, &effective, &saved) == 3 && !real && !effective && !saved;
}

int proc_parent(int pid)
{
	char buf[1024];

	return (int)stat_field(read_stat(pid, buf, sizeof(buf)), 4);
}

uint64_t proc_started(int pid)
{
	char buf[1024];

	return (uint64_t)stat_field(read_stat(pid, buf, sizeof(buf)), 22);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

bool proc_is_older(int pid, uint64_t mono_ns)
{
	uint64_t started = proc_started(pid);
	uint64_t tick = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t asleep = clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC);

	return started && started * tick <= mono_ns + asleep;
}

bool proc_is_leaving(int pid)
{
	char buf[1024], *stat = read_stat(pid, buf, sizeof(buf));

	return !stat || stat_field(stat, 9) & EXITING;
}

int proc_pidfd(int sock, int pid)
{
	int fd;
	socklen_t len = sizeof(fd);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERPIDFD, &fd, &len) == 0) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		return fd;
	}
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	return fd < 0 ? -errno : fd;
}

bool proc_same(int pidfd, int other)
{
	struct statfs fs;
	struct stat a, b;

	return fstatfs(pidfd, &fs) == 0 && fs.f_type == PIDFS && fstat(pidfd, &a) == 0 &&
		fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool proc_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return pidfd >= 0 && poll(&p, 1, 0) == 1;
}

int proc_exit_status(int pidfd, int pid, int *ret_status)
{
	struct pidfd_exit info = { .mask = PIDFD_EXIT_MASK };
	char buf[1024], *stat = read_stat(pid, buf, sizeof(buf));

	/* Still a zombie, and after that still the same: then that was its line. */
	if (stat && stat[0] == 'Z' && syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0) {
		*ret_status = (int)stat_field(stat, 52);
		return 0;
	}
	if (ioctl(pidfd, PIDFD_EXIT_IOCTL, &info) == 0 && info.mask & PIDFD_EXIT_MASK) {
		*ret_status = info.exit_code;
		return 0;
	}
	return -ENODATA;
}

/* The last number of the NSpid line in /proc/PID/NAME: the innermost namespace's. */
static int ns_pid(int pid, const char *name, bool *ret_nested)
{
	char buf[4096], *line, *end, *last;
	ssize_t n = read_file(pid, name, buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	line = strstr(buf, "\nNSpid:");
	end = line ? strchr(line + 1, '\n') : NULL;
	if (!end)
		return -ENODATA;
	*end = '\0';
	last = strrchr(line + 1, '\t');
	*ret_nested = last != strchr(line + 1, '\t');
	return last ? atoi(last + 1) : -ENODATA;
}

int proc_ns_pid(int pid, bool *ret_nested)
{
	return ns_pid(pid, "status", ret_nested);
}

int proc_host_tid(int pid, int tid)
{
	char path[64], name[300];
	struct dirent *entry;
	bool nested;
	int found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	for (int i = 0; i < MAX_TASKS && !found && (entry = readdir(dir)); i++) {
		snprintf(name, sizeof(name), "task/%s/status", entry->d_name);
		if (entry->d_name[0] != '.' && ns_pid(pid, name, &nested) == tid)
			found = atoi(entry->d_name);
	}
	closedir(dir);
	return found;
}

/* Whether a process's environment, which may be long, holds the text. */
static bool has_environment(const char *pid, const char *text)
{
	char path[300], *line = NULL;
	size_t size = 0;
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	f = fopen(path, "re");
	while (f && !found && getdelim(&line, &size, '\0', f) > 0)
		found = strcmp(line, text) == 0;
	free(line);
	if (f)
		fclose(f);
	return found;
}

int proc_with_environment(const char *text)
{
	struct dirent *entry;
	int found = 0;
	DIR *dir = opendir("/proc");

	while (dir && !found && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && has_environment(entry->d_name, text))
			found = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	return found;
}

int proc_maps(int pid, const char *text)
{
	char path[64], *line = NULL;
	size_t size = 0;
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (!found && getline(&line, &size, f) > 0)
		found = strstr(line, text) != NULL;
	/* One that is ending has no memory left, perhaps since a moment ago: then the list was cut. */
	if (!found) {
		rewind(f);
		if (getline(&line, &size, f) <= 0)
			found = -ESRCH;
	}
	free(line);
	fclose(f);
	return found;
}
