/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of signals, both ways. Any part of the collector may call it. MT-safe.
 */
#include "table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sigshim/flags.def>

#define RTMIN 34	/* the kernel's 32 and 33 are libc's own */
#define RTMAX 64

#define RT(n) [RTMIN + (n)] = "SIGRTMIN+" #n
static const char *const names[RTMAX + 2] = {
#define SIGSHIM_FLAG(list, name, value) [value] = #name,
	SIGSHIM_FLAG_SIGNAL
#undef SIGSHIM_FLAG
	[32] = "SIG32", [33] = "SIG33", [RTMIN] = "SIGRTMIN",
	RT(1), RT(2), RT(3), RT(4), RT(5), RT(6), RT(7), RT(8), RT(9), RT(10),
	RT(11), RT(12), RT(13), RT(14), RT(15), RT(16), RT(17), RT(18), RT(19), RT(20),
	RT(21), RT(22), RT(23), RT(24), RT(25), RT(26), RT(27), RT(28), RT(29), RT(30),
};

/* Other names that signal(7) gives, without SIG. */
static const struct {
	const char *name;
	int signo;
} aliases[] = {
	{ "IOT", 6 }, { "CLD", 17 }, { "POLL", 29 },
};

const char *signal_name(int signo, char buf[static SIGNAL_NAME_MAX])
{
	if (signo >= 1 && signo <= RTMAX)
		snprintf(buf, SIGNAL_NAME_MAX, "%s", names[signo]);
	else
		snprintf(buf, SIGNAL_NAME_MAX, "%d", signo);
	return buf;
}

const char *const *signal_names(void)
{
	return names + 1;
}

/* The signal `base + sign * text`, where text is a decimal number. */
static int parse_number(const char *text, int base, int sign)
{
	size_t len = strspn(text, "0123456789");
	int signo;

	if (len == 0 || len > 3 || text[len])
		return -EINVAL;
	signo = base + sign * atoi(text);
	return signo >= 1 && signo <= RTMAX ? signo : -EINVAL;
}

static int parse_realtime(const char *text)
{
	int signo;

	if (strcasecmp(text, "RTMAX") == 0)
		return RTMAX;
	if (strncasecmp(text, "RTMIN+", 6) == 0)
		signo = parse_number(text + 6, RTMIN, 1);
	else if (strncasecmp(text, "RTMAX-", 6) == 0)
		signo = parse_number(text + 6, RTMAX, -1);
	else
		return -EINVAL;
	return signo >= RTMIN ? signo : -EINVAL;
}

int signal_parse(const char *text)
{
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (isdigit((unsigned char)*text))
		return parse_number(text, 0, 1);
	for (int signo = 1; signo <= RTMAX; signo++)
		if (strcasecmp(text, names[signo] + 3) == 0)
			return signo;
	for (unsigned int i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcasecmp(text, aliases[i].name) == 0)
			return aliases[i].signo;
	return parse_realtime(text);
}
