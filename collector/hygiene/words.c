/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words for findings, and what is known of programs by their name; see
 * judge.h. Pure: MT-safe.
 */
#include <string.h>

#include "../analysis/frame.h"
#include "judge.h"

const char *signals_text(uint64_t set, char buf[static SIGNALS_TEXT])
{
	unsigned int left = (unsigned int)__builtin_popcountll(set), n;
	char name[SIGNAL_NAME_MAX], *p = buf;

	*p = '\0';
	if (left > 12) {
		snprintf(buf, SIGNALS_TEXT, "%u signals", left);
		return buf;
	}
	FOR_EACH_BIT(n, set) {
		p += snprintf(p, SIGNALS_TEXT - (size_t)(p - buf), "%s%s",
			      signal_name((int)n + 1, name), left > 2 ? ", " : left == 2 ? " and " : "");
		left--;
	}
	return buf;
}

const char *program_name(const struct process *p)
{
	return p->row.comm ? p->row.comm : p->row.exe ? base_name(p->row.exe) : "?";
}

static bool is_one_of(const struct process *p, const char *const *names)
{
	const char *base = p->row.exe ? base_name(p->row.exe) : program_name(p);

	for (; *names; names++)
		if (strcmp(*names, base) == 0)
			return true;
	return false;
}

bool is_shell(const struct process *p)
{
	static const char *const shells[] = {
		"sh", "bash", "dash", "zsh", "ksh", "ksh93", "mksh", "lksh", "fish", "yash", "ash", "busybox",
		"tcsh", "csh", "bsd-csh", "posh", "rc", "elvish", "nu", "rbash", NULL
	};

	return is_one_of(p, shells);
}

bool is_deliberate(const struct process *p, const struct process *image)
{
	static const char *const passers[] = { "env", "nohup", "coreutils", NULL };

	if (is_one_of(p, passers))
		return true;
	return image && p->row.exe && image->row.exe && strcmp(p->row.exe, image->row.exe) == 0;
}
