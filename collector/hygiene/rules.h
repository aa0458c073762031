/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules' functions, made from rules.def. For this folder alone.
 */
#ifndef SIGSHIM_RULES_H
#define SIGSHIM_RULES_H

#include "judge.h"

enum rule_index {
#define HYGIENE_RULE(ident, ...) RULE_##ident,
#include "rules.def"
	RULE_MAX
};
_Static_assert(RULE_MAX <= 64, "a set of rules is 64 bits");

#define HYGIENE_RULE(ident, ...) void rule_##ident(struct judge *j, const struct moment *m);
#include "rules.def"

struct rule_hook {
	unsigned int when;	/* bits 1 << enum moment_kind */
	void (*judge)(struct judge *j, const struct moment *m);
};
extern const struct rule_hook rule_hooks[];

#endif
