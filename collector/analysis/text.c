/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growing strings; see text.h. Pure functions over their argument.
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for n more bytes and the NUL; NULL when there is none. */
static char *room(struct text *t, size_t n)
{
	if (t->failed)
		return NULL;
	if (t->len + n + 1 > t->size) {
		size_t size = t->size ? t->size : 64;
		char *s;

		while (size < t->len + n + 1)
			size *= 2;
		s = realloc(t->s, size);
		if (!s) {
			t->failed = true;
			return NULL;
		}
		t->s = s;
		t->size = size;
	}
	return t->s + t->len;
}

void text_addn(struct text *t, const char *s, size_t n)
{
	char *p = room(t, n);

	if (!p)
		return;
	memcpy(p, s, n);
	p[n] = '\0';
	t->len += n;
}

void text_add(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s));
}

void text_addc(struct text *t, char c)
{
	text_addn(t, &c, 1);
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = n < 0 ? NULL : room(t, n);
	if (!p)
		return;
	va_start(ap, fmt);
	vsnprintf(p, n + 1, fmt, ap);
	va_end(ap);
	t->len += n;
}

void text_addz(struct text *t, uint64_t n, unsigned int digits)
{
	char buf[24], *end = buf + sizeof(buf), *p = end;

	do
		*--p = '0' + n % 10;
	while (n /= 10);
	while (p > buf && end - p < (int)digits)
		*--p = '0';
	text_addn(t, p, end - p);
}

void text_addu(struct text *t, uint64_t n)
{
	text_addz(t, n, 1);
}

void text_addi(struct text *t, int64_t n)
{
	if (n < 0)
		text_addc(t, '-');
	text_addu(t, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

const char *text_str(const struct text *t)
{
	return t->s ? t->s : "";
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->s)
		t->s[0] = '\0';
}

char *text_take(struct text *t)
{
	char *s = t->failed ? NULL : t->s ? t->s : strdup("");

	if (t->failed)
		free(t->s);
	*t = (struct text){};
	return s;
}

void text_free(struct text *t)
{
	free(t->s);
	*t = (struct text){};
}
