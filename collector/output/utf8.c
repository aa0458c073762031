/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings that a recorded program chose (its name, its paths) made fit for
 * JSON and for terminals. Pure.
 */
#include <stdlib.h>

#include "format.h"

/* Bytes of the valid UTF-8 sequence at s, 0 if there is none; *ret is its code point. */
static unsigned int sequence(const unsigned char *s, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int n = *s < 0x80 ? 1 : *s < 0xc0 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf8 ? 4 : 0;
	uint32_t c = n == 1 ? *s : n ? *s & (0x7f >> n) : 0;

	for (unsigned int i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (!n || (n > 1 && c < least[n]) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

static bool is_safe(uint32_t c)
{
	return c >= 0x20 && c != 0x7f && (c < 0x80 || (c >= 0xa0 && MB_CUR_MAX > 1));
}

static void add_valid(struct text *t, const char *text, bool escape)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t c = 0;

	while (*s) {
		unsigned int n = sequence(s, &c);

		if (escape && (n ? !is_safe(c) : MB_CUR_MAX == 1))
			text_addf(t, "\\x%02x", n ? c : *s);
		else if (!n)
			text_add(t, "\xef\xbf\xbd");
		else
			text_addn(t, (const char *)s, n);
		s += n ? n : 1;
	}
}

void add_utf8(struct text *t, const char *s)
{
	add_valid(t, s, false);
}

void add_printable(struct text *t, const char *s)
{
	add_valid(t, s, true);
}
