/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settings from the environment. A wrong value leaves the default and, with
 * SIGSHIM_VERBOSE, one line on stderr; it never fails the program. Runs once,
 * in the first wrapped call or the constructor; needs no allocation.
 */
#include <string.h>

#include "shim.h"
#include "sys.h"

#include "banned.h"

struct config shim_config;

/* One line, in one write so that it stays whole among others. */
void config_say(const char *a, const char *b, const char *c)
{
	const char *part[] = { "libsigshim: ", a, b, c, "\n" };
	char line[400];
	size_t used = 0;

	if (!shim_config.verbose)
		return;
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		size_t n = part[i] ? strlen(part[i]) : 0;

		if (n > sizeof(line) - 1 - used)
			n = sizeof(line) - 1 - used;
		memcpy(line + used, part[i], n);
		used += n;
	}
	line[used - 1] = '\n';
	sys(SYS_write, 2, line, used);
}

static const char *get(char **env, const char *name)
{
	size_t n = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

/* The index of the value in `words`, or `fallback`, aloud, when it is none of them. */
static unsigned int choose(char **env, const char *name, const char *const *words, unsigned int fallback)
{
	const char *value = get(env, name);

	if (!value || !*value)
		return fallback;
	for (unsigned int i = 0; words[i]; i++)
		if (strcmp(value, words[i]) == 0)
			return i;
	config_say(name, " has no such value, the default is used: ", value);
	return fallback;
}

static unsigned int read_depth(char **env)
{
	const char *value = get(env, "SIGSHIM_DEPTH"), *p = value;
	unsigned int n = 0;

	if (!value || !*value)
		return 64;
	while (*p >= '0' && *p <= '9' && n <= SHIM_MAX_DEPTH)
		n = n * 10 + (unsigned int)(*p++ - '0');
	if (*p == '\0' && n >= 1 && n <= SHIM_MAX_DEPTH)
		return n;
	config_say("SIGSHIM_DEPTH is a number from 1 to 128, 64 is used instead of: ", value, NULL);
	return 64;
}

static bool select_event(const char *word, size_t n)
{
	bool found = false;

	for (unsigned int i = 1; i < SIGSHIM_EV_END; i++)
		if (shim_events[i].id && strlen(shim_events[i].name) == n && memcmp(shim_events[i].name, word, n) == 0)
			found = shim_config.event[i] = true;
	return found;
}

/* False, with nothing said, when it is not a list of event names. */
static bool select_list(const char *list)
{
	for (;;) {
		size_t n = strcspn(list, ",");

		if (!select_event(list, n))
			return false;
		if (!list[n])
			return true;
		list += n + 1;
	}
}

static void read_events(char **env)
{
	const char *value = get(env, "SIGSHIM_EVENTS");
	bool core = value && strcmp(value, "core") == 0, all = !value || !*value || strcmp(value, "all") == 0;

	memset(shim_config.event, 0, sizeof(shim_config.event));
	if (!all && !core && select_list(value))
		return;
	if (!all && !core)
		config_say("SIGSHIM_EVENTS takes all, core, or event names joined by commas, "
			   "all is used instead of: ", value, NULL);
	memset(shim_config.event, 0, sizeof(shim_config.event));
	memset(shim_config.event + 1, 1, core ? SIGSHIM_EV_CORE : SIGSHIM_EV_MAX);
}

/* Joins the parts into the socket's path; leaves it empty when they don't fit. */
static void set_socket(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);

	if (na + nb >= sizeof(shim_config.socket)) {
		config_say("the path of the collector's socket is too long: ", a, b);
		return;
	}
	memcpy(shim_config.socket, a, na);
	memcpy(shim_config.socket + na, b, nb + 1);
}

static void read_socket(char **env)
{
	const char *value = get(env, "SIGSHIM_SOCKET"), *dir = get(env, "XDG_RUNTIME_DIR");

	shim_config.socket[0] = '\0';
	if (value && *value)
		set_socket(value, "");
	else if (dir && *dir == '/')
		set_socket(dir, "/sigshim/collector.sock");
	else
		set_socket("/run", "/sigshim/collector.sock");
}

/* valgrind complains of each question about memory, on the program's stderr. */
static bool under_valgrind(char **env)
{
	static const char mark[] = "vgpreload_";
	const char *p = get(env, "LD_PRELOAD");

	while (p && *p && strncmp(p, mark, sizeof(mark) - 1) != 0)
		p++;
	return p && *p;
}

void config_read(char **env)
{
	static const char *const stacks[] = { "unwind", "fp", "none", NULL };
	static const char *const transports[] = { "ring", "socket", NULL };
	static const char *const overflows[] = { "drop", "block", NULL };
	static const char *const switches[] = { "0", "1", NULL };
	const char *verbose = get(env, "SIGSHIM_VERBOSE");

	shim_config.verbose = verbose && *verbose && strcmp(verbose, "0") != 0;
	shim_config.stack = choose(env, "SIGSHIM_STACK", stacks, SIGSHIM_STACK_UNWIND);
	shim_config.transport = choose(env, "SIGSHIM_TRANSPORT", transports, SIGSHIM_TRANSPORT_RING);
	shim_config.overflow = choose(env, "SIGSHIM_OVERFLOW", overflows, SIGSHIM_OVERFLOW_DROP);
	shim_config.memo = choose(env, "SIGSHIM_MEMO", switches, true);
	shim_config.follow = choose(env, "SIGSHIM_FOLLOW", switches, false);
	shim_config.depth = read_depth(env);
	shim_config.blind = under_valgrind(env);
	if (shim_config.blind && shim_config.stack == SIGSHIM_STACK_FP)
		shim_config.stack = SIGSHIM_STACK_UNWIND;
	read_events(env);
	read_socket(env);
}
