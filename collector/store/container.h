/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the log has of containers besides their ids. Part of the store's face;
 * a store belongs to one thread.
 */
#ifndef SIGSHIM_STORE_CONTAINER_H
#define SIGSHIM_STORE_CONTAINER_H

#include "store.h"

/* NULL where nobody told. */
struct container_info {
	const char *id, *name, *image;
	const char *pod, *namespace, *pod_uid, *labels;	/* labels: a JSON object */
};

/* What is new replaces what was known. */
int store_container(struct store *s, const struct container_info *c);
/* Calls fn once where something is known of it. id may be NULL. */
int store_container_read(struct store *s, const char *id, void (*fn)(const struct container_info *c, void *arg),
			 void *arg);

#endif
