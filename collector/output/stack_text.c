/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks as text; see stack_text.h.
 */
#include "stack_text.h"

#include <inttypes.h>

#include "format.h"

static const char *const ends[SIGSHIM_STACK_END_MAX] = {
	[SIGSHIM_STACK_COMPLETE] = NULL,
	[SIGSHIM_STACK_DEPTH] = "more frames follow: SIGSHIM_DEPTH was reached",
	[SIGSHIM_STACK_CALLER_ONLY] = "the caller alone: SIGSHIM_STACK=none",
	[SIGSHIM_STACK_NO_UNWINDER] = "the caller alone: libunwind could not be loaded",
	[SIGSHIM_STACK_NO_ROOM] = "the caller alone: no room to unwind on this stack",
	[SIGSHIM_STACK_BROKEN] = "the stack could not be walked further",
};

static void add_place(struct text *t, const struct log_frame *f)
{
	add_printable(t, f->function ? f->function : "??");
	if (f->function && f->function_offset && !f->inlined)
		text_addf(t, "+0x%" PRIx64, f->function_offset);
	if (f->module) {
		text_add(t, " (");
		add_printable(t, f->module);
		if (!f->function)
			text_addf(t, "+0x%" PRIx64, f->offset);
		if (!f->function && f->build_id)
			text_addf(t, " [%s]", f->build_id);
		text_addc(t, ')');
	}
	if (f->file) {
		text_addc(t, ' ');
		add_printable(t, f->file);
		if (f->line)
			text_addf(t, ":%d", f->line);
	}
	if (f->inlined)
		text_add(t, " [inlined]");
	if (f->signal)
		text_add(t, " <signal handler called>");
}

void stack_text(struct text *t, const char *indent, const struct log_frame *frames, int n,
		enum sigshim_stack_end end)
{
	for (int i = 0; i < n; i++) {
		text_addf(t, "%s#%-2d 0x%016" PRIx64 " ", indent, i,
			  frames[i].pc || frames[i].module ? frames[i].pc : frames[i].offset);
		add_place(t, &frames[i]);
		text_addc(t, '\n');
	}
	if (n && end < SIGSHIM_STACK_END_MAX && ends[end])
		text_addf(t, "%s    (%s)\n", indent, ends[end]);
}
