/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of collector/symbols share: a symbolizer, the files to ask
 * about, and a temporary folder for made ones. Included by one file per
 * program; tests only.
 */
#ifndef TESTS_SYMBOLS_FIXTURE_H
#define TESTS_SYMBOLS_FIXTURE_H

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols/symbols.h"
#include "unit.h"

static struct symbolizer *s;
static char self[4096], libc[4096], dir[64];

/* libc's own, also where a sanitizer has one in front, or only old programs find it. */
static inline void *libc_function(const char *name)
{
	void *handle = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD), *found;

	ck_assert_ptr_nonnull(handle);
	found = dlsym(handle, name);
	return found ? found : dlvsym(handle, name, "GLIBC_2.2.5");
}

static void setup(void)
{
	Dl_info info;

	ck_assert_int_eq(symbols_open(NULL, &s), 0);
	ck_assert(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	ck_assert(dladdr(libc_function("qsort"), &info));
	ck_assert(realpath(info.dli_fname, libc));
	strcpy(dir, "/tmp/check_symbols.XXXXXX");
	ck_assert(mkdtemp(dir));
}

static void teardown(void)
{
	char command[96];

	symbols_close(s);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static inline const char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

/* Runs a shell command in the temporary folder; $SELF is this program. */
static inline bool shell(const char *command)
{
	char line[1024];

	setenv("SELF", self, 1);
	snprintf(line, sizeof(line), "cd %s && { %s; } 2>/dev/null", dir, command);
	return system(line) == 0;
}

static inline uint64_t offset_of(const void *address)
{
	struct link_map *map;
	Dl_info info;

	ck_assert(dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP));
	return (uint64_t)(uintptr_t)address - map->l_addr;
}

static inline struct symbol_set lookup(const char *path, uint64_t offset, bool exact)
{
	struct symbol_set set;

	ck_assert_int_eq(symbols_lookup(s, path, "", offset, exact, &set), 0);
	return set;
}

/* A function to be found, between plain_line and two lines later. */
static int plain_line;

__attribute__((noinline)) static void *plain(void)
{
	plain_line = __LINE__ - 2;
	return __builtin_return_address(0);
}

static inline void check_plain_line(int line)
{
	ck_assert_int_ge(line, plain_line);
	ck_assert_int_le(line, plain_line + 2);
}

#endif
