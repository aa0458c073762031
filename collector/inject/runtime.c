/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the arguments of an OCI runtime say: whether they create a container,
 * and from which bundle. runc's, crun's, youki's and runsc's command lines are
 * alike in this. For cli/. MT-safe.
 */
#include "inject.h"

#include <string.h>

/* Options with an argument that may be a word of its own, before or after the command. */
static const char *const with_argument[] = {
	"root", "log", "log-format", "log-level", "criu", "rootless", "cgroup-manager", "platform", "debug-log",
	"pid-file", "console-socket", "preserve-fds", "systemd-log", NULL
};

/* The option's name without dashes; its length goes to an = or the end. */
static bool is_option(const char *word, const char *name)
{
	size_t len = strlen(name);

	word += word[0] == '-';
	word += word[0] == '-';
	return strncmp(word, name, len) == 0 && (!word[len] || word[len] == '=');
}

static bool takes_next(const char *word)
{
	if (strchr(word, '='))
		return false;
	for (const char *const *name = with_argument; *name; name++)
		if (is_option(word, *name))
			return true;
	return false;
}

static bool is_bundle(const char *word)
{
	return is_option(word, "b") || is_option(word, "bundle");
}

/* Of the words after the command. */
static const char *find_bundle(char **argv)
{
	const char *dir = ".";

	for (; *argv && strcmp(*argv, "--") != 0; argv++) {
		if ((*argv)[0] != '-')
			continue;
		if (is_bundle(*argv)) {
			const char *equals = strchr(*argv, '=');

			if (!equals && !argv[1])
				break;
			dir = equals ? equals + 1 : *++argv;
		} else if (takes_next(*argv) && argv[1]) {
			argv++;
		}
	}
	return dir;
}

int runtime_bundle(char **argv, const char **ret_dir)
{
	if (!*argv)
		return 0;
	for (argv++; *argv && (*argv)[0] == '-'; argv++)
		if (takes_next(*argv) && argv[1])
			argv++;
	if (!*argv || (strcmp(*argv, "create") != 0 && strcmp(*argv, "run") != 0))
		return 0;
	*ret_dir = find_bundle(argv + 1);
	return 1;
}
