/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which containers the log has been told about, so that their engines are
 * asked once. A table that forgets: then it is asked again. Used by ingest/.
 * main-only.
 */
#ifndef SIGSHIM_TOLD_H
#define SIGSHIM_TOLD_H

#include <stdint.h>

#define TOLD_MAX 1024

struct sink;
struct told {
	struct {
		uint64_t hash;
		unsigned int left;	/* how often to ask yet; 0 with the hash: no more */
	} entry[TOLD_MAX];
};

/* Tells the log of the container that the process is in. */
void told_container(struct told *t, struct sink *sink, const char *id, int pid);

#endif
