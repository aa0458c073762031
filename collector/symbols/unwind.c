/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unwinding with libdwfl; see unwind.h. A stack that was walked before is
 * known by its registers and by every word that the walk read: when these are
 * the same, so are the addresses.
 */
#include "unwind.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_READS 512
#define MAX_PCS 256
#define MEMOS 1024	/* a power of two */

struct read {
	uint32_t at;	/* from the stack pointer */
	uint64_t value;
};

struct memo {
	uint64_t reg[UNWIND_REGISTERS];
	unsigned int nreads, npcs;
	bool complete;
	struct read *reads;
	uint64_t *pcs;
};

struct unwinder {
	Dwfl *dwfl;
	bool attached;
	struct memo memo[MEMOS];
	/* Of the walk that is under way. */
	const struct unwind_state *state;
	struct read reads[MAX_READS];
	unsigned int nreads, npcs, max;
	uint64_t *pcs;
};

/* Only what lies in the files themselves: they are not to be searched for. */
static int no_debuginfo(Dwfl_Module *mod, void **data, const char *name, Dwarf_Addr base, const char *file,
			const char *link, GElf_Word crc, char **ret_file)
{
	return -1;
}

static int no_elf(Dwfl_Module *mod, void **data, const char *name, Dwarf_Addr base, char **ret_file, Elf **ret)
{
	return -1;
}

static const Dwfl_Callbacks callbacks = { .find_elf = no_elf, .find_debuginfo = no_debuginfo };

/* --- the copy as a process -------------------------------------------------- */

static pid_t next_thread(Dwfl *dwfl, void *arg, void **ret_arg)
{
	if (*ret_arg)
		return 0;
	*ret_arg = arg;
	return 1;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *ret, void *arg)
{
	struct unwinder *u = arg;
	uint64_t at = addr - u->state->reg[UNWIND_SP];

	if (u->state->size < sizeof(*ret) || at > u->state->size - sizeof(*ret))
		return false;
	memcpy(ret, u->state->stack + at, sizeof(*ret));
	if (u->nreads < MAX_READS)
		u->reads[u->nreads] = (struct read){ (uint32_t)at, *ret };
	u->nreads++;
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct unwinder *u = arg;

	return dwfl_thread_state_registers(thread, 0, UNWIND_REGISTERS, u->state->reg);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread, .memory_read = read_memory, .set_initial_registers = set_registers,
};

/* --- files --------------------------------------------------------------------- */

int unwind_open(struct unwinder **ret)
{
	struct unwinder *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->dwfl = dwfl_begin(&callbacks);
	if (!u->dwfl) {
		free(u);
		return -ENOMEM;
	}
	*ret = u;
	return 0;
}

static void forget(struct unwinder *u)
{
	for (unsigned int i = 0; i < MEMOS; i++) {
		free(u->memo[i].reads);
		free(u->memo[i].pcs);
	}
	memset(u->memo, 0, sizeof(u->memo));
}

void unwind_close(struct unwinder *u)
{
	if (!u)
		return;
	forget(u);
	dwfl_end(u->dwfl);
	free(u);
}

int unwind_add(struct unwinder *u, const char *path, uint64_t bias)
{
	Dwfl_Module *mod;

	dwfl_report_begin_add(u->dwfl);
	mod = dwfl_report_elf(u->dwfl, path, path, -1, bias, true);
	dwfl_report_end(u->dwfl, NULL, NULL);
	if (!mod)
		return -ENOEXEC;
	forget(u);
	if (!u->attached)
		u->attached = dwfl_attach_state(u->dwfl, NULL, 1, &thread_callbacks, u);
	return u->attached ? 0 : -ENOEXEC;
}

/* --- walks ----------------------------------------------------------------------- */

static int take_frame(Dwfl_Frame *frame, void *arg)
{
	struct unwinder *u = arg;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(frame, &pc, NULL))
		return DWARF_CB_ABORT;
	u->pcs[u->npcs++] = pc;
	return u->npcs == u->max ? DWARF_CB_ABORT : DWARF_CB_OK;
}

static struct memo *memo_of(struct unwinder *u, const struct unwind_state *s)
{
	uint64_t h = s->reg[UNWIND_PC] * 31 + s->reg[UNWIND_SP];

	h = (h ^ h >> 33) * 0xff51afd7ed558ccdull;
	return &u->memo[h >> 32 & (MEMOS - 1)];
}

/* What the walk depends on: registers that calls keep, and words of the stack. */
static bool holds(const struct memo *m, const struct unwind_state *s)
{
	static const unsigned char kept[] = { 3, UNWIND_BP, UNWIND_SP, 12, 13, 14, 15, UNWIND_PC };

	if (m->npcs == 0)
		return false;
	for (unsigned int i = 0; i < sizeof(kept); i++)
		if (m->reg[kept[i]] != s->reg[kept[i]])
			return false;
	for (unsigned int i = 0; i < m->nreads; i++)
		if (m->reads[i].at + 8 > s->size || memcmp(s->stack + m->reads[i].at, &m->reads[i].value, 8) != 0)
			return false;
	return true;
}

static void remember(struct unwinder *u, struct memo *m, bool complete)
{
	struct read *reads = malloc(u->nreads * sizeof(*reads) + 1);
	uint64_t *pcs = malloc(u->npcs * sizeof(*pcs));

	free(m->reads);
	free(m->pcs);
	*m = (struct memo){ 0 };
	if (!reads || !pcs || u->nreads > MAX_READS) {
		free(reads);
		free(pcs);
		return;
	}
	memcpy(reads, u->reads, u->nreads * sizeof(*reads));
	memcpy(pcs, u->pcs, u->npcs * sizeof(*pcs));
	*m = (struct memo){
		.nreads = u->nreads, .npcs = u->npcs, .complete = complete, .reads = reads, .pcs = pcs,
	};
	memcpy(m->reg, u->state->reg, sizeof(m->reg));
}

unsigned int unwind_walk(struct unwinder *u, const struct unwind_state *s, uint64_t *pc, unsigned int max,
			 _Bool *ret_complete)
{
	struct memo *m = memo_of(u, s);
	int r = -1;

	if (holds(m, s) && m->npcs <= max) {
		memcpy(pc, m->pcs, m->npcs * sizeof(*pc));
		*ret_complete = m->complete;
		return m->npcs;
	}
	u->state = s;
	u->nreads = u->npcs = 0;
	u->pcs = pc;
	u->max = max < MAX_PCS ? max : MAX_PCS;
	if (u->attached)
		r = dwfl_getthread_frames(u->dwfl, 1, take_frame, u);
	*ret_complete = r == 0;
	if (u->npcs == 0)
		pc[u->npcs++] = s->reg[UNWIND_PC];
	remember(u, m, *ret_complete);
	return u->npcs;
}
