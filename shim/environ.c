/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The environment that an executed program needs to be recorded as well: the
 * library in LD_PRELOAD, in its place among other preloads, and the SIGSHIM_
 * variables that this program began with. follow.c's alone. environ_keep runs
 * once, at the start; the rest is AS-safe, allocates nothing, and reads the
 * program's strings after asking the kernel.
 */
#include <string.h>

#include "copy.h"
#include "environ.h"
#include "sys.h"

#include "banned.h"

#define PRELOAD "LD_PRELOAD="
#define PREFIX "SIGSHIM_"
#define SOCKET "SIGSHIM_SOCKET="
#define SEPARATORS ": "		/* ld.so(8) */
#define MAX_LIBRARY 1280
#define MAX_KEPT 24
#define MAX_ENTRIES 4096	/* of an environment; */
#define MAX_PRELOAD 4096	/* larger ones are passed on as they are */

static char library[MAX_LIBRARY];	/* this library, absolute where that can be said */
static char ahead[1024];		/* what stood before it in LD_PRELOAD */
static char text[4096];			/* holds what kept[] points to */
static const char *kept[MAX_KEPT];	/* NAME=value */
static unsigned int kept_n;

static bool same(const char *a, size_t na, const char *b, size_t nb)
{
	return na == nb && memcmp(a, b, na) == 0;
}

static const char *base_name(const char *path, size_t n)
{
	const char *base = path + n;

	while (base > path && base[-1] != '/')
		base--;
	return base;
}

/* An entry of LD_PRELOAD may name it otherwise: without a folder, with $LIB in it. */
static bool is_library(const char *entry, size_t n)
{
	const char *mine = base_name(library, strlen(library)), *its = base_name(entry, n);

	return n && same(its, (size_t)(entry + n - its), mine, strlen(mine));
}

/* The next entry at or after *p, which moves behind it; NULL at the end. */
static const char *next_entry(const char **p, const char *end, size_t *ret_n)
{
	const char *entry = *p;

	while (entry < end && (*entry == ':' || *entry == ' '))
		entry++;
	*p = entry;
	while (*p < end && **p != ':' && **p != ' ')
		++*p;
	*ret_n = (size_t)(*p - entry);
	return *ret_n ? entry : NULL;
}

static bool stood_ahead(const char *entry, size_t n)
{
	const char *p = ahead, *other;
	size_t nother;

	while ((other = next_entry(&p, ahead + strlen(ahead), &nother)))
		if (same(entry, n, other, nother))
			return true;
	return false;
}

/* --- at the start --------------------------------------------------------- */

/* The loader has it as it was asked for, perhaps relative to a folder that won't stay. */
static bool find_library(void)
{
	const char *path = module_path((uintptr_t)library);
	size_t n = path ? strlen(path) : 0, used = 0;
	char folder[4096];

	if (!n || n >= sizeof(library))
		return false;
	if (path[0] != '/' && sys(SYS_getcwd, folder, sizeof(folder)) > 0 && folder[0] == '/' &&
	    !folder[strcspn(folder, SEPARATORS)] && strlen(folder) + 1 + n < sizeof(library)) {
		used = strlen(folder);
		memcpy(library, folder, used);
		library[used++] = '/';
	}
	memcpy(library + used, path, n + 1);
	return true;
}

static void note_ahead(const char *list)
{
	const char *p = list, *entry;
	size_t n;

	while ((entry = next_entry(&p, list + strlen(list), &n)) && !is_library(entry, n))
		;
	if (!entry || (size_t)(entry - list) >= sizeof(ahead))
		return;
	memcpy(ahead, list, (size_t)(entry - list));
	ahead[entry - list] = '\0';
}

/* A copy: the program may write over its environment. */
static void keep(const char *name, const char *value)
{
	static size_t used;
	size_t nname = strlen(name), nvalue = strlen(value);

	if (kept_n == MAX_KEPT || nname + nvalue >= sizeof(text) - used) {
		config_say("too much to be kept for executed programs: ", name, NULL);
		return;
	}
	kept[kept_n++] = text + used;
	memcpy(text + used, name, nname);
	memcpy(text + used + nname, value, nvalue + 1);
	used += nname + nvalue + 1;
}

bool environ_keep(char **env)
{
	bool socket = false;

	if (!find_library())
		return false;
	for (; *env; env++) {
		if (strncmp(*env, PRELOAD, sizeof(PRELOAD) - 1) == 0)
			note_ahead(*env + sizeof(PRELOAD) - 1);
		if (strncmp(*env, PREFIX, sizeof(PREFIX) - 1) == 0)
			keep(*env, "");
		socket = socket || strncmp(*env, SOCKET, sizeof(SOCKET) - 1) == 0;
	}
	/* Else it came from XDG_RUNTIME_DIR, which may be missing as well. */
	if (!socket && shim_config.socket[0])
		keep(SOCKET, shim_config.socket);
	return true;
}

/* --- reading what the program passes ---------------------------------------- */

/* Asks once a page. */
static bool can_read(uintptr_t *page, const void *p)
{
	uintptr_t at = (uintptr_t)p;
	uint64_t word;

	if (at >> 12 == *page)
		return true;
	if (!copy_checked(&word, at & ~7ul, sizeof(word)))
		return false;
	*page = at >> 12;
	return true;
}

/* 1 when the string begins with the name and its '=', 0 when not, -1 when it can't be read. */
static int begins(uintptr_t *page, const char *string, const char *name)
{
	for (;; string++, name++) {
		if (!can_read(page, string))
			return -1;
		if (*string != *name)
			return 0;
		if (*name == '=')
			return 1;
	}
}

static bool read_length(uintptr_t *page, const char *string, size_t *ret)
{
	for (size_t n = 0; n < MAX_PRELOAD; n++) {
		if (!can_read(page, string + n))
			return false;
		if (!string[n]) {
			*ret = n;
			return true;
		}
	}
	return false;
}

static bool read_entry(struct environ_change *c, uintptr_t *page, const char *entry)
{
	int found = begins(page, entry, PRELOAD);

	if (found > 0) {
		c->preload = entry + sizeof(PRELOAD) - 1;
		c->at = c->n;
		return read_length(page, c->preload, &c->length);
	}
	for (unsigned int i = 0; found == 0 && i < kept_n; i++) {
		found = begins(page, entry, kept[i]);
		if (found > 0)
			c->present |= 1u << i;
	}
	return found >= 0;
}

static bool read_all(struct environ_change *c, char *const *env)
{
	uintptr_t array = ~0ul, strings = ~0ul;

	for (; env; env++) {
		if (!can_read(&array, env))
			return false;
		if (!*env)
			break;
		if (c->n == MAX_ENTRIES || !read_entry(c, &strings, *env))
			return false;
		c->n++;
	}
	return true;
}

size_t environ_measure(struct environ_change *c, char *const *env)
{
	const char *p, *entry;
	size_t n;

	*c = (struct environ_change){ .env = env };
	if ((uintptr_t)env & (sizeof(*env) - 1) || !read_all(c, env))
		return 0;
	if (!c->preload)
		c->at = c->n;
	for (p = c->preload; p && (entry = next_entry(&p, c->preload + c->length, &n));)
		if (is_library(entry, n))
			return 0;
	return (c->n + 1 + kept_n + 1) * sizeof(char *) + sizeof(PRELOAD) + strlen(library) + 1 + c->length;
}

/* --- the new one ------------------------------------------------------------- */

/* Behind the last entry that stood before it from the beginning. */
static size_t place(const struct environ_change *c)
{
	const char *p = c->preload, *entry;
	size_t n, at = 0;

	while (p && (entry = next_entry(&p, c->preload + c->length, &n)))
		if (stood_ahead(entry, n))
			at = (size_t)(p - c->preload);
	return at;
}

static char *append(char *to, const char *from, size_t n)
{
	memcpy(to, from, n);
	return to + n;
}

static void write_preload(const struct environ_change *c, char *to)
{
	size_t at = place(c);

	to = append(to, PRELOAD, sizeof(PRELOAD) - 1);
	if (at)
		to = append(append(to, c->preload, at), ":", 1);
	to = append(to, library, strlen(library));
	/* What follows begins with its separator, unless it is all there was. */
	if (!at && c->length)
		*to++ = ':';
	if (c->length > at)
		to = append(to, c->preload + at, c->length - at);
	*to = '\0';
}

char **environ_write(const struct environ_change *c, void *room)
{
	char **env = room, *preload = (char *)(env + c->n + 1 + kept_n + 1);
	unsigned int n = c->n;

	if (c->n)
		memcpy(env, c->env, c->n * sizeof(*env));
	write_preload(c, preload);
	env[c->at] = preload;
	n += c->at == n;
	for (unsigned int i = 0; i < kept_n; i++)
		if (!(c->present & 1u << i))
			env[n++] = (char *)kept[i];
	env[n] = NULL;
	return env;
}
