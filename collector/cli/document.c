/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wraps, pads and escapes; see document.h for who may call it. main-only.
 */
#include "document.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 80
#define INDENT 2

/* Continues a line at `column`; further lines begin at `hang`. */
static void wrap(const char *text, unsigned int column, unsigned int hang)
{
	bool first = true;

	while (*(text += strspn(text, " "))) {
		unsigned int n = (unsigned int)strcspn(text, " ");

		if (!first && column + 1 + n > WIDTH) {
			printf("\n%*s", (int)hang, "");
			column = hang;
			first = true;
		}
		printf("%s%.*s", first ? "" : " ", (int)n, text);
		column += n + !first;
		first = false;
		text += n;
	}
	putchar('\n');
}

/* What Markdown would take for markup. */
static void escape(const char *text)
{
	for (; *text; text++) {
		if (strchr("*<|~", *text))
			putchar('\\');
		putchar(*text);
	}
}

void document_heading(const struct document *d, int level, const char *text)
{
	if (d->markdown) {
		printf("%.*s %s\n\n", level, "###", text);
		return;
	}
	if (d->bold)
		printf("\033[1m");
	for (; *text; text++)
		putchar(level < 3 ? *text : toupper((unsigned char)*text));
	puts(d->bold ? "\033[0m" : "");
}

void document_paragraph(const struct document *d, const char *text)
{
	if (d->markdown) {
		escape(text);
		puts("\n");
		return;
	}
	printf("%*s", INDENT, "");
	wrap(text, INDENT, INDENT);
	putchar('\n');
}

void document_item(const struct document *d, const char *text)
{
	if (d->markdown) {
		printf("- ");
		escape(text);
		putchar('\n');
		return;
	}
	printf("%*s", INDENT, "");
	wrap(text, INDENT, 2 * INDENT);
}

void document_end_items(const struct document *d)
{
	putchar('\n');
}

void document_code(const struct document *d, const char *text)
{
	if (d->markdown) {
		printf("```c\n%s\n```\n\n", text);
		return;
	}
	printf("%*s", INDENT, "");
	wrap(text, INDENT, 4 * INDENT);
	putchar('\n');
}

static void markdown_row(const struct document_row *row, unsigned int ncells)
{
	for (unsigned int i = 0; i < ncells; i++) {
		printf("| ");
		escape(row->cell[i]);
		putchar(' ');
	}
	puts("|");
}

/* Columns as wide as their widest cell; one that is empty all the way down takes no room. */
static void text_row(const struct document_row *row, const unsigned int *width, unsigned int ncells)
{
	unsigned int column = INDENT;

	printf("%*s", INDENT, "");
	for (unsigned int i = 0; i + 1 < ncells; i++) {
		if (!width[i])
			continue;
		printf("%-*s  ", (int)width[i], row->cell[i]);
		column += width[i] + 2;
	}
	wrap(row->cell[ncells - 1], column, column);
}

void document_table(const struct document *d, const struct document_row *head,
		    const struct document_row *rows, unsigned int nrows, unsigned int ncells)
{
	unsigned int width[DOCUMENT_CELLS] = {};

	if (d->markdown) {
		markdown_row(head, ncells);
		for (unsigned int i = 0; i < ncells; i++)
			printf("|---");
		puts("|");
	}
	for (unsigned int r = 0; r < nrows; r++)
		for (unsigned int i = 0; i < ncells; i++)
			if (strlen(rows[r].cell[i]) > width[i])
				width[i] = (unsigned int)strlen(rows[r].cell[i]);
	for (unsigned int r = 0; r < nrows; r++) {
		if (d->markdown)
			markdown_row(&rows[r], ncells);
		else
			text_row(&rows[r], width, ncells);
	}
	putchar('\n');
}
