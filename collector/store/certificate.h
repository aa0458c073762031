/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verifier writes to the log besides events, certificates and
 * findings, and reading it. Part of the store's face; a store belongs to one thread.
 */
#ifndef SIGSHIM_CERTIFICATE_H
#define SIGSHIM_CERTIFICATE_H

#include "store.h"

enum certificate_count {
	COUNT_KERNEL,
	COUNT_WRAPPED, COUNT_SHIM, COUNT_LIBC, COUNT_SYSCALL, COUNT_INLINE, COUNT_UNSHIMMED, COUNT_LOST,
	COUNT_UNSELECTED,
	COUNT_RECORDS, COUNT_UNMATCHED, COUNT_MISMATCHED,
	COUNT_END
};
/* The columns' names, in that order. */
extern const char *const certificate_counts[COUNT_END];

struct certificate {
	int64_t run, process, thread;	/* 0: of all */
	int tid;
	uint64_t count[COUNT_END];
	const char *complete;		/* "yes", "no", "unknown" */
	const char *why;		/* NULL: there is nothing to say */
};
int store_certificate(struct store *s, const struct certificate *c);
/* Those of whole runs, without their counts; fn returns 0 to go on. */
int store_certificates(struct store *s, int (*fn)(const struct certificate *c, void *arg), void *arg);

struct finding_info {
	int64_t run, process, thread;	/* 0: none */
	uint64_t seq, ts_ns, ip;
	const char *kind, *what;
	const char *record, *entry, *effect;	/* NULL: not known */
	int64_t stack;				/* of the system call; 0: not known */
	uint32_t writer;			/* the thread that must have done it, likewise */
};
int store_finding(struct store *s, const struct finding_info *f);
/* By thread and number of the record; strings are valid until fn returns, which returns 0 to go on. */
int store_findings(struct store *s, int (*fn)(const struct finding_info *f, void *arg), void *arg);

#endif
