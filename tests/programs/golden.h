/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For programs that print the trace that is expected of them: one JSON object
 * a line, with the keys and the spelling of `sigshim query --format=jsonl`.
 * Knows nothing of sigshim's code: what it prints is worked out from what the
 * program did and what the manual pages say happens then.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define BIT(sig) (1ull << ((sig) - 1))
#define UNKNOWN (~0ull)		/* prints as null */

static FILE *golden_out;
static unsigned long golden_seq;
static uint64_t golden_mask;	/* the thread's mask, as the program believes it */

/*
 * Whether qemu-user is the kernel: /proc tells of the emulator then, so the
 * mask is asked for by an instruction of the program's own, which nobody wraps.
 */
static int golden_emulated;

static uint64_t golden_asked_mask(void)
{
	uint64_t mask = UNKNOWN;

#if defined(__aarch64__)
	register long number __asm__("x8") = SYS_rt_sigprocmask, how __asm__("x0") = 0, set __asm__("x1") = 0,
		      size __asm__("x3") = sizeof(mask);
	register uint64_t *old __asm__("x2") = &mask;

	__asm__ volatile("svc 0" : "+r"(how) : "r"(number), "r"(set), "r"(old), "r"(size) : "memory");
#endif
	return mask;
}

/* The thread's mask, as the kernel has it. */
static uint64_t golden_kernel_mask(void)
{
	char line[256];
	uint64_t mask = UNKNOWN;
	FILE *status;

	if (golden_emulated)
		return golden_asked_mask();
	status = fopen("/proc/thread-self/status", "re");

	while (status && fgets(line, sizeof(line), status))
		sscanf(line, "SigBlk: %" SCNx64, &mask);
	if (status)
		fclose(status);
	return mask;
}

/* Begins: where to print, and the mask that the program inherited. */
static void golden_open(const char *path)
{
	golden_out = fopen(path, "we");
	golden_mask = golden_kernel_mask();
	if (!golden_out || golden_mask == UNKNOWN) {
		perror(path);
		exit(2);
	}
}

static const char *golden_signal(int sig, char buf[static 24])
{
	if (sig == 0 || sig > 64)
		snprintf(buf, 24, "%d", sig);
	else if (sig == 32 || sig == 33)
		snprintf(buf, 24, "\"SIG%d\"", sig);
	else if (sig == 34)
		snprintf(buf, 24, "\"SIGRTMIN\"");
	else if (sig > 34)
		snprintf(buf, 24, "\"SIGRTMIN+%d\"", sig - 34);
	else if (sig == SIGIO)
		snprintf(buf, 24, "\"SIGIO\"");
	else
		snprintf(buf, 24, "\"SIG%s\"", sigabbrev_np(sig));
	return buf;
}

static void golden_set(uint64_t set)
{
	const char *comma = "";
	char buf[24];

	fputc('[', golden_out);
	for (int sig = 1; sig <= 64; sig++) {
		if (set & BIT(sig)) {
			fprintf(golden_out, "%s%s", comma, golden_signal(sig, buf));
			comma = ",";
		}
	}
	fputc(']', golden_out);
}

static void golden_pointer(const void *p)
{
	if (p)
		fprintf(golden_out, "\"%p\"", p);
	else
		fputs("null", golden_out);
}

/* A union sigval, both ways. */
static void golden_value(const void *value)
{
	fprintf(golden_out, "{\"sival_int\":%d,\"sival_ptr\":", (int)(intptr_t)value);
	golden_pointer(value);
	fputc('}', golden_out);
}

static void golden_name(const char *key, const char *comma)
{
	fprintf(golden_out, "%s\"%s\":", comma, key);
}

static void golden_mask_key(const char *key, uint64_t mask)
{
	golden_name(key, ",");
	if (mask == UNKNOWN)
		fputs("null", golden_out);
	else
		golden_set(mask);
}

/* What a call was, besides its arguments. */
struct golden_call {
	const char *event, *origin, *caller;
	long ret;
	int error;
	uint64_t before, requested, after;	/* UNKNOWN: null */
};

/* A line: golden_begin, the arguments, golden_end. */
static void golden_begin(const struct golden_call *c)
{
	fprintf(golden_out, "{\"seq\":%lu,\"event\":\"%s\",\"origin\":\"%s\",\"caller\":\"%s\",\"ret\":%ld,\"errno\":",
		++golden_seq, c->event, c->origin, c->caller, c->ret);
	if (c->error)
		fprintf(golden_out, "\"%s\"", strerrorname_np(c->error));
	else
		fputs("null", golden_out);
	golden_mask_key("mask_before", c->before);
	golden_mask_key("mask_requested", c->requested);
	golden_mask_key("mask_after", c->after);
	fputs(",\"args\":{", golden_out);
}

static void golden_end(void)
{
	fputs("}}\n", golden_out);
	fflush(golden_out);
}

/*
 * The program is wrong about itself: say so, since a comparison against wrong
 * expectations proves nothing.
 */
static void golden_require(int ok, const char *fmt, ...)
{
	va_list ap;

	if (ok)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(3);
}

#endif
