/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of origins; see table.h. MT-safe.
 */
#include "table.h"

const char *origin_name(int origin)
{
	static const char *const names[ORIGIN_END] = {
#define X(id, name) [ORIGIN_##id] = name,
		SIGSHIM_ORIGINS(X)
#undef X
	};

	return origin > ORIGIN_NONE && origin < ORIGIN_END ? names[origin] : NULL;
}

enum origin origin_of_event(const struct event_desc *desc)
{
	return desc->via == SIGSHIM_VIA_SYSCALL ? ORIGIN_SYSCALL : ORIGIN_WRAPPED;
}
