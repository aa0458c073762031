/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables; see columns.h.
 */
#include "columns.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define FIRST_ROWS 500	/* laid out by libsmartcols, before widths are fixed */

struct row {
	char *cells, *below;
};

struct columns {
	struct output_options opt;
	struct column column[COLUMNS_MAX];
	size_t width[COLUMNS_MAX];
	unsigned int n;
	bool fixed;		/* widths are known */
	struct row rows[FIRST_ROWS];
	unsigned int nrows;
	struct text line;
};

int columns_new(const struct output_options *opt, const struct column *columns, unsigned int n,
		struct columns **ret)
{
	struct columns *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->opt = *opt;
	c->n = n < COLUMNS_MAX ? n : COLUMNS_MAX;
	memcpy(c->column, columns, c->n * sizeof(*columns));
	*ret = c;
	return 0;
}

static void forget_rows(struct columns *c)
{
	for (unsigned int i = 0; i < c->nrows; i++) {
		free(c->rows[i].cells);
		free(c->rows[i].below);
	}
	c->nrows = 0;
}

void columns_free(struct columns *c)
{
	if (!c)
		return;
	forget_rows(c);
	text_free(&c->line);
	free(c);
}

static const char *next_cell(const char *cell)
{
	return cell + strlen(cell) + 1;
}

static int fill_line(struct columns *c, struct libscols_line *line, const char *cell)
{
	for (unsigned int i = 0; i < c->n; i++, cell = next_cell(cell)) {
		if (!line || scols_line_set_data(line, i, cell) < 0)
			return -ENOMEM;
		if (c->column[i].color)
			scols_cell_set_color(scols_line_get_cell(line, i), c->column[i].color);
	}
	return 0;
}

static int build_table(struct columns *c, struct libscols_table *t)
{
	int r = 0;

	for (unsigned int i = 0; i < c->n; i++)
		if (!scols_table_new_column(t, c->column[i].name, 0,
					    (c->column[i].right ? SCOLS_FL_RIGHT : 0) |
					    (c->column[i].cut && c->opt.width ? SCOLS_FL_TRUNC : 0)))
			return -ENOMEM;
	scols_table_set_termforce(t, c->opt.width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (c->opt.width)
		scols_table_set_termwidth(t, c->opt.width);
	scols_table_enable_noencoding(t, 1);	/* cells are safe already */
	scols_table_enable_colors(t, c->opt.color);
	for (unsigned int i = 0; i < c->nrows && r == 0; i++)
		r = fill_line(c, scols_table_new_line(t, NULL), c->rows[i].cells);
	return r;
}

/* The table's lines with what belongs under each. */
static int write_laid_out(struct columns *c, const char *s)
{
	int r = 0;

	for (unsigned int line = 0; *s && r == 0; line++) {
		const char *end = strchrnul(s, '\n');
		const char *below = line ? c->rows[line - 1].below : NULL;

		r = write_all(c->opt.out, s, end - s);
		if (r == 0)
			r = write_all(c->opt.out, "\n", 1);
		if (r == 0 && below)
			r = write_all(c->opt.out, below, strlen(below));
		s = *end ? end + 1 : end;
	}
	return r;
}

static int lay_out(struct columns *c)
{
	struct libscols_table *t = scols_new_table();
	char *s = NULL;
	int r = t ? build_table(c, t) : -ENOMEM;

	if (r == 0)
		r = scols_print_table_to_string(t, &s);
	if (r == 0)
		r = write_laid_out(c, s);
	for (unsigned int i = 0; i < c->n && r == 0; i++)
		c->width[i] = scols_column_get_width(scols_table_get_column(t, i));
	c->fixed = r == 0;
	forget_rows(c);
	free(s);
	scols_unref_table(t);
	return r;
}

/* Bytes of the UTF-8 string that fill at most `max` columns; *ret_width is what they fill. */
static size_t fit(const char *s, size_t max, size_t *ret_width)
{
	size_t len = 0, width = 0;
	mbstate_t state = {};

	while (s[len]) {
		wchar_t wc = s[len];
		size_t n = 1;
		int w = 1;

		if (s[len] & 0x80) {
			n = mbrtowc(&wc, s + len, MB_CUR_MAX, &state);
			if (n == (size_t)-1 || n == (size_t)-2)
				n = 1;
			else
				w = wcwidth(wc) > 0 ? wcwidth(wc) : 0;
		}
		if (width + w > max)
			break;
		len += n;
		width += w;
	}
	*ret_width = width;
	return len;
}

static void add_cell(struct columns *c, unsigned int i, const char *cell)
{
	bool cut = c->column[i].cut && c->opt.width;
	bool last = i + 1 == c->n;
	size_t width, len = fit(cell, cut ? c->width[i] : SIZE_MAX, &width);
	size_t pad = width < c->width[i] ? c->width[i] - width : 0;
	const char *color = c->opt.color && len ? c->column[i].color : NULL;

	if (c->column[i].right)
		text_addf(&c->line, "%*s", (int)pad, "");
	if (color)
		text_add(&c->line, color);
	text_addn(&c->line, cell, len);
	if (color)
		text_add(&c->line, "\033[0m");
	while (!c->column[i].right && !last && pad--)
		text_addc(&c->line, ' ');
	text_addc(&c->line, last ? '\n' : ' ');
}

static int write_row(struct columns *c, const char *cell, const char *below)
{
	int r;

	for (unsigned int i = 0; i < c->n; i++, cell = next_cell(cell))
		add_cell(c, i, cell);
	if (below)
		text_add(&c->line, below);
	r = c->line.failed ? -ENOMEM : write_all(c->opt.out, c->line.s, c->line.len);
	text_clear(&c->line);
	return r;
}

int columns_add(struct columns *c, const char *cells, const char *below)
{
	const char *end = cells;
	struct row *row = &c->rows[c->nrows];

	if (c->fixed)
		return write_row(c, cells, below);
	for (unsigned int i = 0; i < c->n; i++)
		end = next_cell(end);
	row->cells = malloc(end - cells);
	row->below = below ? strdup(below) : NULL;
	if (!row->cells || (below && !row->below)) {
		free(row->cells);
		free(row->below);
		return -ENOMEM;
	}
	memcpy(row->cells, cells, end - cells);
	c->nrows++;
	return c->nrows == FIRST_ROWS ? lay_out(c) : 0;
}

int columns_flush(struct columns *c)
{
	return c->nrows ? lay_out(c) : 0;
}
