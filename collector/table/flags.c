/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flags.def as an array. Any part of the collector may call it. MT-safe.
 */
#include "table.h"

#include <string.h>

#include <sigshim/flags.def>

static const struct {
	const char *list, *name;
	int64_t value;
} flags[] = {
#define SIGSHIM_FLAG(list_, name_, value_) { #list_, #name_, value_ },
	SIGSHIM_FLAG_HOW
	SIGSHIM_FLAG_SS
	SIGSHIM_FLAG_SFD
	SIGSHIM_FLAG_SA
	SIGSHIM_FLAG_SI
	SIGSHIM_FLAG_SIGNAL
#undef SIGSHIM_FLAG
};

#define NFLAGS (sizeof(flags) / sizeof(flags[0]))

const char *flag_name(const char *list, int64_t value)
{
	for (unsigned int i = 0; i < NFLAGS; i++)
		if (flags[i].value == value && strcmp(flags[i].list, list) == 0)
			return flags[i].name;
	return NULL;
}

bool flag_at(const char *list, unsigned int i, const char **ret_name, int64_t *ret_value)
{
	for (unsigned int j = 0; j < NFLAGS; j++) {
		if (strcmp(flags[j].list, list) != 0 || i-- > 0)
			continue;
		*ret_name = flags[j].name;
		*ret_value = flags[j].value;
		return true;
	}
	return false;
}
