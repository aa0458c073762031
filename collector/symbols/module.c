/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program or library with its symbols, debug information and unwind tables,
 * put together from its file and the files split off from it. Used by
 * symbols.c. One thread at a time.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * A program's own debug sections come first. dwz's common part must be found
 * by us, since libdw would open whatever file is named; without it functions
 * have no names, so the rest isn't used either.
 */
static void open_dwarf(struct module *m, bool debuginfod)
{
	struct image *from = m->main;
	Dwarf_Addr bias;
	int r;

	if (!image_has_section(from, ".debug_info") && !image_has_section(from, ".zdebug_info")) {
		if (debugfile_open(m->main, &m->debug) == 0)
			from = m->debug;
		else
			m->main->debuginfod = debuginfod;
	}
	if (!from->weight.debug_is_fit)
		return;
	m->dwarf = dwfl_module_getdwarf(from->mod, &bias);
	if (!m->dwarf || bias != 0) {
		m->dwarf = NULL;
		return;
	}
	image_end_strings(from);
	r = debugfile_open_alt(from, m->dwarf, &m->alt);
	if (r == 0) {
		Dwarf *alt = m->alt->weight.debug_is_fit ? dwfl_module_getdwarf(m->alt->mod, &bias) : NULL;

		if (alt) {
			image_end_strings(m->alt);
			dwarf_setalt(m->dwarf, alt);
		} else {
			r = -EINVAL;
		}
	}
	if ((r < 0 && r != -ENODATA) || unittab_load(m->dwarf, &m->units) < 0)
		m->dwarf = NULL;
}

static void open_rest(struct module *m)
{
	bool split = m->debug && elf_has_symtab(m->debug->elf);
	Dwarf_Addr bias;

	/* Without symbols it still has lines; without either, a module and an offset. */
	(void)functab_load(split ? m->debug : m->main, &m->funcs);
	/* Without the section libdw takes a way that reads the whole file, and forgets to free. */
	if (image_has_section(m->main, ".eh_frame"))
		m->eh_frame = dwfl_module_eh_cfi(m->main->mod, &bias);
	m->debug_frame = m->dwarf ? dwarf_getcfi(m->dwarf) : NULL;
}

int module_open(const char *file, const char *path, const char *build_id, bool debuginfod, struct module **ret)
{
	char found[BUILD_ID_HEX_MAX];
	struct module *m;
	int r;

	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->path = strdup(path);
	m->build_id = strdup(build_id);
	r = m->path && m->build_id ? image_open(file, &m->main) : -ENOMEM;
	if (r < 0)
		goto out;
	image_build_id(m->main, found);
	if (*build_id && strcasecmp(build_id, found) != 0) {
		r = -ESTALE;
		goto out;
	}
	open_dwarf(m, debuginfod);
	open_rest(m);
out:
	if (r < 0) {
		module_close(m);
		return r;
	}
	*ret = m;
	return 0;
}

static uint64_t weight(const struct image *im)
{
	return !im ? 0 : im->weight.names + (im->weight.debug_is_fit ? im->weight.debug : 0);
}

uint64_t module_weight(const struct module *m)
{
	return weight(m->main) + weight(m->debug) + weight(m->alt);
}

void module_close(struct module *m)
{
	if (!m)
		return;
	functab_free(&m->funcs);
	unittab_free(&m->units);
	image_close(m->debug);
	image_close(m->main);
	/* Last: the Dwarf of one of the others refers to it. */
	image_close(m->alt);
	free(m->path);
	free(m->build_id);
	free(m);
}

/*
 * With a build id, a file that was replaced is the right one as long as we hold
 * it open. Without, only the path says which file is meant.
 */
bool module_is_stale(const struct module *m, const char *file)
{
	if (image_changed(m->main) || (m->debug && image_changed(m->debug)) ||
	    (m->alt && image_changed(m->alt)))
		return true;
	return !*m->build_id && !image_is_at(m->main, file);
}

static bool cfi_is_signal(Dwarf_CFI *cfi, uint64_t addr)
{
	Dwarf_Frame *frame;
	bool signal = false;

	if (!cfi || dwarf_cfi_addrframe(cfi, addr, &frame) != 0)
		return false;
	dwarf_frame_info(frame, NULL, NULL, &signal);
	free(frame);
	return signal;
}

/* The symbol's name, without what follows one of `ends`. */
static char *symbol_name(const struct func *f, const char *ends)
{
	size_t n = strcspn(f->name + 1, ends) + 1;

	return strndup(f->name, n);
}

static bool is_mangled(const char *name)
{
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

/*
 * DWARF names a function that is local to its file without the namespaces and
 * classes around it; the symbol has them.
 */
static bool knows_more(const struct func *f, const struct symbol *sym, uint64_t offset)
{
	return !sym->function || (is_mangled(f->name) && !is_mangled(sym->function) &&
				  f->start == offset - sym->function_offset);
}

static void demangle(struct symbol *sym)
{
	char *plain = sym->function ? symbols_demangle(sym->function) : NULL;

	if (plain) {
		free(sym->function);
		sym->function = plain;
	}
}

void module_lookup(struct module *m, uint64_t offset, bool exact, struct symbol_set *ret)
{
	uint64_t addr = exact || offset == 0 ? offset : offset - 1;
	const struct func *f = functab_find(&m->funcs, addr);
	struct symbol *outer;

	if (m->dwarf)
		scopes_find(m->dwarf, &m->units, addr, offset, ret);
	if (ret->n == 0 && f)
		ret->n = 1;
	/* A line without a function is that of whatever came before it. */
	if (m->dwarf && ret->n > 0)
		scopes_find_line(m->dwarf, &m->units, addr, &ret->level[0]);
	outer = ret->n > 0 ? &ret->level[ret->n - 1] : NULL;
	if (outer && f && knows_more(f, outer, offset)) {
		/* Linkers append "@VERSION"; DWARF doesn't count ".constprop.0" to the name. */
		char *name = symbol_name(f, outer->function ? "@." : "@");

		free(outer->function);
		outer->function = name;
		outer->function_offset = offset - f->start;
	}
	for (unsigned int i = 0; i < ret->n; i++)
		demangle(&ret->level[i]);
	ret->signal = cfi_is_signal(m->eh_frame, offset) || cfi_is_signal(m->debug_frame, offset);
}
