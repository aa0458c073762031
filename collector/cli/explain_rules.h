/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the table of rules says about rules, for readers. docs/RULES.md is its
 * output. For cmd_explain. main-only.
 */
#ifndef SIGSHIM_EXPLAIN_RULES_H
#define SIGSHIM_EXPLAIN_RULES_H

#include "../hygiene/hygiene.h"
#include "document.h"

void explain_rule(const struct document *d, const struct hygiene_rule *rule);
/* A list for a terminal, everything in Markdown. Returns an exit code. */
int explain_rules(const struct document *d);

#endif
