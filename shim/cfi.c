/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads DWARF call frame information as compilers write it for x86-64: a frame
 * whose CFA is rsp or rbp plus a constant, whose return address lies below the
 * CFA, and which leaves rbp alone or saves it at a constant distance. All else
 * is FRAME_OTHER. (System V ABI, AMD64 supplement, 3.7; DWARF 5, 6.4.) AS-safe,
 * MT-safe.
 */
#include <string.h>

#include "cfi.h"
#include "cfi_table.h"
#include "shim.h"

#include "banned.h"

#if defined(__x86_64__)

enum { RBP = 6, RSP = 7 };
#define REMEMBERED 4

enum { SAVED_NOT, SAVED_AT, SAVED_NOWHERE, SAVED_OTHERWISE };
struct saved {
	int8_t how;
	int64_t at;
};

struct row {
	int64_t cfa;
	uint8_t reg;		/* 0xff: an expression */
	struct saved rbp, ret;
};

static void save(struct row *row, uint64_t reg, int how, int64_t at)
{
	struct saved *s = reg == RBP ? &row->rbp : reg == CFI_RETURN ? &row->ret : NULL;

	if (s)
		*s = (struct saved){ (int8_t)how, at };
}

static void restore(struct row *row, const struct row *first, uint64_t reg)
{
	if (reg == RBP)
		row->rbp = first->rbp;
	else if (reg == CFI_RETURN)
		row->ret = first->ret;
}

static void define_cfa(struct row *row, uint64_t reg, int64_t cfa)
{
	row->reg = reg == RBP || reg == RSP ? (uint8_t)reg : 0xff;
	row->cfa = cfa;
}

/* The instructions that define the CFA. */
static bool apply_cfa(struct bytes *b, uint8_t op, const struct entry *e, struct row *row)
{
	uint64_t reg;

	switch (op) {
	case 0x0c:	/* def_cfa */
		reg = bytes_uleb(b);
		define_cfa(row, reg, (int64_t)bytes_uleb(b));
		return true;
	case 0x12:	/* def_cfa_sf */
		reg = bytes_uleb(b);
		define_cfa(row, reg, bytes_sleb(b) * e->data_align);
		return true;
	case 0x0d:	/* def_cfa_register */
		define_cfa(row, bytes_uleb(b), row->cfa);
		return true;
	case 0x0e:	/* def_cfa_offset */
		row->cfa = (int64_t)bytes_uleb(b);
		return true;
	case 0x13:	/* def_cfa_offset_sf */
		row->cfa = bytes_sleb(b) * e->data_align;
		return true;
	case 0x0f:	/* def_cfa_expression */
		row->reg = 0xff;
		bytes_skip(b, bytes_uleb(b));
		return true;
	default:
		return false;
	}
}

/* Those that say where a register is saved, and what means nothing. False for unknown ones. */
static bool apply_register(struct bytes *b, uint8_t op, const struct entry *e, struct row *row,
			   const struct row *first)
{
	uint64_t reg;

	switch (op) {
	case 0x00:	/* nop */
		return true;
	case 0x05:	/* offset_extended */
		reg = bytes_uleb(b);
		save(row, reg, SAVED_AT, (int64_t)bytes_uleb(b) * e->data_align);
		return true;
	case 0x11:	/* offset_extended_sf */
		reg = bytes_uleb(b);
		save(row, reg, SAVED_AT, bytes_sleb(b) * e->data_align);
		return true;
	case 0x06:	/* restore_extended */
		restore(row, first, bytes_uleb(b));
		return true;
	case 0x07:	/* undefined */
		save(row, bytes_uleb(b), SAVED_NOWHERE, 0);
		return true;
	case 0x08:	/* same_value */
		save(row, bytes_uleb(b), SAVED_NOT, 0);
		return true;
	case 0x09:	/* register */
	case 0x14:	/* val_offset */
	case 0x15:	/* val_offset_sf */
		save(row, bytes_uleb(b), SAVED_OTHERWISE, 0);
		bytes_uleb(b);
		return true;
	case 0x10:	/* expression */
	case 0x16:	/* val_expression */
		save(row, bytes_uleb(b), SAVED_OTHERWISE, 0);
		bytes_skip(b, bytes_uleb(b));
		return true;
	case 0x2e:	/* GNU_args_size */
		bytes_uleb(b);
		return true;
	default:
		return false;
	}
}

/* How far a DW_CFA_advance_* moves on; -1 for other instructions. */
static int64_t advance(struct bytes *b, uint8_t op)
{
	if (op >> 6 == 1)
		return op & 0x3f;
	return op == 0x02 ? (int64_t)bytes_number(b, 1) : op == 0x03 ? (int64_t)bytes_number(b, 2) :
		op == 0x04 ? (int64_t)bytes_number(b, 4) : -1;
}

/* Runs instructions up to those of the code behind pc. */
static bool run(struct bytes b, const struct entry *e, uintptr_t pc, struct row *row,
		const struct row *first)
{
	struct row kept[REMEMBERED];
	unsigned int nkept = 0;
	uintptr_t at = e->start;

	while (b.p < b.end && !b.bad) {
		uint8_t op = (uint8_t)bytes_number(&b, 1);
		int64_t delta = advance(&b, op);

		if (delta >= 0) {
			at += (uint64_t)delta * e->code_align;
			if (at > pc)
				return !b.bad;
		} else if (op >> 6 == 2) {
			save(row, op & 0x3f, SAVED_AT, (int64_t)bytes_uleb(&b) * e->data_align);
		} else if (op >> 6 == 3) {
			restore(row, first, op & 0x3f);
		} else if (op == 0x0a && nkept < REMEMBERED) {
			kept[nkept++] = *row;
		} else if (op == 0x0b && nkept) {
			*row = kept[--nkept];
		} else if (!apply_cfa(&b, op, e, row) && !apply_register(&b, op, e, row, first)) {
			return false;
		}
	}
	return !b.bad;
}

static struct frame_rule plain(const struct row *row)
{
	struct frame_rule rule = { .way = FRAME_OTHER };

	if (row->ret.how == SAVED_NOWHERE) {
		rule.way = FRAME_OUTERMOST;
	} else if (row->reg != 0xff && row->cfa == (int32_t)row->cfa && row->ret.how == SAVED_AT &&
		   row->ret.at == -8 && (row->rbp.how == SAVED_NOT ||
		   (row->rbp.how == SAVED_AT && row->rbp.at == (int32_t)row->rbp.at))) {
		rule.way = FRAME_PLAIN;
		rule.by_rbp = row->reg == RBP;
		rule.cfa = (int32_t)row->cfa;
		rule.rbp = row->rbp.how == SAVED_NOT ? RBP_KEPT : (int32_t)row->rbp.at;
	}
	return rule;
}

/* musl's has no tables: mov $SYS_rt_sigreturn, %rax; syscall (libunwind knows it so, too). */
static bool is_trampoline(uintptr_t pc)
{
	static const unsigned char code[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };
	uintptr_t low, high;

	return module_span(pc, &low, &high) && high - pc >= sizeof(code) &&
		memcmp((const void *)pc, code, sizeof(code)) == 0;
}

struct frame_rule cfi_rule(uintptr_t pc, bool exact)
{
	const struct frame_rule other = { .way = FRAME_OTHER }, without = { .way = FRAME_WITHOUT };
	struct row first = { .reg = 0xff }, row;
	uintptr_t at = exact ? pc : pc - 1;
	struct entry e = { 0 };
	enum entry_found found = module_holds(at) ? entry_find(at, &e) : ENTRY_NONE;

	if (found != ENTRY_FOUND && is_trampoline(pc))
		return (struct frame_rule){ .way = FRAME_SIGNAL };
	if (found != ENTRY_FOUND)
		return found == ENTRY_NONE && !exact ? without : other;
	if (e.signal)
		return (struct frame_rule){ .way = FRAME_SIGNAL };
	if (!run(e.common, &e, UINTPTR_MAX, &first, &first))
		return other;
	row = first;
	return run(e.code, &e, at, &row, &first) ? plain(&row) : other;
}

#endif
