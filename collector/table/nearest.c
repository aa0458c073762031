/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "Did you mean": the nearest of a list of words. Any part of the collector
 * may call it. MT-safe.
 */
#include "table.h"

#include <ctype.h>
#include <string.h>

#define MAX_WORD 64

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * Damerau-Levenshtein distance (insert, delete, replace, swap neighbours),
 * row by row: `row` grows from `prev`, and a swap looks at the one before.
 */
static unsigned int distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned int rows[3][MAX_WORD + 1], *before = rows[0], *prev = rows[1], *row = rows[2], *t;

	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		t = before;
		before = prev;
		prev = row;
		row = t;
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] = least(least(prev[j], row[j - 1]) + 1,
				       prev[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[nb];
}

const char *nearest(const char *text, const char *const *names)
{
	size_t len = strlen(text), n;
	unsigned int limit = len / 3 > 2 ? len / 3 : 2, d, best;
	const char *found = NULL;

	if (len > MAX_WORD)
		return NULL;
	/* A word of which nothing is left is not near. */
	best = least(limit + 1, len);
	for (; *names; names++) {
		n = strlen(*names);
		d = n <= MAX_WORD ? distance(text, len, *names, n) : best;
		if (d < best) {
			best = d;
			found = *names;
		}
	}
	return found;
}
