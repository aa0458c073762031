/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and attaches trace.bpf.c with libbpf, and takes what it sends; see
 * tracer.h. main-only.
 */
#include "tracer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "spec.h"
#include <trace.skel.h>

#define CGROUP2_SUPER_MAGIC 0x63677270

struct tracer {
	struct trace *skeleton;
	struct ring_buffer *calls, *stacks;
	struct tracer_sink sink;
};

/* A record has the length of its type, and is used where it lies: the kernel wrote it. */
static int take_record(void *arg, void *data, size_t size)
{
	const struct tracer *t = arg;
	const struct trace_head *head = data;

	switch (head->type) {
	case TRACE_CALL:
		if (size >= offsetof(struct trace_call, copy))
			t->sink.call(t->sink.arg, data);
		break;
	case TRACE_SIGNAL:
		t->sink.signal(t->sink.arg, data);
		break;
	default:
		t->sink.life(t->sink.arg, data);
	}
	return 0;
}

static int take_stack(void *arg, void *data, size_t size)
{
	const struct tracer *t = arg;

	t->sink.stack(t->sink.arg, data);
	return 0;
}

static int be_silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

/* The folder's inode number is the cgroup's id, in both versions. */
static int set_scope(struct trace *skeleton, const struct tracer_options *opt, const char **ret_why)
{
	struct statfs fs;
	struct stat st;

	skeleton->rodata->scope = opt->scope;
	skeleton->rodata->own_tgid = (u32)getpid();
	if (opt->scope != TRACE_CGROUP)
		return 0;
	if (stat(opt->cgroup, &st) < 0 || statfs(opt->cgroup, &fs) < 0 || !S_ISDIR(st.st_mode)) {
		*ret_why = "there is no such cgroup";
		return -ENOENT;
	}
	skeleton->rodata->cgroup_id = st.st_ino;
	skeleton->rodata->cgroup_v2 = fs.f_type == CGROUP2_SUPER_MAGIC;
	return 0;
}

static const char *reason(int error)
{
	if (error == -EPERM)
		return "it takes CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8), or root";
	return access("/sys/kernel/btf/vmlinux", R_OK) < 0 ?
		"the kernel has no type information: /sys/kernel/btf/vmlinux cannot be read" :
		"the kernel refused the program; it takes Linux 5.12 or later, on x86-64";
}

static int start(struct tracer *t, const struct tracer_options *opt, const char **ret_why)
{
	int r;

	t->skeleton = trace__open();
	if (!t->skeleton)
		return -errno;
	spec_fill((struct trace_spec *)t->skeleton->rodata->specs, (u8 *)t->skeleton->rodata->wanted);
	r = set_scope(t->skeleton, opt, ret_why);
	if (r < 0)
		return r;
	*ret_why = NULL;
	r = trace__load(t->skeleton);
	if (r == 0) {
		t->calls = ring_buffer__new(bpf_map__fd(t->skeleton->maps.calls), take_record, t, NULL);
		t->stacks = ring_buffer__new(bpf_map__fd(t->skeleton->maps.stacks), take_stack, t, NULL);
		r = t->calls && t->stacks ? trace__attach(t->skeleton) : -ENOMEM;
	}
	if (r < 0)
		*ret_why = reason(r);
	return r;
}

int tracer_open(const struct tracer_options *opt, const struct tracer_sink *sink, struct tracer **ret,
		const char **ret_why)
{
	struct tracer *t = calloc(1, sizeof(*t));
	int r;

	*ret_why = "there is not enough memory";
	if (!t)
		return -ENOMEM;
	t->sink = *sink;
	libbpf_set_print(be_silent);
	r = start(t, opt, ret_why);
	if (r < 0) {
		tracer_close(t);
		return r;
	}
	*ret = t;
	return 0;
}

void tracer_close(struct tracer *t)
{
	if (!t)
		return;
	trace__destroy(t->skeleton);
	ring_buffer__free(t->calls);
	ring_buffer__free(t->stacks);
	free(t);
}

int tracer_watch(struct tracer *t, uint32_t tgid, const struct trace_process *p)
{
	int r = bpf_map_update_elem(bpf_map__fd(t->skeleton->maps.processes), &tgid, p, BPF_ANY);

	if (r < 0)
		return -errno;
	t->skeleton->data->generation++;
	return 0;
}

void tracer_unwatch(struct tracer *t, uint32_t tgid)
{
	bpf_map_delete_elem(bpf_map__fd(t->skeleton->maps.processes), &tgid);
	t->skeleton->data->generation++;
}

void tracer_suspect(struct tracer *t, uint32_t tgid)
{
	struct trace_process p;

	if (!t || bpf_map_lookup_elem(bpf_map__fd(t->skeleton->maps.processes), &tgid, &p) < 0 || p.suspect)
		return;
	p.suspect = 1;
	tracer_watch(t, tgid, &p);
}

int tracer_take(struct tracer *t)
{
	int n = ring_buffer__consume(t->calls);

	if (n >= 0)
		ring_buffer__consume(t->stacks);
	return n;
}

int tracer_fd(const struct tracer *t)
{
	return ring_buffer__epoll_fd(t->calls);
}

void tracer_lost(const struct tracer *t, uint64_t ret[TRACE_LOST_KINDS])
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t counts[cpus > 0 ? cpus : 1];

	for (u32 kind = 0; kind < TRACE_LOST_KINDS; kind++) {
		ret[kind] = 0;
		if (cpus <= 0 || bpf_map_lookup_elem(bpf_map__fd(t->skeleton->maps.lost), &kind, counts) < 0)
			continue;
		for (int i = 0; i < cpus; i++)
			ret[kind] += counts[i];
	}
}
