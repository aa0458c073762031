/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A journal that is being written. For this folder alone.
 */
#ifndef SIGSHIM_JOURNAL_WRITER_H
#define SIGSHIM_JOURNAL_WRITER_H

#include "format.h"

#define JOURNAL_SUFFIX "-events."
#define JOURNAL_FULL (1u << 18)		/* events make a chunk no larger than this */

struct journal {
	int fd;
	char *log, *path;
	int64_t run;
	uint64_t base, position;	/* of the file's first chunk; of the next */
	int failure;
	struct journal_last last;
	size_t used;			/* of buf, a chunk's header included */
	unsigned char buf[JOURNAL_CHUNK] __attribute__((aligned(8)));
};

#endif
