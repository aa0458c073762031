/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The measured program: workers, threads or processes, make one call again and
 * again, at a chosen depth, from stacks that recur or vary, in bursts with
 * pauses between them or without a pause for some seconds. It times itself and
 * writes what it found as a line of JSON to --result, so that whatever watches
 * it may use the standard streams.
 */
#include "bench.h"

#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EVICT_BYTES (8u << 20)
#define FRAMES_OF_MAIN 5	/* work, main, __libc_start_call_main, __libc_start_main, _start */
#define FRAMES_OF_THREAD 4	/* work, work_in_thread, start_thread, clone3 */

static struct {
	enum call call;
	unsigned int depth, threads, processes, bursts, burst, warmup, pause_us, seconds, cold;
	uint64_t pool;
	const char *result;
} option = { .depth = 10, .threads = 1, .processes = 1, .bursts = 20, .burst = 2000, .warmup = 6,
	.pause_us = 8000, .pool = 1 };

struct slot {
	uint64_t begin, end, cpu, made, failed;
	pid_t tid;
};

/* In memory that all workers share. */
static struct {
	pthread_barrier_t barrier;
	uint64_t *span;		/* of each burst, from the first start to the last end */
	struct slot slot[];
} *shared;
static unsigned int workers;
static char *evict_memory;

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* splitmix64's finish: a number for a number. */
static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* The way down for a worker's nth call; stacks.py knows the same rule. */
static uint64_t path_of(const struct job *job)
{
	uint64_t n = ((uint64_t)job->number << 40) + job->made + 1;

	return mix(job->pool ? 1 + mix(n) % job->pool : n + (1ull << 62));
}

static inline __attribute__((always_inline)) void call_once(struct job *job)
{
	uint64_t path = path_of(job);

	tree_entries[job->levels - 1][path & 3](job, path >> 3 | path << 61);
}

static void evict(void)
{
	for (size_t i = 0; i < EVICT_BYTES; i += 64)
		((volatile char *)evict_memory)[i]++;
}

/* Each call on its own, after the caches were filled with something else. */
static uint64_t cold_burst(struct job *job)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < option.burst; i++) {
		evict();
		uint64_t begin = clock_ns(CLOCK_MONOTONIC);

		call_once(job);
		sum += clock_ns(CLOCK_MONOTONIC) - begin;
	}
	return sum;
}

static void take_burst(struct job *job, struct slot *slot)
{
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	slot->begin = clock_ns(CLOCK_MONOTONIC);
	if (option.cold) {
		slot->end = slot->begin + cold_burst(job);
	} else {
		for (unsigned int i = 0; i < option.burst; i++)
			call_once(job);
		slot->end = clock_ns(CLOCK_MONOTONIC);
	}
	slot->cpu += clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
}

static uint64_t span_of_all(void)
{
	uint64_t begin = UINT64_MAX, end = 0;

	for (unsigned int i = 0; i < workers; i++) {
		begin = shared->slot[i].begin < begin ? shared->slot[i].begin : begin;
		end = shared->slot[i].end > end ? shared->slot[i].end : end;
	}
	return end - begin;
}

static void work_in_bursts(struct job *job, struct slot *slot)
{
	for (unsigned int b = 0; b < option.warmup + option.bursts; b++) {
		if (b == option.warmup)
			slot->cpu = 0;
		pthread_barrier_wait(&shared->barrier);
		take_burst(job, slot);
		pthread_barrier_wait(&shared->barrier);
		if (job->number == 0 && b >= option.warmup)
			shared->span[b - option.warmup] = span_of_all();
		usleep(option.pause_us);
	}
}

static void work_for_seconds(struct job *job, struct slot *slot)
{
	uint64_t end;

	pthread_barrier_wait(&shared->barrier);
	slot->begin = clock_ns(CLOCK_MONOTONIC);
	end = slot->begin + option.seconds * 1000000000ull;
	do {
		for (unsigned int i = 0; i < 1000; i++)
			call_once(job);
		slot->end = clock_ns(CLOCK_MONOTONIC);
	} while (slot->end < end);
	pthread_barrier_wait(&shared->barrier);
	if (job->number == 0)
		shared->span[0] = span_of_all();
}

/* A signalfd, made so that no library sees the call: it is none of those measured. */
static int quiet_signalfd(const sigset_t *set)
{
#if defined(__x86_64__)
	register long flags __asm__("r10") = SFD_CLOEXEC;
	long ret = SYS_signalfd4;

	__asm__ volatile("syscall" : "+a"(ret) : "D"(-1L), "S"(set), "d"(8L), "r"(flags) : "rcx", "r11", "memory");
	return (int)ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_signalfd4, x0 __asm__("x0") = -1, x2 __asm__("x2") = 8,
		x3 __asm__("x3") = SFD_CLOEXEC;
	register const sigset_t *x1 __asm__("x1") = set;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return (int)x0;
#else
	return (int)syscall(SYS_signalfd4, -1, set, 8, SFD_CLOEXEC);
#endif
}

static void begin_job(struct job *job, unsigned int number, unsigned int frames)
{
	*job = (struct job){ .call = option.call, .number = number, .pool = option.pool, .pid = getpid(), .fd = -1 };
	job->levels = option.depth > frames ? option.depth - frames : 1;
	if (job->levels > TREE_LEVELS)
		job->levels = TREE_LEVELS;
	sigemptyset(&job->set);
	sigaddset(&job->set, SIGUSR1);
	job->alternate.ss_size = 65536;
	job->alternate.ss_sp = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	job->value.sival_int = (int)number;
	if (job->call == CALL_SIGNALFD)
		job->fd = quiet_signalfd(&job->set);
}

static __attribute__((noinline)) void work(unsigned int number, unsigned int frames)
{
	struct slot *slot = &shared->slot[number];
	struct job job;

	begin_job(&job, number, frames);
	slot->tid = gettid();
	if (option.seconds)
		work_for_seconds(&job, slot);
	else
		work_in_bursts(&job, slot);
	slot->made = job.made;
	slot->failed = job.failed;
}

static __attribute__((noinline)) void *work_in_thread(void *number)
{
	work((unsigned int)(uintptr_t)number, FRAMES_OF_THREAD);
	return number;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* What a core spent on one call, in nanoseconds, when `span` passed for `made` calls. */
static double per_call(uint64_t span, uint64_t made)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return made ? (double)span * (double)(workers < cpus ? workers : cpus) / (double)made : 0;
}

static void report(FILE *out)
{
	uint64_t made = 0, failed = 0, cpu = 0, span = 0, timed;
	unsigned int n = option.seconds ? 1 : option.bursts;

	for (unsigned int i = 0; i < workers; i++) {
		made += shared->slot[i].made;
		failed += shared->slot[i].failed;
		cpu += shared->slot[i].cpu;
	}
	for (unsigned int i = 0; i < n; i++)
		span += shared->span[i];
	timed = option.seconds ? made : (uint64_t)workers * option.bursts * option.burst;
	qsort(shared->span, n, sizeof(shared->span[0]), by_value);
	fprintf(out, "{\"pid\": %d, \"ns\": %.2f, \"typical_ns\": %.2f, \"best_ns\": %.2f, "
		"\"cpu_ns\": %.2f, \"seconds\": %.6f, \"made\": %lu, "
		"\"failed\": %lu, \"main\": %lu, \"tids\": [", getpid(), per_call(span, timed),
		per_call(shared->span[n / 2], timed / n), per_call(shared->span[n / 10], timed / n),
		timed ? (double)cpu / (double)timed : 0,
		(double)span / 1e9, made, failed, (unsigned long)(uintptr_t)tree_entries[0][0]);
	for (unsigned int i = 0; i < workers; i++)
		fprintf(out, "%s%d", i ? ", " : "", shared->slot[i].tid);
	fprintf(out, "]}\n");
}

static unsigned int number_of(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || n > 100000000) {
		fprintf(stderr, "calls: not a number: %s\n", text);
		exit(2);
	}
	return (unsigned int)n;
}

static enum call call_named(const char *name)
{
	static const char *const names[] = { "sigprocmask", "sigaltstack", "signalfd", "sigqueue", "getppid" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return (enum call)i;
	fprintf(stderr, "calls: no such call: %s\n", name);
	exit(2);
}

static const struct option long_options[] = {
	{ "call", 1, NULL, 'c' }, { "depth", 1, NULL, 'd' }, { "stacks", 1, NULL, 's' }, { "threads", 1, NULL, 't' },
	{ "processes", 1, NULL, 'p' }, { "bursts", 1, NULL, 'n' }, { "burst", 1, NULL, 'b' },
	{ "warmup", 1, NULL, 'w' }, { "pause-us", 1, NULL, 'u' }, { "seconds", 1, NULL, 'S' },
	{ "cold", 0, NULL, 'C' }, { "result", 1, NULL, 'r' }, { NULL, 0, NULL, 0 },
};

static void set_option(int c)
{
	unsigned int *const numbers[128] = { ['d'] = &option.depth, ['t'] = &option.threads, ['p'] = &option.processes,
		['n'] = &option.bursts, ['b'] = &option.burst, ['w'] = &option.warmup, ['u'] = &option.pause_us,
		['S'] = &option.seconds };

	if (c == 'c')
		option.call = call_named(optarg);
	else if (c == 's')
		option.pool = strcmp(optarg, "new") == 0 ? 0 : number_of(optarg);
	else if (c == 'C')
		option.cold = 1;
	else if (c == 'r')
		option.result = optarg;
	else if (c > 0 && c < 128 && numbers[c])
		*numbers[c] = number_of(optarg);
	else
		exit(2);
}

static void *shared_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED) {
		perror("calls: mmap");
		exit(1);
	}
	return p;
}

static void prepare(void)
{
	pthread_barrierattr_t attributes;

	workers = option.threads > 1 ? option.threads : option.processes;
	shared = shared_memory(sizeof(*shared) + workers * sizeof(shared->slot[0]));
	shared->span = shared_memory((option.bursts + 1) * sizeof(shared->span[0]));
	evict_memory = shared_memory(EVICT_BYTES);
	pthread_barrierattr_init(&attributes);
	pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->barrier, &attributes, workers);
	signal(SIGRTMIN + 1, SIG_IGN);
}

static void run_threads(void)
{
	pthread_t *thread = calloc(workers, sizeof(*thread));
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 << 10);
	for (unsigned int i = 0; i < workers; i++)
		if (!thread || pthread_create(&thread[i], &attributes, work_in_thread, (void *)(uintptr_t)i) != 0) {
			fprintf(stderr, "calls: could not start thread %u\n", i);
			exit(1);
		}
	for (unsigned int i = 0; i < workers; i++)
		pthread_join(thread[i], NULL);
	free(thread);
}

int main(int argc, char **argv)
{
	FILE *out;
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		set_option(c);
	prepare();
	if (option.threads > 1) {
		run_threads();
	} else {
		for (unsigned int i = 1; i < workers; i++)
			if (fork() == 0) {
				work(i, FRAMES_OF_MAIN);
				_exit(0);
			}
		work(0, FRAMES_OF_MAIN);
		while (wait(NULL) > 0)
			continue;
	}
	out = option.result ? fopen(option.result, "w") : stdout;
	if (!out) {
		perror(option.result);
		return 1;
	}
	report(out);
	return fclose(out) != 0;
}
