/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a program with minimal.bpf.o attached to it and writes its records to a
 * file: minimal OBJECT NUMBER FILE PROGRAM [ARGUMENT...]. The last line on
 * standard error says how many were written and how many were lost.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "minimal.h"

static unsigned long written;

static void die(const char *what)
{
	fprintf(stderr, "minimal: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int take(void *out, void *data, size_t size)
{
	written++;
	return fwrite(data, size, 1, out) == 1 ? 0 : -EIO;
}

/* The program, which waits until it may go on. */
static pid_t start(char **argv, int *ret_go)
{
	int way[2];
	pid_t pid;
	char c;

	if (pipe(way) < 0)
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(way[1]);
		if (read(way[0], &c, 1) != 1)
			_exit(1);
		close(way[0]);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	close(way[0]);
	*ret_go = way[1];
	return pid;
}

static void set_target(struct bpf_object *object, unsigned int process, unsigned int number)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	unsigned int values[2] = { process, number };

	if (!map || bpf_map__set_initial_value(map, values, sizeof(values)) != 0)
		die("setting what to trace");
}

static struct bpf_object *load(const char *path, pid_t pid, const char *number)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;

	if (!object)
		die(path);
	set_target(object, (unsigned int)pid, (unsigned int)atoi(number));
	if (bpf_object__load(object) != 0)
		die("loading into the kernel");
	program = bpf_object__find_program_by_name(object, "on_enter");
	if (!program || !bpf_program__attach(program))
		die("attaching");
	return object;
}

static unsigned long long lost_records(struct bpf_object *object)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".bss");
	unsigned long long lost = 0;
	unsigned int key = 0;

	if (map)
		bpf_map__lookup_elem(map, &key, sizeof(key), &lost, sizeof(lost), 0);
	return lost;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct ring_buffer *ring;
	int go, status = 0;
	pid_t pid;
	FILE *out;

	if (argc < 5) {
		fprintf(stderr, "usage: minimal OBJECT NUMBER FILE PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	out = fopen(argv[3], "w");
	if (!out)
		die(argv[3]);
	pid = start(argv + 4, &go);
	object = load(argv[1], pid, argv[2]);
	ring = ring_buffer__new(bpf_map__fd(bpf_object__find_map_by_name(object, "records")), take, out, NULL);
	if (!ring || write(go, "g", 1) != 1)
		die("starting");
	while (waitpid(pid, &status, WNOHANG) == 0) {
		ring_buffer__consume(ring);
		usleep(1000);
	}
	ring_buffer__consume(ring);
	if (fclose(out) != 0)
		die(argv[3]);
	fprintf(stderr, "minimal: %lu written, %llu lost\n", written, lost_records(object));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
