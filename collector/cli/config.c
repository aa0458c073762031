/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads configuration files; see config.h. main-only.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../table/table.h"

#define MAX_KEYS 32

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

static int find_key(const char *key, const struct cli_command *cmd, const char *skip)
{
	for (int i = 0; cmd->options[i].name; i++)
		if (strcmp(cmd->options[i].name, skip) != 0 && strcmp(cmd->options[i].name, key) == 0)
			return i;
	return -1;
}

static int unknown_key(const char *path, int line, const char *key, const struct cli_command *cmd, const char *skip)
{
	const char *names[MAX_KEYS + 1], *near;
	unsigned int n = 0;

	for (const struct cli_option *o = cmd->options; o->name && n < MAX_KEYS; o++)
		if (strcmp(o->name, skip) != 0)
			names[n++] = o->name;
	names[n] = NULL;
	near = nearest(key, names);
	if (near)
		cli_error("%s:%d: unknown key '%s'; did you mean '%s'?", path, line, key, near);
	else
		cli_error("%s:%d: unknown key '%s'; see sigshim %s --help", path, line, key, cmd->name);
	return EXIT_USAGE;
}

static int read_line(const char *path, int line, char *text, const struct cli_command *cmd, const char *skip,
		     int (*set)(int option, const char *value, void *arg), void *arg)
{
	char *equals, *key, *value;
	int option;

	text[strcspn(text, "#")] = '\0';
	key = trim(text);
	if (!*key)
		return EXIT_OK;
	equals = strchr(key, '=');
	if (!equals) {
		cli_error("%s:%d: expected 'key = value'", path, line);
		return EXIT_USAGE;
	}
	*equals = '\0';
	key = trim(key);
	option = find_key(key, cmd, skip);
	if (option < 0)
		return unknown_key(path, line, key, cmd, skip);
	value = strdup(trim(equals + 1));
	return value ? set(option, value, arg) : EXIT_FAILED;
}

int config_read(const char *path, const struct cli_command *cmd, const char *skip,
		int (*set)(int option, const char *value, void *arg), void *arg)
{
	char *text = NULL;
	size_t size = 0;
	int line = 0, r = EXIT_OK;
	FILE *f = fopen(path, "re");

	if (!f) {
		cli_error("cannot read %s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	while (r == EXIT_OK && getline(&text, &size, f) >= 0)
		r = read_line(path, ++line, text, cmd, skip, set, arg);
	if (ferror(f)) {
		cli_error("cannot read %s: %s", path, strerror(errno));
		r = EXIT_FAILED;
	}
	free(text);
	fclose(f);
	return r;
}
