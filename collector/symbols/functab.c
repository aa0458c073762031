/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The function symbols of an image, sorted for search. A symbol names an
 * address only when it surely covers it: a wrong name is worse than none.
 * Used by module.c. One thread at a time.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SYMBOLS (8u << 20)

/* The end of the executable section around addr, 0 if there is none. */
static uint64_t code_end(Elf *elf, uint64_t addr)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;

		if (gelf_getshdr(scn, &sh) && sh.sh_flags & SHF_EXECINSTR &&
		    addr >= sh.sh_addr && addr - sh.sh_addr < sh.sh_size)
			return sh.sh_addr + sh.sh_size;
	}
	return 0;
}

/* Of aliases: global before weak before local, then the one with fewer leading underscores. */
static unsigned int alias_rank(unsigned int binding, const char *name)
{
	unsigned int underscores = (unsigned int)strspn(name, "_");

	return (binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 1000 : 2000) +
	       (underscores < 999 ? underscores : 999);
}

/*
 * Takes a symbol if it is code. `end` stays 0 for a label without a size: where
 * it ends is known once all are sorted. `complete` tells that the symbol's table
 * lists every function: only there does a label reach to the next symbol.
 */
static bool take(Elf *elf, const GElf_Sym *sym, uint64_t addr, const char *name, bool complete,
		 struct func *ret)
{
	unsigned int type = GELF_ST_TYPE(sym->st_info);

	if (!name || !*name || sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS)
		return false;
	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return false;
	/* "$x" and ".annobin_..." mark places for tools. */
	if (type == STT_NOTYPE && (*name == '$' || *name == '.'))
		return false;
	if (sym->st_size == 0 && !complete)
		return false;
	if ((type == STT_NOTYPE || sym->st_size == 0) && !code_end(elf, addr))
		return false;
	if (sym->st_size > UINT64_MAX - addr)
		return false;
	*ret = (struct func){
		.start = addr,
		.end = sym->st_size ? addr + sym->st_size : 0,
		.name = name,
		.rank = alias_rank(GELF_ST_BIND(sym->st_info), name),
	};
	return true;
}

/* By start; at one start labels first, then the longest, so that the best match comes last. */
static int compare(const void *va, const void *vb)
{
	const struct func *a = va, *b = vb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (!a->end != !b->end)
		return a->end ? 1 : -1;
	if (a->end != b->end)
		return a->end > b->end ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	return a->order > b->order ? -1 : 1;
}

/*
 * A label ends where the next symbol begins, if that is in the same section;
 * a sized symbol at the same place knows better.
 */
static void end_labels(Elf *elf, struct functab *t)
{
	uint64_t next = 0, sized = UINT64_MAX, reach = 0;

	for (size_t i = t->n; i-- > 0;) {
		struct func *f = &t->func[i];

		if (i + 1 < t->n && t->func[i + 1].start > f->start)
			next = t->func[i + 1].start;
		if (f->end)
			sized = f->start;
		else if (f->start != sized)
			f->end = next <= code_end(elf, f->start) ? next : 0;
	}
	for (size_t i = 0; i < t->n; i++) {
		if (t->func[i].end > reach)
			reach = t->func[i].end;
		t->reach[i] = reach;
	}
}

/* Tables of names that have an end. */
struct names {
	unsigned int n;
	struct {
		char *start;
		size_t size;
	} table[4];
};

/*
 * libdwfl gives out names without looking for their end, and makes a table of
 * symbols by the dynamic segment where there is no section: only those of
 * sections can be ended here.
 */
static void end_names(Elf *elf, struct names *ret)
{
	Elf_Scn *scn = NULL;
	Elf_Data *data;
	GElf_Shdr sh;

	ret->n = 0;
	while (ret->n < 4 && (scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM))
			continue;
		data = elf_getdata(elf_getscn(elf, sh.sh_link), NULL);
		if (!data || !data->d_buf || data->d_size == 0)
			continue;
		((char *)data->d_buf)[data->d_size - 1] = '\0';
		ret->table[ret->n].start = data->d_buf;
		ret->table[ret->n++].size = data->d_size;
	}
}

static bool has_end(const struct names *names, const char *name)
{
	for (unsigned int i = 0; i < names->n; i++)
		if (name >= names->table[i].start && (size_t)(name - names->table[i].start) < names->table[i].size)
			return true;
	return false;
}

int functab_load(struct image *im, struct functab *ret)
{
	int n = dwfl_module_getsymtab(im->mod);
	struct functab t = {};
	struct names names = {};
	Elf *last = NULL;
	bool complete = false;

	if (n <= 0)
		return -ENOENT;
	if ((unsigned int)n > MAX_SYMBOLS)
		return -EFBIG;
	t.func = calloc((size_t)n, sizeof(*t.func));
	t.reach = calloc((size_t)n, sizeof(*t.reach));
	if (!t.func || !t.reach) {
		functab_free(&t);
		return -ENOMEM;
	}
	for (int i = 0; i < n; i++) {
		GElf_Sym sym;
		GElf_Addr addr;
		Elf *elf = NULL;
		const char *name;

		name = dwfl_module_getsym_info(im->mod, i, &sym, &addr, NULL, &elf, NULL);
		if (name && elf && elf != last) {
			last = elf;
			end_names(elf, &names);
			complete = elf_has_symtab(elf);
		}
		if (name && has_end(&names, name) && take(im->elf, &sym, addr, name, complete, &t.func[t.n]))
			t.func[t.n++].order = i;
	}
	qsort(t.func, t.n, sizeof(*t.func), compare);
	end_labels(im->elf, &t);
	*ret = t;
	return 0;
}

void functab_free(struct functab *t)
{
	free(t->func);
	free(t->reach);
	*t = (struct functab){};
}

const struct func *functab_find(const struct functab *t, uint64_t addr)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->func[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = lo; i-- > 0 && t->reach[i] > addr;)
		if (t->func[i].end > addr)
			return &t->func[i];
	return NULL;
}
