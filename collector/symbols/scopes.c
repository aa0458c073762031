/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What DWARF says about an address: its unit, the function, the calls inlined
 * there, and their lines. Used by module.c. One thread at a time.
 *
 * The units are indexed here because .debug_aranges is often missing (clang,
 * rustc), and the tree is walked here because libdw's walk doesn't enter
 * namespaces and has no bound on the depth of a forged one.
 */
#include "internal.h"

#include <dwarf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_UNIT_RANGES (1u << 20)
#define MAX_DEPTH 128
#define MAX_VISITED (4u << 20)
#define MAX_ORIGINS 8
#define MAX_NAME 4096

static int compare_units(const void *va, const void *vb)
{
	const struct unit *a = va, *b = vb;

	return a->start < b->start ? -1 : a->start > b->start;
}

static int add_unit(struct unittab *t, size_t *room, Dwarf_Die *die)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		/* Linkers leave 0 where they dropped a function. */
		if (start == 0 || end <= start)
			continue;
		if (t->n == MAX_UNIT_RANGES)
			return -EFBIG;
		if (t->n == *room) {
			size_t more = *room ? 2 * *room : 256;
			struct unit *p = reallocarray(t->unit, more, sizeof(*p));

			if (!p)
				return -ENOMEM;
			t->unit = p;
			*room = more;
		}
		t->unit[t->n++] = (struct unit){ start, end, dwarf_dieoffset(die) };
	}
	return 0;
}

int unittab_load(Dwarf *dwarf, struct unittab *ret)
{
	struct unittab t = {};
	Dwarf_CU *cu = NULL;
	Dwarf_Half version;
	uint8_t type;
	Dwarf_Die die;
	size_t room = 0;
	int r = 0;

	/* No place for a split unit's DIE is given: libdw would open the file it names. */
	while (r == 0 && dwarf_get_units(dwarf, cu, &cu, &version, &type, &die, NULL) == 0)
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			r = add_unit(&t, &room, &die);
	if (r < 0) {
		unittab_free(&t);
		return r;
	}
	if (t.n > 0)
		qsort(t.unit, t.n, sizeof(*t.unit), compare_units);
	*ret = t;
	return 0;
}

void unittab_free(struct unittab *t)
{
	free(t->unit);
	*t = (struct unittab){};
}

static bool find_unit(Dwarf *dwarf, const struct unittab *t, uint64_t addr, Dwarf_Die *ret)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->unit[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 0 && addr < t->unit[lo - 1].end &&
	       dwarf_offdie(dwarf, t->unit[lo - 1].die, ret);
}

/* The function around an address, then the calls inlined in it, outermost first. */
struct walk {
	uint64_t addr;
	Dwarf_Die path[MAX_DEPTH];
	unsigned int n;
	unsigned int visited;
	bool nested;		/* look for functions inside of functions, too */
};

static bool walk_children(struct walk *w, Dwarf_Die *parent, unsigned int depth);

/* A block without addresses says nothing about what is in it. */
static bool block_may_cover(Dwarf_Die *die, uint64_t addr)
{
	return dwarf_haspc(die, addr) > 0 ||
	       (!dwarf_hasattr(die, DW_AT_low_pc) && !dwarf_hasattr(die, DW_AT_ranges));
}

static bool walk_die(struct walk *w, Dwarf_Die *die, unsigned int depth)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
		if (dwarf_haspc(die, w->addr) > 0) {
			w->path[w->n++] = *die;
			walk_children(w, die, depth + 1);
			return true;
		}
		return w->nested && walk_children(w, die, depth + 1);
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		return (w->nested || block_may_cover(die, w->addr)) &&
		       walk_children(w, die, depth + 1);
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return walk_children(w, die, depth + 1);
	default:
		return false;
	}
}

static bool walk_children(struct walk *w, Dwarf_Die *parent, unsigned int depth)
{
	Dwarf_Die die;

	if (depth == MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return false;
	do {
		if (++w->visited > MAX_VISITED)
			return false;
		if (walk_die(w, &die, depth))
			return true;
	} while (dwarf_siblingof(&die, &die) == 0);
	return false;
}

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

/* The child that is, or holds, what lies at `offset`: they come in order. */
static bool child_towards(Dwarf_Die *parent, Dwarf_Off offset, Dwarf_Die *ret)
{
	Dwarf_Die die;
	bool found = false;

	if (dwarf_child(parent, &die) != 0)
		return false;
	do {
		if (dwarf_dieoffset(&die) > offset)
			break;
		*ret = die;
		found = true;
	} while (dwarf_siblingof(&die, &die) == 0);
	return found;
}

/* Adds "scope::" for what a function is a member of; what is inside a function begins anew. */
static void add_scope(Dwarf_Die *die, char *name, size_t size)
{
	const char *scope = dwarf_diename(die);
	size_t n = strlen(name);

	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
		*name = '\0';
		break;
	case DW_TAG_namespace:
		scope = scope ? scope : "(anonymous namespace)";
		/* fall through */
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		if (scope)
			snprintf(name + n, size - n, "%s::", scope);
	}
}

/* The declaration of a function, which is where its scope is. */
static Dwarf_Die declaration(Dwarf_Die *die)
{
	Dwarf_Die at = *die, next;
	Dwarf_Attribute attr;

	for (int i = 0; i < MAX_ORIGINS; i++) {
		if (!dwarf_attr(&at, DW_AT_abstract_origin, &attr) &&
		    !dwarf_attr(&at, DW_AT_specification, &attr))
			break;
		if (!dwarf_formref_die(&attr, &next))
			break;
		at = next;
	}
	return at;
}

/* A function without a linkage name, as C++ writes it. */
static char *scoped_name(Dwarf_Die *die, const char *plain)
{
	Dwarf_Die target = declaration(die), at;
	Dwarf_Off offset = dwarf_dieoffset(&target);
	char name[MAX_NAME] = "";
	size_t n;

	if (!dwarf_diecu(&target, &at, NULL, NULL))
		return copy(plain);
	for (int i = 0; i < MAX_DEPTH && child_towards(&at, offset, &at); i++) {
		if (dwarf_dieoffset(&at) == offset) {
			n = strlen(name);
			snprintf(name + n, sizeof(name) - n, "%s", plain);
			return copy(name);
		}
		add_scope(&at, name, sizeof(name));
	}
	return copy(plain);
}

static char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *plain;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attr) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr))
		return copy(dwarf_formstring(&attr));
	if (!dwarf_attr_integrate(die, DW_AT_name, &attr))
		return NULL;
	plain = dwarf_formstring(&attr);
	return plain ? scoped_name(die, plain) : NULL;
}

/*
 * The start of a function, or of an inlined call: its entry, but for a part
 * that the compiler moved elsewhere (.cold) the start of that part.
 */
static uint64_t die_start(Dwarf_Die *die, uint64_t addr)
{
	Dwarf_Addr base, start, end, entry;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		if (addr < start || addr >= end)
			continue;
		if (dwarf_entrypc(die, &entry) == 0 && entry >= start && entry <= addr)
			return entry;
		return start;
	}
	return addr;
}

/* Where the inlined function was called. */
static void call_site(Dwarf_Die *inlined, Dwarf_Files *files, struct symbol *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Word file, line;

	if (files && dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attr), &file) == 0)
		ret->file = copy(dwarf_filesrc(files, file, NULL, NULL));
	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attr), &line) == 0)
		ret->line = (int)line;
}

/* Innermost first. More than there are levels for: the middle is left out, not the function. */
static void fill_levels(struct walk *w, Dwarf_Die *unit, uint64_t offset, struct symbol_set *set)
{
	Dwarf_Files *files = NULL;
	unsigned int levels = w->n < SYMBOLS_MAX_LEVELS ? w->n : SYMBOLS_MAX_LEVELS;

	if (dwarf_getsrcfiles(unit, &files, NULL) != 0)
		files = NULL;
	for (unsigned int i = 0; i < levels; i++) {
		unsigned int at = i == levels - 1 ? 0 : w->n - 1 - i;
		struct symbol *sym = &set->level[i];

		sym->function = die_name(&w->path[at]);
		sym->function_offset = offset - die_start(&w->path[at], w->addr);
		sym->inlined = i < levels - 1;
		if (i > 0)
			call_site(&w->path[at + 1], files, sym);
	}
	set->n = levels;
}

void scopes_find(Dwarf *dwarf, const struct unittab *t, uint64_t addr, uint64_t offset,
		 struct symbol_set *set)
{
	struct walk w = { .addr = addr };
	Dwarf_Die unit;

	if (!find_unit(dwarf, t, addr, &unit))
		return;
	if (!walk_children(&w, &unit, 0)) {
		w.nested = true;
		walk_children(&w, &unit, 0);
	}
	fill_levels(&w, &unit, offset, set);
}

void scopes_find_line(Dwarf *dwarf, const struct unittab *t, uint64_t addr, struct symbol *ret)
{
	Dwarf_Line *line;
	Dwarf_Die unit;

	if (!find_unit(dwarf, t, addr, &unit))
		return;
	line = dwarf_getsrc_die(&unit, addr);
	if (!line)
		return;
	ret->file = copy(dwarf_linesrc(line, NULL, NULL));
	if (dwarf_lineno(line, &ret->line) != 0)
		ret->line = 0;
}
