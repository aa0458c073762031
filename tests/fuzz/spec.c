/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer target: the editor of runtime specifications. What it accepts and
 * writes, it must take again and leave alone; stripping must find it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "inject/inject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct inject_settings settings = {
	.library = "/opt/s/libsigshim.so", .socket = "/run/sigshim/collector.sock",
	.env = { "SIGSHIM_DEPTH=12" }, .nenv = 1,
};

static void check_again(const struct inject_text *once)
{
	struct inject_text twice, out;

	if (spec_inject(once->bytes, once->len, &settings, &twice) != 0)
		abort();
	if (twice.len != once->len || memcmp(twice.bytes, once->bytes, once->len) != 0)
		abort();
	if (spec_strip(twice.bytes, twice.len, &out) != 1)
		abort();
	free(out.bytes);
	free(twice.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inject_text once, out;
	char *text = malloc(size ? size : 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	spec_wants(text, size);
	if (spec_strip(text, size, &out) > 0)
		free(out.bytes);
	if (spec_inject(text, size, &settings, &once) == 0) {
		check_again(&once);
		free(once.bytes);
	}
	free(text);
	return 0;
}
