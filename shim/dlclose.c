/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dlclose: what was known of the unloaded objects, and of stacks through them,
 * is forgotten, since others may come to lie at the same addresses. (dlopen is
 * left alone: it looks at who calls it.)
 */
#include <dlfcn.h>
#include <errno.h>

#include "shim.h"

#include "banned.h"

SHIM_API int dlclose(void *handle)
{
	int ret, saved;

	if (!shim_real_dlclose)
		real_resolve();
	ret = shim_real_dlclose(handle);
	saved = errno;
	if (process_ready()) {
		module_forget();
		shim_process->epoch = shim_new_epoch();
	}
	errno = saved;
	return ret;
}
