/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file would take of our memory if libelf and libdw were let loose on
 * it: they load and unpack whatever its sections claim, and a sparse or
 * compressed file claims much. Used by image.c. MT-safe.
 */
#include "internal.h"

#include <endian.h>
#include <errno.h>
#include <lzma.h>
#include <string.h>

#define MAX_NAMES (256ull << 20)	/* bytes of symbols and their names: some five million */
#define MAX_DEBUG (1ull << 30)		/* of debug information, unpacked */
/* .gnu_debugdata is unpacked as a whole; real ones are below 1 MB, and a tenth of that packed. */
#define MAX_PACKED (4ull << 20)
#define MAX_UNPACKED (64ull << 20)
#define MAX_LZMA_MEMORY (80ull << 20)

static bool begins_with(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* Whether an .xz file unpacks to more than that. Its own index is believed by nobody. */
static bool swells(const void *packed, size_t size, uint64_t max)
{
	static const lzma_stream none = LZMA_STREAM_INIT;
	unsigned char scratch[32768];
	lzma_stream xz = none;
	lzma_ret r;

	if (lzma_stream_decoder(&xz, MAX_LZMA_MEMORY, 0) != LZMA_OK)
		return true;
	xz.next_in = packed;
	xz.avail_in = size;
	do {
		xz.next_out = scratch;
		xz.avail_out = sizeof(scratch);
		r = lzma_code(&xz, LZMA_FINISH);
	} while (r == LZMA_OK && xz.total_out <= max);
	lzma_end(&xz);
	return r == LZMA_OK || r == LZMA_MEMLIMIT_ERROR || r == LZMA_MEM_ERROR || xz.total_out > max;
}

static int check_minidebug(Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = sh->sh_size <= MAX_PACKED ? elf_rawdata(scn, NULL) : NULL;

	if (!data)
		return -EFBIG;
	return data->d_buf && swells(data->d_buf, data->d_size, MAX_UNPACKED) ? -EFBIG : 0;
}

/* Of no end, rather than around the corner. */
static void add(uint64_t *sum, uint64_t size)
{
	*sum = size > UINT64_MAX - *sum ? UINT64_MAX : *sum + size;
}

/* What a section of the old form says that it unpacks to: "ZLIB" and eight bytes. */
static uint64_t zdebug_size(Elf *elf, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)sh->sh_offset, 12, ELF_T_BYTE);
	uint64_t size;

	if (!data || !data->d_buf || data->d_size < 12)
		return 0;
	memcpy(&size, (const char *)data->d_buf + 4, sizeof(size));
	return be64toh(size);
}

/* Bytes of a section as it is in memory. */
static int size_of(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, const char *name, uint64_t *ret)
{
	GElf_Chdr ch;

	*ret = sh->sh_type == SHT_NOBITS ? 0 : sh->sh_size;
	if (begins_with(name, ".zdebug"))
		add(ret, zdebug_size(elf, sh));
	if (!(sh->sh_flags & SHF_COMPRESSED))
		return 0;
	if (!gelf_getchdr(scn, &ch))
		return -EINVAL;
	*ret = ch.ch_size;
	return 0;
}

int weight_of(Elf *elf, struct weight *ret)
{
	struct weight w = { 0 };
	Elf_Scn *scn = NULL;
	GElf_Shdr sh, names;
	size_t strings;

	if (elf_getshdrstrndx(elf, &strings) < 0)
		return 0;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name = gelf_getshdr(scn, &sh) ? elf_strptr(elf, strings, sh.sh_name) : NULL;
		uint64_t size;
		int r = name ? size_of(elf, scn, &sh, name, &size) : 1;

		if (r == 0 && strcmp(name, ".gnu_debugdata") == 0)
			r = check_minidebug(scn, &sh);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (begins_with(name, ".debug") || begins_with(name, ".zdebug")) {
			add(&w.debug, size);
		} else if (sh.sh_type == SHT_SYMTAB || sh.sh_type == SHT_DYNSYM) {
			add(&w.names, size);
			if (gelf_getshdr(elf_getscn(elf, sh.sh_link), &names))
				add(&w.names, names.sh_size);
		} else if (begins_with(name, ".eh_frame")) {
			add(&w.names, size);
		}
	}
	if (w.names > MAX_NAMES)
		return -EFBIG;
	w.debug_is_fit = w.debug <= MAX_DEBUG;
	*ret = w;
	return 0;
}
