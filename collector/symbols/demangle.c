/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readable names for C++ and Rust symbols, by libiberty. Pure: MT-safe.
 */
#include "symbols.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A short mangled name can stand for gigabytes: substitutions repeat each
 * other. The demanglers write through a callback, keep nothing on the heap
 * meanwhile, and have no other way to be stopped than to jump out.
 */
#define MAX_OUTPUT 16384

struct output {
	jmp_buf enough;
	size_t n;
	char text[MAX_OUTPUT + 1];
};

static void append(const char *part, size_t n, void *opaque)
{
	struct output *out = opaque;

	if (n > MAX_OUTPUT - out->n)
		longjmp(out->enough, 1);
	memcpy(out->text + out->n, part, n);
	out->n += n;
}

/* True if `name` was mangled; its readable form is in *out. */
static bool demangle(const char *name, struct output *out)
{
	out->n = 0;
	if (setjmp(out->enough))
		return false;
	/* Rust's older names look like C++ ones, so Rust is asked first. */
	if (!rust_demangle_callback(name, DMGL_AUTO, append, out)) {
		out->n = 0;
		if (!cplus_demangle_v3_callback(name, DMGL_PARAMS | DMGL_ANSI, append, out))
			return false;
	}
	out->text[out->n] = '\0';
	return true;
}

char *symbols_demangle(const char *name)
{
	struct output out;

	if (name[0] == '_' && (name[1] == 'Z' || name[1] == 'R') && strlen(name) <= MAX_OUTPUT &&
	    demangle(name, &out))
		return strdup(out.text);
	return strdup(name);
}
