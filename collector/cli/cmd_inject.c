/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `sigshim inject`: its options, and which channel takes which of them; what
 * they do is in inject_channels.c. main-only.
 */
#include "cli.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../table/table.h"
#include "inject.h"
#include "paths.h"

#define BIT(option) (1u << (option))
#define WHAT (BIT(INJECT_SHIM) | BIT(INJECT_SOCKET) | BIT(INJECT_ENV))
#define MANY 1000

static const struct cli_option inject_options[] = {
	[INJECT_SHIM] = { 0, "shim", "PATH", "the library; its directory is mounted (default: the portable one)" },
	[INJECT_SOCKET] = { 's', "socket", "PATH", "the collector's socket; its directory is mounted" },
	[INJECT_ENV] = { 'e', "env", "NAME=VALUE", "also set this SIGSHIM_ variable; may be given again" },
	[INJECT_OUTPUT] = { 'o', "output", "FILE", "cdi, oci-hook: write there instead of to stdout" },
	[INJECT_UNDO] = { 0, "undo", NULL, "bundle, ld-so-preload: make it what it was" },
	[INJECT_PRINT_HOOK] = { 0, "print-hook", NULL, "oci-hook: print its file for hooks.d" },
	[INJECT_COMPOSE] = { 0, "compose", NULL, "env: as a service's part of a compose file" },
	[INJECT_YES] = { 0, "yes", NULL, "ld-so-preload: the warning has been read" },
	{}
};

static const struct channel {
	const char *name;
	unsigned int options;	/* the bits of those it takes */
	int min, max;		/* operands */
	int (*run)(struct injection *i);
} channels[] = {
	{ "bundle", WHAT | BIT(INJECT_UNDO), 1, 1, channel_bundle },
	{ "oci-hook", WHAT | BIT(INJECT_PRINT_HOOK) | BIT(INJECT_OUTPUT), 0, 0, channel_oci_hook },
	{ "oci-runtime", WHAT, 1, MANY, channel_oci_runtime },
	{ "cdi", WHAT | BIT(INJECT_OUTPUT), 0, 0, channel_cdi },
	{ "env", WHAT | BIT(INJECT_COMPOSE), 0, 0, channel_env },
	{ "ld-so-preload", BIT(INJECT_SHIM) | BIT(INJECT_UNDO) | BIT(INJECT_YES), 1, 1, channel_ld_so_preload },
};

#define NCHANNELS (sizeof(channels) / sizeof(channels[0]))

static int add_env(struct injection *i, const char *word)
{
	struct inject_settings *s = &i->settings;
	const char *equals = strchr(word, '=');

	if (strncmp(word, "SIGSHIM_", 8) != 0 || !equals || equals == word + 8)
		return cli_usage(&cmd_inject, "--env takes SIGSHIM_NAME=VALUE, not '%s'", word);
	if (strncmp(word, "SIGSHIM_SOCKET=", 15) == 0)
		return cli_usage(&cmd_inject, "--env may not set SIGSHIM_SOCKET, which the container has a path of its "
				 "own for; say --socket");
	if (s->nenv == INJECT_MAX_ENV)
		return cli_usage(&cmd_inject, "--env at most %d times", INJECT_MAX_ENV);
	s->env[s->nenv++] = word;
	return EXIT_OK;
}

static int find_channel(const char *word, const struct channel **ret)
{
	const char *names[NCHANNELS + 1] = { NULL }, *near;

	for (size_t n = 0; n < NCHANNELS; n++) {
		names[n] = channels[n].name;
		if (strcmp(word, names[n]) == 0) {
			*ret = &channels[n];
			return EXIT_OK;
		}
	}
	near = nearest(word, names);
	return cli_usage(&cmd_inject, "unknown way '%s'%s%s; there are bundle, oci-hook, oci-runtime, cdi, env and "
			 "ld-so-preload", word, near ? "; did you mean " : "", near ? near : "");
}

static int check_channel(const struct channel *c, const struct injection *i, int operands)
{
	for (int option = 0; option < INJECT_OPTIONS; option++)
		if (i->value[option] && !(c->options & BIT(option)))
			return cli_usage(&cmd_inject, "%s takes no --%s", c->name, inject_options[option].name);
	if (operands > c->max)
		return cli_usage(&cmd_inject, "%s: unexpected argument '%s'", c->name, i->operands[c->max]);
	if (operands < c->min)
		return cli_usage(&cmd_inject, "%s needs %s", c->name, strcmp(c->name, "oci-runtime") == 0 ?
				 "a runtime's command line: -- runc ARGUMENT..." : "a directory");
	return EXIT_OK;
}

int injection_find(struct injection *i)
{
	char socket[PATH_MAX];
	int r = paths_portable(i->value[INJECT_SHIM], i->library, sizeof(i->library));

	if (r < 0)
		return r;
	paths_peer_socket(socket, sizeof(socket));
	r = paths_absolute(i->value[INJECT_SOCKET] ? i->value[INJECT_SOCKET] : socket, i->socket, sizeof(i->socket));
	if (r < 0) {
		cli_error("the socket's path cannot be used: %s", strerror(-r));
		return r;
	}
	i->settings.library = i->library;
	i->settings.socket = i->socket;
	return 0;
}

static int run(int argc, char **argv)
{
	static struct injection i;
	const struct channel *c = NULL;
	const char *arg;
	int option, r = EXIT_OK;

	while ((option = cli_next(&cmd_inject, argc, argv, false, &arg)) >= 0 && r == EXIT_OK) {
		i.value[option] = arg ? arg : "";
		if (option == INJECT_ENV)
			r = add_env(&i, arg);
	}
	if (r != EXIT_OK)
		return r;
	if (optind >= argc)
		return cli_usage(&cmd_inject, "no way to inject given");
	r = find_channel(argv[optind], &c);
	if (r != EXIT_OK)
		return r;
	i.operands = argv + optind + 1;
	r = check_channel(c, &i, argc - optind - 1);
	return r == EXIT_OK ? c->run(&i) : r;
}

const struct cli_command cmd_inject = {
	.name = "inject",
	.args = "WAY [ARGUMENT]...",
	.summary = "Put libsigshim.so into containers, whose images stay as they are",
	.details =
		"Ways:\n"
		"  bundle DIR            edit an OCI bundle's config.json in place\n"
		"  oci-runtime -- RUNTIME [ARGUMENT]...\n"
		"                        edit the bundle of an annotated container, then be RUNTIME\n"
		"  oci-hook              edit the config.json on stdin: a precreate hook\n"
		"  cdi                   print a device for podman, Docker, containerd and CRI-O\n"
		"  env                   print -e and -v flags for docker and podman\n"
		"  ld-so-preload ROOT    edit ROOT/etc/ld.so.preload; glibc only\n\n"
		"oci-runtime and oci-hook edit containers with the annotation\n"
		"sigshim.dev/inject=true; others stay byte for byte what they are. These, and\n"
		"bundle, put the library before what LD_PRELOAD has; cdi and env replace it.\n\n"
		"Example: podman run --device sigshim.dev/shim=default IMAGE, after\n"
		"sigshim inject cdi -o /etc/cdi/sigshim.json",
	.options = inject_options,
	.run = run,
};
