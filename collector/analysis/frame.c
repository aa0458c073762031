/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of frames; see frame.h.
 */
#include "frame.h"

#include <inttypes.h>
#include <string.h>

const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

void frame_name(struct text *t, const struct log_frame *f)
{
	if (f->function)
		text_add(t, f->function);
	else if (f->module)
		text_addf(t, "%s+0x%" PRIx64, base_name(f->module), f->offset);
	else
		text_addf(t, "0x%" PRIx64, f->pc ? f->pc : f->offset);
}
