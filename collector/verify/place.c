/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which file an address lies in, and what that file is: from the kernel's own
 * evidence, and from /proc/PID while the process is there, through its own
 * root. See state.h. main-only.
 */
#include <elf.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"

#define MAX_HEADERS 64
#define MAX_NOTES 4096

void place_free(struct image *im)
{
	struct file *f;

	while ((f = im->files)) {
		im->files = f->next;
		free(f->path);
		free(f);
	}
}

static enum file_kind kind_of(const char *path)
{
	static const char *const libc[] = {
		"libc.so.*", "libc-2.*", "ld-linux*", "ld-2.*", "ld-musl-*", "libc.musl-*", "libpthread.so.*",
		"libpthread-2.*", "librt.so.*", "[vdso]",
	};
	const char *name = path ? strrchr(path, '/') : NULL;

	name = name ? name + 1 : path;
	if (!name)
		return FILE_OTHER;
	if (strncmp(name, "libsigshim.so", 13) == 0)
		return FILE_SHIM;
	for (size_t i = 0; i < sizeof(libc) / sizeof(libc[0]); i++)
		if (fnmatch(libc[i], name, 0) == 0)
			return FILE_LIBC;
	return FILE_OTHER;
}

/* --- the ELF file ------------------------------------------------------------ */

static void read_build_id(int fd, const Elf64_Phdr *ph, struct file *f)
{
	char notes[MAX_NOTES];
	ssize_t size = pread(fd, notes, ph->p_filesz < sizeof(notes) ? ph->p_filesz : sizeof(notes),
			     (off_t)ph->p_offset);

	for (ssize_t at = 0; at + (ssize_t)sizeof(Elf64_Nhdr) <= size;) {
		const Elf64_Nhdr *n = (const void *)(notes + at);
		const unsigned char *id = (const unsigned char *)notes + at + sizeof(*n) + 4;

		at += (ssize_t)(sizeof(*n) + ((n->n_namesz + 3ul) & ~3ul) + ((n->n_descsz + 3ul) & ~3ul));
		if (n->n_type != NT_GNU_BUILD_ID || n->n_namesz != 4 || n->n_descsz > SIGSHIM_MAX_BUILD_ID ||
		    at > size)
			continue;
		for (unsigned int i = 0; i < n->n_descsz; i++)
			sprintf(f->build_id + 2 * i, "%02x", id[i]);
		return;
	}
}

/* From where in the file a mapping comes to its addresses in it. */
static void read_elf(int fd, uint64_t offset, struct file *f)
{
	Elf64_Phdr ph[MAX_HEADERS];
	Elf64_Ehdr eh;
	ssize_t n;

	f->bias = f->start - offset;
	if (pread(fd, &eh, sizeof(eh), 0) != sizeof(eh) || memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_phentsize != sizeof(ph[0]) || eh.e_phnum > MAX_HEADERS)
		return;
	n = pread(fd, ph, eh.e_phnum * sizeof(ph[0]), (off_t)eh.e_phoff);
	for (ssize_t i = 0; i < n / (ssize_t)sizeof(ph[0]); i++) {
		uint64_t page = ph[i].p_offset & ~4095ull;

		if (ph[i].p_type == PT_NOTE && !*f->build_id)
			read_build_id(fd, &ph[i], f);
		if (ph[i].p_type == PT_LOAD && offset >= page && offset < ph[i].p_offset + ph[i].p_filesz)
			f->bias = f->start - offset + ph[i].p_offset - ph[i].p_vaddr;
	}
}

/* The file as the process would open it. */
static void look_into(const struct image *im, uint64_t offset, struct file *f)
{
	char path[SIGSHIM_MAX_PATH + 32];
	int fd;

	f->bias = f->start - offset;
	if (!f->path || *f->path != '/')
		return;
	snprintf(path, sizeof(path), "/proc/%u/root%s", im->tgid, f->path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	read_elf(fd, offset, f);
	close(fd);
}

/* --- mappings ------------------------------------------------------------------ */

/* One line of /proc/PID/maps. */
struct mapping {
	struct trace_place place;
	bool code;
	const char *path;
};

static bool parse_mapping(char *line, struct mapping *ret)
{
	unsigned long long start, end, offset, inode;
	char access[8];
	int at;

	if (sscanf(line, "%llx-%llx %7s %llx %*s %llu%n", &start, &end, access, &offset, &inode, &at) != 5)
		return false;
	ret->place = (struct trace_place){ .start = start, .end = end, .offset = offset, .inode = inode };
	ret->code = access[2] == 'x';
	ret->path = line + at + strspn(line + at, " ");
	line[at + strcspn(line + at, "\n")] = '\0';
	return true;
}

/* Calls fn for each mapping until it returns true. False if it never did. */
static bool each_mapping(const struct image *im, bool (*fn)(const struct mapping *m, void *arg), void *arg)
{
	char name[64], *line = NULL;
	struct mapping m;
	size_t size = 0;
	bool found = false;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%u/maps", im->tgid);
	f = fopen(name, "re");
	while (f && !found && getline(&line, &size, f) > 0)
		found = parse_mapping(line, &m) && fn(&m, arg);
	free(line);
	if (f)
		fclose(f);
	return found;
}

struct search {
	uint64_t pc;
	struct trace_place place;
	char *path;
};

static bool is_at(const struct mapping *m, void *arg)
{
	struct search *s = arg;

	if (s->pc < m->place.start || s->pc >= m->place.end)
		return false;
	s->place = m->place;
	s->path = *m->path ? strdup(m->path) : NULL;
	return true;
}

static void remember(struct verify *v, uint64_t inode, const char *path)
{
	struct known_path *k;

	for (k = v->paths; k; k = k->next)
		if (k->inode == inode && strcmp(k->path, path) == 0)
			return;
	k = malloc(sizeof(*k) + strlen(path) + 1);
	if (!k)
		return;
	k->next = v->paths;
	k->inode = inode;
	strcpy(k->path, path);
	v->paths = k;
}

/* The path of the file that the kernel named, or that name alone. */
static const char *recall(const struct verify *v, const struct trace_place *place)
{
	for (const struct known_path *k = v->paths; k; k = k->next)
		if (k->inode == place->inode && strcmp(strrchr(k->path, '/') + 1, place->name) == 0)
			return k->path;
	return place->name;
}

static struct file *add_file(struct image *im, const struct trace_place *place, char *path)
{
	struct file *f = calloc(1, sizeof(*f));

	if (!f) {
		free(path);
		return NULL;
	}
	*f = (struct file){ .next = im->files, .start = place->start, .end = place->end, .path = path };
	f->kind = kind_of(path);
	look_into(im, place->offset, f);
	im->files = f;
	return f;
}

static struct file *known_file(const struct image *im, uint64_t pc)
{
	struct file *f;

	for (f = im->files; f && (pc < f->start || pc >= f->end); f = f->next)
		;
	return f;
}

struct file *place_find(struct verify *v, struct image *im, uint64_t pc, const struct trace_place *place)
{
	struct search s = { .pc = pc };
	struct file *f = known_file(im, pc);
	bool known;

	/* A child on its parent's memory may be gone before it can be asked. */
	if (!f && im->until_ns && im->parent)
		f = known_file(im->parent, pc);
	if (f)
		return f;
	known = !im->until_ns && each_mapping(im, is_at, &s);
	if (known && s.path && *s.path == '/')
		remember(v, s.place.inode, s.path);
	/* The process may be another program by now. */
	if (place && place->start && (!known || s.place.inode != place->inode)) {
		free(s.path);
		s.path = *place->name ? strdup(recall(v, place)) : NULL;
		s.place = *place;
		known = true;
	}
	return known ? add_file(im, &s.place, s.path) : NULL;
}

struct all {
	struct verify *v;
	struct image *im;
};

static bool note_code(const struct mapping *m, void *arg)
{
	struct all *all = arg;

	if (!m->code || known_file(all->im, m->place.start))
		return false;
	if (*m->path == '/')
		remember(all->v, m->place.inode, m->path);
	add_file(all->im, &m->place, *m->path ? strdup(m->path) : NULL);
	return false;
}

void place_all(struct verify *v, struct image *im)
{
	struct all all = { v, im };

	each_mapping(im, note_code, &all);
}

bool place_is_syscall(struct verify *v, struct file *f, uint64_t pc)
{
	struct symbol_set set;
	bool is = false;

	if (pc == f->plain || pc == f->generic)
		return pc == f->generic;
	if (f->kind == FILE_LIBC && f->path && *f->path == '/' && v->symbols &&
	    symbols_lookup(v->symbols, f->path, f->build_id, pc - f->bias, false, &set) == 0) {
		is = set.n > 0 && set.level[set.n - 1].function &&
			strcmp(set.level[set.n - 1].function, "syscall") == 0;
		symbols_free_set(&set);
	}
	*(is ? &f->generic : &f->plain) = pc;
	return is;
}
