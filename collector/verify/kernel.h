/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The few members of the kernel's structures that trace.bpf.c reads. libbpf
 * finds where the running kernel has them (CO-RE), so the order here and what
 * is left out mean nothing. For trace.bpf.c alone.
 */
#ifndef SIGSHIM_KERNEL_H
#define SIGSHIM_KERNEL_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;
/* What bpf_helper_defs.h calls them. */
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;

enum { false, true };
typedef _Bool bool;

/* include/uapi/linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum {
	BPF_ANY = 0,
	BPF_F_NO_PREALLOC = 1,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_AVAIL_DATA = 0,
};
/* Looked for by name in the running kernel; see bpf_core_enum_value_exists. */
enum bpf_func_id___sigshim {
	BPF_FUNC_find_vma___sigshim = 180,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip;
	unsigned long flags, sp;
};

struct upid {
	int nr;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct thread_info {
	u32 status;
};
struct thread_struct {
	unsigned long fsbase;
};

typedef struct {
	unsigned long sig[1];
} sigset_t;

struct kernfs_node {
	u64 id;
};
struct cgroup;
struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};
struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};
struct css_set {
	struct cgroup_subsys_state *subsys[8];
	struct cgroup *dfl_cgrp;
};

struct super_block {
	u32 s_dev;
};
struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
};
struct qstr {
	const unsigned char *name;
};
struct dentry {
	struct qstr d_name;
};
struct path {
	struct dentry *dentry;
};
struct file {
	void *private_data;
	struct inode *f_inode;
	struct path f_path;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct signalfd_ctx {
	sigset_t sigmask;
};

struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_pgoff, vm_flags;
	struct file *vm_file;
};

typedef struct {
	int counter;
} atomic_t;
struct mm_struct {
	atomic_t mm_users;	/* tasks that run on it */
};
struct list_head {
	struct list_head *next;
};
struct signal_struct {
	atomic_t live;		/* threads */
	int nr_threads;
	struct list_head thread_head;
};

struct sigaction {
	unsigned long sa_flags;
};
struct k_sigaction {
	struct sigaction sa;
};
struct sighand_struct {
	struct k_sigaction action[64];
};

struct task_struct {
	struct thread_info thread_info;
	struct thread_struct thread;
	int pid, tgid, exit_code;
	struct mm_struct *mm;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	sigset_t blocked;
	unsigned long sas_ss_sp, sas_ss_size;
	unsigned int sas_ss_flags;
	struct files_struct *files;
	struct signal_struct *signal;
	struct sighand_struct *sighand;
	struct css_set *cgroups;
	struct list_head thread_node;	/* in signal->thread_head */
};

struct linux_binprm {
	const char *filename;
	struct file *file;
};

struct kernel_siginfo {
	int si_signo, si_errno, si_code;
};

#pragma clang attribute pop

#endif
