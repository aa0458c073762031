/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds call frame information by the sorted table that linkers make of it
 * (.eh_frame_hdr, LSB 10.6), and reads what stands before its instructions.
 * Nothing outside the object's own span is looked at, whatever its tables say.
 * AS-safe, MT-safe.
 */
#include "cfi_table.h"

#include <string.h>

#include "shim.h"

#include "banned.h"

#if defined(__x86_64__)

enum { PE_ABSPTR = 0x00, PE_UDATA4 = 0x03, PE_SDATA4 = 0x0b, PE_PCREL = 0x10, PE_DATAREL = 0x30 };

uint64_t bytes_number(struct bytes *b, unsigned int size)
{
	uint64_t n = 0;

	if ((size_t)(b->end - b->p) < size) {
		b->bad = true;
		b->p = b->end;
		return 0;
	}
	memcpy(&n, b->p, size);
	b->p += size;
	return n;
}

void bytes_skip(struct bytes *b, uint64_t n)
{
	if ((uint64_t)(b->end - b->p) < n) {
		b->bad = true;
		n = (uint64_t)(b->end - b->p);
	}
	b->p += n;
}

static uint64_t leb(struct bytes *b, bool is_signed)
{
	uint64_t n = 0, byte;
	unsigned int shift = 0;

	do {
		byte = bytes_number(b, 1);
		if (shift < 64)
			n |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && !b->bad);
	if (is_signed && shift < 64 && byte & 0x40)
		n |= ~0ull << shift;
	return n;
}

uint64_t bytes_uleb(struct bytes *b)
{
	return leb(b, false);
}

int64_t bytes_sleb(struct bytes *b)
{
	return (int64_t)leb(b, true);
}

/* The function's start in an FDE. */
static uintptr_t encoded(struct bytes *b, uint8_t how)
{
	uintptr_t here = (uintptr_t)b->p;

	switch (how) {
	case PE_ABSPTR:
		return bytes_number(b, 8);
	case PE_PCREL | PE_SDATA4:
		return here + (uintptr_t)(int32_t)bytes_number(b, 4);
	default:
		b->bad = true;
		return 0;
	}
}

/* What a CIE says before its instructions; *ret_encoding is of its FDEs' addresses. */
static bool read_common(struct bytes b, struct entry *e, uint8_t *ret_encoding, bool *ret_sized)
{
	const unsigned char *length_end;
	const char *augmentation;
	uint64_t length = bytes_number(&b, 4);

	if (length > (uint64_t)(b.end - b.p) || bytes_number(&b, 4) != 0)
		return false;
	b.end = b.p - 4 + length;
	if (bytes_number(&b, 1) != 1)
		return false;
	augmentation = (const char *)b.p;
	while (bytes_number(&b, 1))
		;
	e->code_align = bytes_uleb(&b);
	e->data_align = bytes_sleb(&b);
	if (bytes_number(&b, 1) != CFI_RETURN)
		return false;
	*ret_encoding = PE_ABSPTR;
	*ret_sized = *augmentation == 'z';
	if (!*ret_sized && *augmentation)
		return false;
	length = *ret_sized ? bytes_uleb(&b) : 0;
	length_end = b.p + length;
	for (const char *c = augmentation + *ret_sized; *c && !b.bad; c++) {
		if (*c == 'S') {
			e->signal = true;
		} else if (*c == 'R') {
			*ret_encoding = (uint8_t)bytes_number(&b, 1);
		} else if (*c == 'L') {
			bytes_number(&b, 1);
		} else if (*c == 'P') {
			bytes_skip(&b, (bytes_number(&b, 1) & 0x0f) == PE_ABSPTR ? 8 : 4);
		} else {
			return false;
		}
	}
	if (b.bad || b.p > length_end || length_end > b.end)
		return false;
	e->common = (struct bytes){ length_end, b.end, false };
	return true;
}

/* The FDE at `at` in an object. */
static enum entry_found read_entry(struct bytes object, const unsigned char *at, uintptr_t pc, struct entry *e)
{
	struct bytes b = { at, object.end, false };
	uint64_t length = bytes_number(&b, 4), back, size;
	const unsigned char *id = b.p;
	uint8_t encoding;
	bool sized;

	if (length > (uint64_t)(b.end - b.p))
		return ENTRY_STRANGE;
	b.end = b.p + length;
	back = bytes_number(&b, 4);
	if (b.bad || back == 0 || back > (uint64_t)(id - object.p) ||
	    !read_common((struct bytes){ id - back, object.end, false }, e, &encoding, &sized))
		return ENTRY_STRANGE;
	e->start = encoded(&b, encoding);
	size = bytes_number(&b, encoding == PE_ABSPTR ? 8 : 4);
	if (sized)
		bytes_skip(&b, bytes_uleb(&b));
	e->code = b;
	return b.bad ? ENTRY_STRANGE : pc - e->start < size ? ENTRY_FOUND : ENTRY_NONE;
}

/* The last of the n places in the list, relative to the table, that is not behind pc; n if all are. */
static uint64_t search(const unsigned char *list, uint64_t n, uintptr_t table, uintptr_t pc)
{
	uint64_t from = 0, to = n;

	while (from < to) {
		uint64_t i = from + (to - from) / 2;
		int32_t start;

		memcpy(&start, list + i * 8, sizeof(start));
		if (table + (uintptr_t)start <= pc)
			from = i + 1;
		else
			to = i;
	}
	return from ? from - 1 : n;
}

enum entry_found entry_find(uintptr_t pc, struct entry *e)
{
	struct bytes object, b;
	uintptr_t low, high, table = module_unwind_table(pc, &low, &high);
	uint64_t n, i;
	int32_t at;

	if (!table)
		return ENTRY_STRANGE;
	object = (struct bytes){ (const unsigned char *)low, (const unsigned char *)high, false };
	b = (struct bytes){ (const unsigned char *)table, object.end, false };
	if (bytes_number(&b, 4) != (1 | (PE_PCREL | PE_SDATA4) << 8 | PE_UDATA4 << 16 |
				    (uint32_t)(PE_DATAREL | PE_SDATA4) << 24))
		return ENTRY_STRANGE;
	bytes_skip(&b, 4);
	n = bytes_number(&b, 4);
	if (b.bad || n > (uint64_t)(b.end - b.p) / 8)
		return ENTRY_STRANGE;
	i = search(b.p, n, table, pc);
	if (i == n)
		return ENTRY_NONE;
	memcpy(&at, b.p + i * 8 + 4, sizeof(at));
	b.p = (const unsigned char *)table + at;
	return b.p >= object.p && b.p < object.end ? read_entry(object, b.p, pc, e) : ENTRY_STRANGE;
}

#endif
