/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Callers and prints of stacks; see places.h.
 */
#include "places.h"

#include <stdlib.h>
#include <string.h>

#include "../analysis/frame.h"

#define SLOTS 1024	/* a power of two */
#define OLD 8

struct kept {
	int64_t stack, process;
	char *module, *function;
};

struct places {
	struct store *store;
	struct kept slot[SLOTS];
	struct kept old[OLD];	/* what the last callers' slots held, so that places can be compared */
	unsigned int nold;
};

struct places *places_new(struct store *s)
{
	struct places *p = calloc(1, sizeof(*p));

	if (p)
		p->store = s;
	return p;
}

static void drop(struct kept *k)
{
	free(k->module);
	free(k->function);
	*k = (struct kept){};
}

void places_free(struct places *p)
{
	for (unsigned int i = 0; p && i < SLOTS; i++)
		drop(&p->slot[i]);
	for (unsigned int i = 0; p && i < OLD; i++)
		drop(&p->old[i]);
	free(p);
}

static void fill(struct places *p, struct kept *k, int64_t process, int64_t stack)
{
	const struct log_frame *f;
	int n = store_stack_read(p->store, stack, process, &f, NULL);

	drop(&p->old[p->nold % OLD]);
	p->old[p->nold++ % OLD] = *k;
	*k = (struct kept){ .stack = stack, .process = process };
	if (n <= 0)
		return;
	k->module = f[0].module ? strdup(f[0].module) : NULL;
	k->function = f[0].function ? strdup(f[0].function) : NULL;
}

struct place places_caller(struct places *p, const struct process *process, int64_t stack)
{
	struct kept *k = &p->slot[(uint64_t)stack & (SLOTS - 1)];
	const char *base;

	if (!stack)
		return (struct place){};
	if (k->stack != stack)
		fill(p, k, process->row.id, stack);
	base = k->module ? base_name(k->module) : "";
	return (struct place){
		.stack = stack, .module = k->module, .function = k->function,
		.main_program = k->module && process->row.exe && strcmp(k->module, process->row.exe) == 0,
		.libc = strncmp(base, "libc.so", 7) == 0 || strncmp(base, "libc-2", 6) == 0 ||
			strncmp(base, "libpthread", 10) == 0,
	};
}

uint64_t places_text(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3ull;
	return (h ^ 0xff) * 0x100000001b3ull;
}

uint64_t places_print(struct places *p, uint64_t h, const struct hygiene_call *call)
{
	const struct log_frame *f;
	int n = call->stack ? store_stack_read(p->store, call->stack, call->process, &f, NULL) : 0;
	struct text name = {};

	h = places_text(h, call->role);
	for (int i = 0; i < n; i++) {
		text_clear(&name);
		text_add(&name, f[i].module ? base_name(f[i].module) : "");
		text_addc(&name, '!');
		if (f[i].function || f[i].module)
			frame_name(&name, &f[i]);
		h = places_text(h, text_str(&name));
	}
	text_free(&name);
	return h;
}
