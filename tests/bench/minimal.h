/* SPDX-License-Identifier: BSD-2-Clause */
/* The record of the minimal BPF tracer: arguments and time, no stack. */
#ifndef BENCH_MINIMAL_H
#define BENCH_MINIMAL_H

struct minimal_record {
	unsigned long long time;
	unsigned int tid;
	unsigned int number;
	unsigned long long arg[3];
	unsigned long long set;
};

#endif
