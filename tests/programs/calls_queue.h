/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of calls.c that queues signals: to itself, where they stay pending
 * because all are blocked, and to processes that are not there or not its own.
 */
#define NOBODY 0x3fffffff	/* above every pid_max */

static __attribute__((noinline)) long queue_call(int pid, int sig, union sigval value)
{
	long ret;

	errno = 0;
	ret = sigqueue(pid, sig, value);
	return ret;
}

static void do_queue(int pid, int sig, void *value, int error)
{
	struct golden_call c = { "sigqueue", "wrapped", "queue_call", error ? -1 : 0, error,
				 golden_mask, UNKNOWN, golden_mask };
	long ret = queue_call(pid, sig, (union sigval){ .sival_ptr = value });
	char name[24];

	golden_require(ret == c.ret && errno == error, "sigqueue: %ld, errno %d", ret, errno);
	golden_begin(&c);
	fprintf(golden_out, "\"pid\":%d,\"sig\":%s,\"value\":", pid, golden_signal(sig, name));
	golden_value(value);
	golden_end();
}

static __attribute__((noinline)) long thread_queue_call(int sig, union sigval value)
{
	long ret;

	errno = 0;
	ret = pthread_sigqueue(pthread_self(), sig, value);
	return ret;
}

static void do_thread_queue(int sig, void *value, int error)
{
	struct golden_call c = { "pthread_sigqueue", "wrapped", "thread_queue_call", error, error,
				 golden_mask, UNKNOWN, golden_mask };
	long ret = thread_queue_call(sig, (union sigval){ .sival_ptr = value });
	char name[24];

	golden_require(ret == error && errno == 0, "pthread_sigqueue: %ld, errno %d", ret, errno);
	golden_begin(&c);
	fputs("\"thread\":", golden_out);
	golden_pointer((void *)pthread_self());
	fprintf(golden_out, ",\"sig\":%s,\"value\":", golden_signal(sig, name));
	golden_value(value);
	golden_end();
}

static __attribute__((noinline)) long info_call(int tgid, int tid, int sig, siginfo_t *info)
{
	long ret;

	errno = 0;
	if (tid)
		ret = syscall(SYS_rt_tgsigqueueinfo, tgid, tid, sig, info);
	else
		ret = syscall(SYS_rt_sigqueueinfo, tgid, sig, info);
	return ret;
}

static void print_info(const siginfo_t *info)
{
	char name[24];

	if (!info || info == BAD) {
		golden_pointer(info);
		return;
	}
	fprintf(golden_out, "{\"si_signo\":%s,\"si_errno\":%d,\"si_code\":%s,\"si_pid\":%d,\"si_uid\":%u,\"si_value\":",
		golden_signal(info->si_signo, name), info->si_errno,
		info->si_code == SI_QUEUE ? "\"SI_QUEUE\"" : info->si_code == SI_USER ? "\"SI_USER\"" : "-77",
		info->si_pid, info->si_uid);
	golden_value(info->si_value.sival_ptr);
	fputc('}', golden_out);
}

static void do_info(int tgid, int tid, int sig, siginfo_t *info, int error)
{
	struct golden_call c = { tid ? "rt_tgsigqueueinfo" : "rt_sigqueueinfo", "syscall", "info_call",
				 error ? -1 : 0, error, golden_mask, UNKNOWN, golden_mask };
	long ret = info_call(tgid, tid, sig, info);
	char name[24];

	golden_require(ret == c.ret && errno == error, "%s: %ld, errno %d instead of %d",
		       c.event, ret, errno, error);
	golden_begin(&c);
	fprintf(golden_out, "\"tgid\":%d,", tgid);
	if (tid)
		fprintf(golden_out, "\"tid\":%d,", tid);
	fprintf(golden_out, "\"sig\":%s,\"info\":", golden_signal(sig, name));
	print_info(info);
	golden_end();
}

static siginfo_t *info_of(int sig, int code, void *value)
{
	static siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = code;
	info.si_pid = 4242;	/* a claim: nobody checks it */
	info.si_uid = 4343;
	info.si_value.sival_ptr = value;
	return &info;
}

/* Everything is blocked by now, so what is sent stays pending. */
static void queues(void)
{
	int self = getpid();
	void *value = (void *)0x1234abcd;

	do_queue(self, SIGUSR1, value, 0);
	do_queue(self, SIGRTMIN + 5, NULL, 0);
	do_queue(self, 0, value, 0);
	do_queue(self, 65, value, EINVAL);
	do_queue(NOBODY, SIGTERM, value, ESRCH);

	do_thread_queue(SIGUSR2, value, 0);
	do_thread_queue(LAST, NULL, 0);
	do_thread_queue(0, value, 0);
	do_thread_queue(65, value, EINVAL);

	do_info(self, 0, SIGRTMIN, info_of(SIGRTMIN, SI_QUEUE, value), 0);
	if (!golden_emulated)	/* qemu-user makes E2BIG of codes that it doesn't know */
		do_info(self, 0, SIGRTMIN, info_of(SIGRTMIN, -77, NULL), 0);
	do_info(getppid(), 0, 0, info_of(0, SI_USER, value), EPERM);
	do_info(NOBODY, 0, SIGTERM, info_of(SIGTERM, SI_QUEUE, value), ESRCH);
	do_info(self, 0, SIGTERM, BAD, EFAULT);

	do_info(self, gettid(), SIGHUP, info_of(SIGHUP, SI_QUEUE, value), 0);
	do_info(self, -1, SIGHUP, info_of(SIGHUP, SI_QUEUE, value), EINVAL);
	do_info(self, NOBODY, SIGHUP, info_of(SIGHUP, SI_QUEUE, value), ESRCH);
	do_info(self, gettid(), SIGHUP, BAD, EFAULT);
}
