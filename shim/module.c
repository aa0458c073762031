/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loaded objects: where they lie and what they are, so that the collector
 * can turn addresses into functions. A table without locks that only grows;
 * entries of unloaded objects are marked dead. Objects that arrive later are
 * noticed when a stack leads through them, by _dl_find_object (glibc 2.35),
 * which takes no lock, or else by dl_iterate_phdr, which takes the loader's.
 * AS-safe and MT-safe as far as these are; module_scan is for the start.
 */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "shim.h"
#include "transport.h"
#include "sys.h"

#include "banned.h"

#define MAX_MODULES 1024
#define ARENA (512 * 1024)
#define PATH_LIMIT 1024		/* a frame is built on the stack; longer ones stay unknown */

struct module {
	uintptr_t start, end, bias;
	const char *path;		/* in the arena, a string */
	const ElfW(Phdr) *phdr;		/* a copy there */
	uint16_t phnum;
	uint16_t path_len;
	uint8_t build_id_len;
	uint8_t flags;			/* SIGSHIM_MODF_* */
	uint32_t state;			/* 0: being filled, 1: live, 2: dead */
	uint32_t sent_epoch;
	uint32_t listed;		/* the last round in which it was seen */
	unsigned char build_id[SIGSHIM_MAX_BUILD_ID];
};

static struct module table[MAX_MODULES];
static uint32_t table_used;
static char arena[ARENA] __attribute__((aligned(8)));
static uint32_t arena_used;
static bool unloads;			/* musl keeps what was loaded */

#ifdef DLFO_STRUCT_HAS_EH_DBASE
static int (*find_object)(void *pc, struct dl_find_object *ret);
#endif

static struct module *find(uintptr_t pc)
{
	uint32_t n = __atomic_load_n(&table_used, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n && i < MAX_MODULES; i++) {
		struct module *m = &table[i];

		if (__atomic_load_n(&m->state, __ATOMIC_ACQUIRE) == 1 && pc - m->start < m->end - m->start)
			return m;
	}
	return NULL;
}

bool module_holds(uintptr_t p)
{
	static struct module *last;
	struct module *m = __atomic_load_n(&last, __ATOMIC_RELAXED);

	if (m && __atomic_load_n(&m->state, __ATOMIC_ACQUIRE) == 1 && p - m->start < m->end - m->start)
		return true;
	m = find(p);
	if (m)
		__atomic_store_n(&last, m, __ATOMIC_RELAXED);
	return m;
}

bool module_span(uintptr_t pc, uintptr_t *ret_low, uintptr_t *ret_high)
{
	const struct module *m = find(pc);

	if (!m)
		return false;
	*ret_low = m->start;
	*ret_high = m->end;
	return true;
}

const char *module_path(uintptr_t pc)
{
	const struct module *m = find(pc);

	return m ? m->path : NULL;
}

/* A GNU build-id note in [p, p + size) of the object's own memory. */
static void read_build_id(struct module *m, const char *p, size_t size)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)p;
		size_t name = (note->n_namesz + 3u) & ~3u, desc = (note->n_descsz + 3u) & ~3u;

		if (name > size || desc > size || sizeof(*note) + name + desc > size)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    memcmp(p + sizeof(*note), "GNU", 4) == 0 && note->n_descsz <= SIGSHIM_MAX_BUILD_ID) {
			m->build_id_len = (uint8_t)note->n_descsz;
			memcpy(m->build_id, p + sizeof(*note) + name, note->n_descsz);
			return;
		}
		p += sizeof(*note) + name + desc;
		size -= sizeof(*note) + name + desc;
	}
}

static bool is_loaded(const ElfW(Phdr) *phdr, unsigned int n, const ElfW(Phdr) *part)
{
	for (unsigned int i = 0; i < n; i++)
		if (phdr[i].p_type == PT_LOAD && part->p_vaddr >= phdr[i].p_vaddr &&
		    part->p_vaddr + part->p_memsz <= phdr[i].p_vaddr + phdr[i].p_filesz)
			return true;
	return false;
}

/* Fills in span and build id from the program headers. */
static void read_headers(struct module *m, const ElfW(Phdr) *phdr, unsigned int n)
{
	uintptr_t page = (uintptr_t)4095;

	m->start = UINTPTR_MAX;
	for (unsigned int i = 0; i < n; i++) {
		uintptr_t start = m->bias + phdr[i].p_vaddr, end = start + phdr[i].p_memsz;

		if (phdr[i].p_type != PT_LOAD)
			continue;
		if ((start & ~page) < m->start)
			m->start = start & ~page;
		if (((end + page) & ~page) > m->end)
			m->end = (end + page) & ~page;
	}
	for (unsigned int i = 0; i < n && !m->build_id_len; i++)
		if (phdr[i].p_type == PT_NOTE && is_loaded(phdr, n, &phdr[i]))
			read_build_id(m, (const char *)(m->bias + phdr[i].p_vaddr), phdr[i].p_memsz);
}

/* NULL when there is no room. */
static void *keep(const void *from, size_t n)
{
	uint32_t room = (uint32_t)(n + 7) & ~7u;
	uint32_t at = __atomic_fetch_add(&arena_used, room, __ATOMIC_RELAXED);

	if (at + room > ARENA) {
		__atomic_fetch_sub(&arena_used, room, __ATOMIC_RELAXED);
		return NULL;
	}
	return memcpy(arena + at, from, n);
}

static bool set_path(struct module *m, const char *path)
{
	size_t n = strlen(path);

	if (n == 0)
		m->flags |= SIGSHIM_MODF_MAIN;
	if (strncmp(path, "linux-vdso", 10) == 0)
		m->flags |= SIGSHIM_MODF_VDSO;
	if (n > PATH_LIMIT)
		return false;
	m->path = keep(path, n + 1);
	m->path_len = (uint16_t)n;
	return m->path;
}

static bool set_headers(struct module *m, const ElfW(Phdr) *phdr, unsigned int n)
{
	m->phdr = keep(phdr, n * sizeof(*phdr));
	m->phnum = (uint16_t)n;
	return m->phdr;
}

static struct module *add(uintptr_t bias, const char *path, const ElfW(Phdr) *phdr, unsigned int nphdr)
{
	struct module m = { .bias = bias };
	uint32_t at;

	read_headers(&m, phdr, nphdr);
	if (m.start >= m.end || find(m.start) || !set_path(&m, path) || !set_headers(&m, phdr, nphdr))
		return NULL;
	if ((uintptr_t)arena - m.start < m.end - m.start)
		m.flags |= SIGSHIM_MODF_SHIM;
	at = __atomic_fetch_add(&table_used, 1, __ATOMIC_ACQ_REL);
	if (at >= MAX_MODULES) {
		__atomic_fetch_sub(&table_used, 1, __ATOMIC_ACQ_REL);
		return NULL;
	}
	table[at] = m;
	__atomic_store_n(&table[at].state, 1, __ATOMIC_RELEASE);
	return &table[at];
}

static int add_listed(struct dl_phdr_info *info, size_t size, void *arg)
{
	/* The program comes first. musl names it as it was started, perhaps relatively. */
	const char *name = table_used && info->dlpi_name ? info->dlpi_name : "";

	add(info->dlpi_addr, name, info->dlpi_phdr, info->dlpi_phnum);
	return 0;
}

void module_scan(void)
{
#ifdef DLFO_STRUCT_HAS_EH_DBASE
	find_object = (int (*)(void *, struct dl_find_object *))dlsym(RTLD_DEFAULT, "_dl_find_object");
#endif
	unloads = dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
	dl_iterate_phdr(add_listed, NULL);
}

/* Adds what has been loaded since the last time, if anything was. */
static int add_new(struct dl_phdr_info *info, size_t size, void *arg)
{
	static unsigned long long adds;
	unsigned long long *before = arg;

	if (!*before) {
		*before = adds + 1;
		adds = info->dlpi_adds;
	}
	return *before == info->dlpi_adds + 1 ? 1 : add_listed(info, size, NULL);
}

static struct module *discover_slowly(uintptr_t pc)
{
	unsigned long long before = 0;

	dl_iterate_phdr(add_new, &before);
	return find(pc);
}

#ifdef DLFO_STRUCT_HAS_EH_DBASE
/* The object at pc, from the loader, which maps the ELF header first. */
static struct module *discover(uintptr_t pc)
{
	struct dl_find_object o;
	const ElfW(Ehdr) *ehdr;

	if (!find_object)
		return discover_slowly(pc);
	if (find_object((void *)pc, &o) != 0)
		return NULL;
	ehdr = o.dlfo_map_start;
	if (memcmp(ehdr->e_ident, ELFMAG, SELFMAG) != 0 || ehdr->e_phentsize != sizeof(ElfW(Phdr)))
		return NULL;
	return add(o.dlfo_link_map->l_addr, o.dlfo_link_map->l_name,
		   (const void *)((const char *)ehdr + ehdr->e_phoff), ehdr->e_phnum);
}

static bool gone(const struct module *m)
{
	struct dl_find_object o;

	return find_object && !(m->flags & SIGSHIM_MODF_VDSO) &&
		(find_object((void *)m->start, &o) != 0 || o.dlfo_link_map->l_addr != m->bias ||
		 strcmp(o.dlfo_link_map->l_name, m->path) != 0);
}
#else
static void *const find_object;

static struct module *discover(uintptr_t pc)
{
	return discover_slowly(pc);
}

static bool gone(const struct module *m)
{
	return false;
}
#endif

/* Under the loader's lock, so the rounds of two threads follow each other. */
static int note_listed(struct dl_phdr_info *info, size_t size, void *arg)
{
	static uint32_t rounds;
	uint32_t *round = arg;

	if (!*round)
		*round = ++rounds;
	for (uint32_t i = 0; i < table_used && i < MAX_MODULES; i++)
		if (table[i].state == 1 && table[i].bias == info->dlpi_addr &&
		    strncmp(table[i].path, info->dlpi_name, table[i].path_len) == 0)
			table[i].listed = *round;
	return 0;
}

uintptr_t module_unwind_table(uintptr_t pc, uintptr_t *ret_low, uintptr_t *ret_high)
{
	const struct module *m = find(pc);

	for (unsigned int i = 0; m && i < m->phnum; i++) {
		uintptr_t at = m->bias + m->phdr[i].p_vaddr;

		if (m->phdr[i].p_type != PT_GNU_EH_FRAME || at < m->start || at >= m->end)
			continue;
		*ret_low = m->start;
		*ret_high = m->end;
		return at;
	}
	return 0;
}

void module_forget(void)
{
	uint32_t round = 0;

	if (!find_object)
		dl_iterate_phdr(note_listed, &round);
	for (uint32_t i = 0; i < table_used && i < MAX_MODULES; i++)
		if (__atomic_load_n(&table[i].state, __ATOMIC_ACQUIRE) == 1 &&
		    (find_object ? gone(&table[i]) : table[i].listed < round))
			__atomic_store_n(&table[i].state, 2, __ATOMIC_RELEASE);
}

int module_visit(uintptr_t pc, int (*visit)(struct dl_phdr_info *, size_t, void *), void *arg)
{
	struct dl_phdr_info info = {};
	struct module *m = find(pc);

	if (unloads && !find_object)
		return dl_iterate_phdr(visit, arg);
	if (m && gone(m)) {
		__atomic_store_n(&m->state, 2, __ATOMIC_RELEASE);
		m = NULL;
	}
	if (!m)
		m = discover(pc);
	if (!m)
		return 0;
	info.dlpi_addr = m->bias;
	info.dlpi_name = m->path;
	info.dlpi_phdr = m->phdr;
	info.dlpi_phnum = m->phnum;
	return visit(&info, sizeof(info), arg);
}

static void send_module(struct process *p, struct module *m, uint64_t now)
{
	union {
		struct sigshim_module m;
		char bytes[sizeof(struct sigshim_module) + SIGSHIM_MAX_BUILD_ID + PATH_LIMIT];
	} f;
	uint32_t epoch = p->epoch;
	char *tail = f.bytes + sizeof(f.m);

	f.m = (struct sigshim_module){
		.h = { .type = SIGSHIM_FRAME_MODULE, .fixed = sizeof(f.m) },
		.start = m->start, .end = m->end, .bias = m->bias, .now_ns = now,
		.build_id_len = m->build_id_len, .path_len = m->path_len, .flags = m->flags,
	};
	memcpy(tail, m->build_id, m->build_id_len);
	memcpy(tail + m->build_id_len, m->path, m->path_len);
	f.m.h.size = (uint32_t)(sizeof(f.m) + m->build_id_len + m->path_len);
	if (transport_send(p, &f.m.h))
		m->sent_epoch = epoch;
}

void module_send_all(struct process *p)
{
	for (uint32_t i = 0; i < table_used && i < MAX_MODULES; i++)
		if (__atomic_load_n(&table[i].state, __ATOMIC_ACQUIRE) == 1)
			send_module(p, &table[i], now_ns());
}

bool module_cover(struct process *p, const uint64_t *pc, unsigned int n)
{
	struct module *m = NULL;

	for (unsigned int i = 0; i < n; i++) {
		m = find(pc[i]);
		if (!m)
			m = discover(pc[i]);
		if (m && m->sent_epoch != p->epoch && (!m->sent_epoch || m->sent_epoch != p->inherited_epoch))
			send_module(p, m, now_ns());
	}
	return m;
}
