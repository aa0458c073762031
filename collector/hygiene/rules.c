/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of rules as data; see hygiene.h. Constants: MT-safe.
 */
#include "rules.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "../analysis/vocabulary.h"

#define NOTE HYGIENE_NOTE
#define WARNING HYGIENE_WARNING
#define ERROR HYGIENE_ERROR

static const struct hygiene_rule rules[RULE_MAX] = {
#define HYGIENE_RULE(ident, id, severity, when, ...) [RULE_##ident] = { id, severity, __VA_ARGS__ },
#include "rules.def"
};

const struct rule_hook rule_hooks[RULE_MAX] = {
#define HYGIENE_RULE(ident, id, severity, when, ...) [RULE_##ident] = { when, rule_##ident },
#include "rules.def"
};

static const char *const ids[RULE_MAX + 1] = {
#define HYGIENE_RULE(ident, id, ...) [RULE_##ident] = id,
#include "rules.def"
};

const char *const hygiene_severities[] = { "note", "warning", "error", NULL };

unsigned int hygiene_nrules(void)
{
	return RULE_MAX;
}

const struct hygiene_rule *hygiene_rule(unsigned int i)
{
	return &rules[i];
}

const struct hygiene_rule *hygiene_rule_by_id(const char *id)
{
	for (unsigned int i = 0; i < RULE_MAX; i++)
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	return NULL;
}

const char *const *hygiene_rule_ids(void)
{
	return ids;
}

const char *hygiene_severity_name(enum hygiene_severity severity)
{
	return hygiene_severities[severity - HYGIENE_NOTE];
}

int hygiene_severity_parse(const char *name)
{
	for (int i = 0; hygiene_severities[i]; i++)
		if (strcmp(hygiene_severities[i], name) == 0)
			return HYGIENE_NOTE + i;
	return -EINVAL;
}

static uint64_t matching(const char *word)
{
	uint64_t set = 0;

	for (unsigned int i = 0; i < RULE_MAX; i++)
		if (strcmp(word, "all") == 0 || fnmatch(word, rules[i].id, 0) == 0)
			set |= 1ull << i;
	return set;
}

int hygiene_rules_parse(const char *spec, uint64_t *ret_rules, char **ret_error)
{
	char *copy = strdup(spec), *rest = copy, *word;
	uint64_t chosen = *spec == '-' ? matching("all") : 0, set = 1;

	while (copy && set && (word = strsep(&rest, ","))) {
		bool without = *word == '-';

		set = matching(word + without);
		chosen = without ? chosen & ~set : chosen | set;
		if (!set)
			*ret_error = unknown_word("rule", word + without, ids);
	}
	free(copy);
	if (!copy)
		return -ENOMEM;
	if (!set)
		return -EINVAL;
	*ret_rules = chosen;
	return 0;
}
