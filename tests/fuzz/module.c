/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer target: the reader of programs and libraries, which anybody may
 * have written. The bytes are a file's; a few of its addresses get names, as
 * the naming thread asks for them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbols/symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t offsets[] = { 0, 1, 0x1a0, 0x2f8, 0x1000, 0x1001, 0x1010, 0x2000, 1 << 20, UINT64_MAX };

static void look_up(struct symbolizer *s, const char *path)
{
	struct symbol_set set;

	for (unsigned int i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		if (symbols_lookup(s, path, "", offsets[i], i % 2, &set) != 0)
			continue;
		if (set.n > SYMBOLS_MAX_LEVELS)
			abort();
		symbols_free_set(&set);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct symbols_options opt = { .debuginfod = false, .max_modules = 2 };
	struct symbolizer *s;
	char path[32];
	int fd = memfd_create("module", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (symbols_open(&opt, &s) == 0) {
		look_up(s, path);
		symbols_close(s);
	}
	close(fd);
	return 0;
}
