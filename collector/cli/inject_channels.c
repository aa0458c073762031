/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways of `sigshim inject`; see inject.h. What runs between an engine and
 * its runtime never keeps a container from starting: what can't be injected is
 * told on stderr and starts as without sigshim. main-only.
 */
#include "inject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "paths.h"

/* Why something could not be edited. */
static const char *reason(int error)
{
	switch (-error) {
	case EBADMSG:
		return "it is no runtime specification, or has something that cannot be kept whole";
	case EFBIG:
		return "it is larger than 16 MiB";
	case EINVAL:
		return "a path has a space, a colon or a special character, or is no regular file";
	default:
		return strerror(-error);
	}
}

/* A directory to mount, which the collector may be about to use; a mount of none fails. */
static int make_socket_dir(struct injection *i)
{
	int r = paths_make_parents(i->socket);

	if (r < 0)
		cli_error("cannot make the directory of %s: %s", i->socket, strerror(-r));
	return r;
}

static int write_out(struct injection *i, int r, struct inject_text *text)
{
	const char *path = i->value[INJECT_OUTPUT];

	if (r < 0) {
		cli_error("cannot describe %s and %s: %s", i->library, i->socket, reason(r));
		return EXIT_FAILED;
	}
	if (path) {
		r = paths_make_parents(path);
		if (r == 0)
			r = inject_write_file(path, text);
		if (r < 0)
			cli_error("cannot write %s: %s", path, strerror(-r));
	} else if (fwrite(text->bytes, 1, text->len, stdout) != text->len || fflush(stdout) != 0) {
		r = -errno;
		cli_error("cannot write: %s", strerror(-r));
	}
	free(text->bytes);
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}

int channel_bundle(struct injection *i)
{
	const char *dir = i->operands[0];
	int r;

	if (i->value[INJECT_UNDO]) {
		r = bundle_undo(dir);
	} else {
		if (injection_find(i) < 0 || make_socket_dir(i) < 0)
			return EXIT_FAILED;
		r = bundle_inject(dir, &i->settings);
	}
	if (r >= 0)
		return EXIT_OK;
	cli_error("cannot edit %s/config.json: %s", dir, r == -ENODATA ? "config.json.before-sigshim, which says what "
		  "it was, is gone" : reason(r));
	return EXIT_FAILED;
}

int channel_oci_runtime(struct injection *i)
{
	const char *dir;
	int r = runtime_bundle(i->operands, &dir), error;

	if (r > 0)
		r = bundle_wants(dir);
	if (r > 0 && injection_find(i) == 0 && make_socket_dir(i) == 0)
		r = bundle_inject(dir, &i->settings);
	if (r < 0 && r != -ENOENT)
		cli_error("%s/config.json stays without libsigshim.so: %s", dir, reason(r));
	execvp(i->operands[0], i->operands);
	error = errno;
	cli_error("cannot execute the runtime %s: %s", i->operands[0], strerror(error));
	return error == ENOENT ? 127 : 126;
}

/* The command line of the hook, with absolute paths: engines start it anywhere. */
static int print_hook(struct injection *i)
{
	const char *argv[2 * INJECT_MAX_ENV + 8];
	char own[PATH_MAX];
	struct inject_text text = { 0 };
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
	unsigned int n = 0;

	if (len < 0) {
		cli_error("cannot tell where this program is: %s", strerror(errno));
		return EXIT_FAILED;
	}
	own[len] = '\0';
	argv[n++] = own;
	argv[n++] = "inject";
	argv[n++] = "oci-hook";
	argv[n++] = "--shim";
	argv[n++] = i->library;
	argv[n++] = "--socket";
	argv[n++] = i->socket;
	for (unsigned int e = 0; e < i->settings.nenv; e++) {
		argv[n++] = "--env";
		argv[n++] = i->settings.env[e];
	}
	argv[n] = NULL;
	return write_out(i, hook_text(argv, &text), &text);
}

int channel_oci_hook(struct injection *i)
{
	struct inject_text spec, edited;
	int r;

	if (i->value[INJECT_PRINT_HOOK])
		return injection_find(i) < 0 ? EXIT_FAILED : print_hook(i);
	if (i->value[INJECT_OUTPUT])
		return cli_usage(&cmd_inject, "oci-hook takes --output together with --print-hook");
	r = inject_read_all(STDIN_FILENO, &spec);
	if (r < 0) {
		cli_error("cannot read config.json from stdin: %s", reason(r));
		return EXIT_FAILED;
	}
	r = spec_wants(spec.bytes, spec.len);
	if (r > 0 && injection_find(i) == 0 && make_socket_dir(i) == 0) {
		r = spec_inject(spec.bytes, spec.len, &i->settings, &edited);
		if (r == 0) {
			free(spec.bytes);
			spec = edited;
		}
	}
	if (r < 0)
		cli_error("the container stays without libsigshim.so: its config.json: %s", reason(r));
	return write_out(i, 0, &spec);
}

int channel_cdi(struct injection *i)
{
	struct inject_text text = { 0 };

	if (injection_find(i) < 0)
		return EXIT_FAILED;
	return write_out(i, cdi_text(&i->settings, &text), &text);
}

int channel_env(struct injection *i)
{
	struct inject_text text = { 0 };

	if (injection_find(i) < 0)
		return EXIT_FAILED;
	return write_out(i, flags_text(&i->settings, i->value[INJECT_COMPOSE], &text), &text);
}

static void warn_about_everything(const char *root)
{
	cli_error("every program of %s that uses glibc will load libsigshim.so, setuid programs and the init process "
		  "too, also when its environment is emptied; a library that is not there makes each of them "
		  "complain. musl does not read the file. Say --yes to do it, and --undo to end it", root);
}

int channel_ld_so_preload(struct injection *i)
{
	const char *root = i->operands[0], *slash;
	char inside[PATH_MAX + sizeof(INJECT_LIBRARY_DIR)];
	bool undo = i->value[INJECT_UNDO];
	int r;

	if (!undo && !i->value[INJECT_YES]) {
		warn_about_everything(root);
		return EXIT_FAILED;
	}
	if (paths_portable(i->value[INJECT_SHIM], i->library, sizeof(i->library)) < 0)
		return EXIT_FAILED;
	slash = strrchr(i->library, '/');
	snprintf(inside, sizeof(inside), INJECT_LIBRARY_DIR "%s", slash);
	r = preload_file_edit(root, strcmp(root, "/") == 0 ? i->library : inside, undo);
	if (r >= 0)
		return EXIT_OK;
	cli_error("cannot edit %s/etc/ld.so.preload: %s", root, reason(r));
	return EXIT_FAILED;
}
