/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of cells as table, jsonl or csv; see output.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "csv.h"
#include "json.h"

const char *const rows_formats[] = { "table", "jsonl", "csv", NULL };

struct rows {
	struct output_options opt;
	enum { ROWS_TABLE, ROWS_JSONL, ROWS_CSV } format;
	struct row_column column[COLUMNS_MAX];
	char *names[COLUMNS_MAX];
	unsigned int n;
	struct columns *table;
	struct text line;
};

static int open_table(struct rows *r)
{
	struct column columns[COLUMNS_MAX] = {};

	for (unsigned int i = 0; i < r->n; i++)
		columns[i] = (struct column){ r->names[i], r->column[i].type == CELL_NUMBER,
					      i + 1 == r->n && r->n > 1, NULL };
	return columns_new(&r->opt, columns, r->n, &r->table);
}

static int write_text(struct rows *r)
{
	int e = r->line.failed ? -ENOMEM : write_all(r->opt.out, text_str(&r->line), r->line.len);

	text_clear(&r->line);
	return e;
}

static int add_csv(struct rows *r, const char *const *cells)
{
	for (unsigned int i = 0; i < r->n; i++) {
		if (i)
			text_addc(&r->line, ',');
		csv_cell(&r->line, cells[i]);
	}
	text_add(&r->line, "\r\n");
	return write_text(r);
}

static bool is_integer(const char *s)
{
	const char *digits = s + (*s == '-');
	size_t n = strspn(digits, "0123456789");

	return n > 0 && n <= 18 && !digits[n] && (*digits != '0' || (n == 1 && *s != '-'));
}

static int add_jsonl(struct rows *r, const char *const *cells)
{
	struct json_object *j = json_object_new_object();

	for (unsigned int i = 0; i < r->n; i++) {
		if (cells[i] && r->column[i].type != CELL_TEXT && is_integer(cells[i]))
			json_put_int(j, r->names[i], strtoll(cells[i], NULL, 10));
		else
			json_put_string(j, r->names[i], cells[i]);
	}
	json_write(&r->line, j);
	text_addc(&r->line, '\n');
	return write_text(r);
}

static int add_table(struct rows *r, const char *const *cells)
{
	int e;

	for (unsigned int i = 0; i < r->n; i++) {
		add_printable(&r->line, cells[i] ? cells[i] : "null");
		text_addc(&r->line, '\0');
	}
	e = r->line.failed ? -ENOMEM : columns_add(r->table, r->line.s, NULL);
	text_clear(&r->line);
	return e;
}

static void free_rows(struct rows *r)
{
	for (unsigned int i = 0; i < r->n; i++)
		free(r->names[i]);
	columns_free(r->table);
	text_free(&r->line);
	free(r);
}

int rows_open(const char *format, const struct output_options *opt, const struct row_column *columns,
	      unsigned int n, struct rows **ret)
{
	struct rows *r = calloc(1, sizeof(*r));
	int e = 0;

	if (!r)
		return -ENOMEM;
	r->opt = *opt;
	r->format = ROWS_TABLE;
	while (rows_formats[r->format] && strcmp(rows_formats[r->format], format) != 0)
		r->format++;
	if (!rows_formats[r->format] || n > COLUMNS_MAX)
		e = -EINVAL;
	for (; r->n < n && e == 0; r->n++) {
		r->column[r->n] = columns[r->n];
		r->names[r->n] = strdup(columns[r->n].name);
		if (!r->names[r->n])
			e = -ENOMEM;
	}
	if (e == 0 && r->format == ROWS_TABLE)
		e = open_table(r);
	if (e == 0 && r->format == ROWS_CSV)
		e = add_csv(r, (const char *const *)r->names);
	if (e < 0) {
		free_rows(r);
		return e;
	}
	*ret = r;
	return 0;
}

int rows_add(struct rows *r, const char *const *cells)
{
	switch (r->format) {
	case ROWS_TABLE:
		return add_table(r, cells);
	case ROWS_JSONL:
		return add_jsonl(r, cells);
	case ROWS_CSV:
		return add_csv(r, cells);
	}
	return -EINVAL;
}

int rows_close(struct rows *r)
{
	int e = 0;

	if (!r)
		return 0;
	if (r->table)
		e = columns_flush(r->table);
	if (e == 0 && fflush(r->opt.out) != 0)
		e = -errno;
	free_rows(r);
	return e;
}
