/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes what events hang on: runs, processes, threads, modules, and what is
 * missing; see store.h. A store belongs to one thread.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <sigshim/version.h>

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* "" where there is none. */
static void read_boot_id(char *buf, size_t size)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(buf, size, f))
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	if (f)
		fclose(f);
}

int store_run_begin(struct store *s, const char *command, int64_t *ret_run)
{
	struct utsname uts = {};
	char boot_id[64];
	int r;

	uname(&uts);
	read_boot_id(boot_id, sizeof(boot_id));
	r = db_write(s, &s->stmt.run,
		     "INSERT INTO runs (started_ns, mono_ns, command, host, kernel, boot_id, sigshim) "
		     "VALUES (?, ?, ?, ?, ?, ?, ?)",
		     ROW(NUM(clock_ns(CLOCK_REALTIME)), NUM(clock_ns(CLOCK_MONOTONIC)), TEXT(command),
			 TEXT(uts.nodename), TEXT(uts.release), TEXT(boot_id),
			 TEXT(SIGSHIM_VERSION_STRING)));
	if (r == 0)
		*ret_run = db_last_id(s);
	return r;
}

int store_run_end(struct store *s, int64_t run)
{
	return db_write(s, &s->stmt.run_end, "UPDATE runs SET ended_ns = ?, clean = 1 WHERE id = ?",
			ROW(NUM(clock_ns(CLOCK_REALTIME)), NUM(run)));
}

int store_process(struct store *s, int64_t id, const struct process_info *info)
{
	struct bind_value ignored = { .is_text = !info->ignored_known, .number = (int64_t)info->ignored_start };

	return db_write(s, &s->stmt.process,
			"INSERT INTO processes (id, run, parent, pid, host_pid, ppid, uid, gid, comm, exe, "
			"cmdline, transport, stack_mode, depth, overflow, minsigstksz, mask_start, "
			"pending_start, birth, ignored_start, started_ns, instance, container) VALUES "
			"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			ROW(NUM(id), NUM(info->run), ID(info->parent), NUM(info->pid), NUM(info->host_pid),
			    NUM(info->ppid), NUM(info->uid), NUM(info->gid), TEXT(info->comm),
			    TEXT(info->exe), TEXT(info->cmdline), TEXT(info->transport),
			    TEXT(info->stack_mode), NUM(info->depth), TEXT(info->overflow),
			    NUM(info->minsigstksz), NUM(info->mask_start), NUM(info->pending_start),
			    TEXT(info->birth), ignored, NUM(info->started_ns), ID(info->instance),
			    TEXT(info->container)));
}

int store_process_end(struct store *s, int64_t process, uint64_t ended_ns, const char *end,
		      uint64_t lost)
{
	int r = db_write(s, &s->stmt.process_end,
			 "UPDATE processes SET ended_ns = ?, end = ?, lost = ? WHERE id = ?",
			 ROW(NUM(ended_ns), TEXT(end), NUM(lost), NUM(process)));

	if (r == 0)
		r = db_write(s, &s->stmt.shim_stacks_end, "DELETE FROM shim_stacks WHERE process = ?",
			     ROW(NUM(process)));
	return r;
}

int store_vfork_child(struct store *s, int64_t id, const struct vfork_info *child)
{
	int r = db_write(s, &s->stmt.vfork_child,
			 "INSERT INTO processes (id, run, parent, pid, host_pid, ppid, uid, gid, comm, exe, "
			 "cmdline, transport, stack_mode, depth, overflow, minsigstksz, mask_start, "
			 "birth, started_ns, ended_ns, container, end) SELECT ?6, run, id, ?1, ?2, host_pid, uid, gid, "
			 "comm, exe, cmdline, transport, stack_mode, depth, overflow, minsigstksz, ?3, 'vfork', "
			 "?4, ?4, container, 'vfork' FROM processes WHERE id = ?5",
			 ROW(NUM(child->pid), NUM(child->host_pid), NUM(child->mask_start),
			     NUM(child->started_ns), NUM(child->parent), NUM(id)));

	if (r < 0)
		return r;
	return db_write(s, &s->stmt.vfork_mappings,
			"INSERT INTO mappings (process, module, start, end, bias, from_ns, flags) "
			"SELECT ?1, module, start, end, bias, from_ns, flags FROM mappings WHERE process = ?2",
			ROW(NUM(id), NUM(child->parent)));
}

int store_thread(struct store *s, int64_t id, const struct thread_info *t)
{
	return db_write(s, &s->stmt.thread,
			"INSERT INTO threads (id, process, ordinal, tid, host_tid) VALUES (?, ?, ?, ?, ?)",
			ROW(NUM(id), NUM(t->process), NUM(t->ordinal), NUM(t->tid), ID(t->host_tid)));
}

int store_module(struct store *s, int64_t id, const char *path, const char *build_id)
{
	return db_write(s, &s->stmt.module, "INSERT INTO modules (id, path, build_id) VALUES (?, ?, ?)",
			ROW(NUM(id), TEXT(path), TEXT(build_id)));
}

int store_mapping(struct store *s, const struct mapping_info *m)
{
	return db_write(s, &s->stmt.mapping,
			"INSERT INTO mappings (process, module, start, end, bias, from_ns, flags) "
			"VALUES (?, ?, ?, ?, ?, ?, ?)",
			ROW(NUM(m->process), NUM(m->module), NUM(m->start), NUM(m->end), NUM(m->bias),
			    NUM(m->from_ns), NUM(m->shim)));
}

int store_shim_stack(struct store *s, int64_t process, uint32_t number, int64_t stack)
{
	return db_write(s, &s->stmt.shim_stack, "INSERT OR REPLACE INTO shim_stacks VALUES (?, ?, ?)",
			ROW(NUM(process), NUM(number), NUM(stack)));
}

int store_gap(struct store *s, const struct gap_info *gap)
{
	struct bind_value count = { .is_text = gap->count < 0, .number = gap->count };

	return db_write(s, &s->stmt.gap,
			"INSERT INTO gaps (run, process, thread, ts_ns, first_seq, last_seq, "
			"count, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			ROW(NUM(gap->run), ID(gap->process), ID(gap->thread), NUM(gap->ts_ns),
			    ID(gap->first_seq), ID(gap->last_seq), count, TEXT(gap->reason)));
}

int store_refusal(struct store *s, int64_t run, const char *reason, uint64_t count)
{
	return db_write(s, &s->stmt.refusal,
			"INSERT INTO refusals VALUES (?, ?, ?) "
			"ON CONFLICT DO UPDATE SET count = count + excluded.count",
			ROW(NUM(run), TEXT(reason), NUM(count)));
}
