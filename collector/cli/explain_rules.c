/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `sigshim explain --rules`; see explain_rules.h. main-only.
 */
#include "explain_rules.h"

#include <stdio.h>

#include "cli.h"

#define MAX_RULES 64

void explain_rule(const struct document *d, const struct hygiene_rule *rule)
{
	char text[4096];

	document_heading(d, 2, rule->id);
	snprintf(text, sizeof(text), "%s: %s.", hygiene_severity_name(rule->severity), rule->message);
	document_paragraph(d, text);
	document_paragraph(d, rule->explanation);
	snprintf(text, sizeof(text), "Inconclusive: where records are missing%s%s", *rule->inconclusive ? ". " : ".",
		 rule->inconclusive);
	document_paragraph(d, text);
	snprintf(text, sizeof(text), "What to do: %s", rule->fix);
	document_paragraph(d, text);
	snprintf(text, sizeof(text), "Sources: %s.", rule->sources);
	document_paragraph(d, text);
}

int explain_rules(const struct document *d)
{
	static const struct document_row head = { { "Rule", "Severity", "Says" } };
	struct document_row rows[MAX_RULES];
	unsigned int n = hygiene_nrules();

	for (unsigned int i = 0; i < n; i++) {
		const struct hygiene_rule *rule = hygiene_rule(i);

		rows[i] = (struct document_row){ { rule->id, hygiene_severity_name(rule->severity), rule->message } };
	}
	if (d->markdown) {
		puts("<!-- SPDX-License-Identifier: BSD-2-Clause -->\n"
		     "<!-- Made from collector/hygiene/rules.def by `make docs`. -->");
		document_heading(d, 1, "Rules");
	}
	document_table(d, &head, rows, n, 3);
	for (unsigned int i = 0; i < n && d->markdown; i++)
		explain_rule(d, hygiene_rule(i));
	if (!d->markdown)
		puts("Tell about one of them: sigshim explain RULE");
	return EXIT_OK;
}
