/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of error numbers, both ways; libc knows them. Any part of the
 * collector may call it. MT-safe.
 */
#include "table.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Second names of numbers that libc names otherwise. */
static const struct {
	const char *name;
	int error;
} aliases[] = {
	{ "EWOULDBLOCK", EWOULDBLOCK }, { "EDEADLOCK", EDEADLOCK }, { "EOPNOTSUPP", EOPNOTSUPP },
	{ "ENOTSUP", ENOTSUP },
};

const char *errno_name(int error)
{
	return error > 0 ? strerrorname_np(error) : NULL;
}

int errno_parse(const char *text)
{
	const char *name;

	for (int error = 1; error <= EHWPOISON; error++) {
		name = errno_name(error);
		if (name && strcasecmp(text, name) == 0)
			return error;
	}
	for (unsigned int i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcasecmp(text, aliases[i].name) == 0)
			return aliases[i].error;
	return -EINVAL;
}
