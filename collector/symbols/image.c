/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens one ELF file whose path and content nobody vouches for, as a libdwfl
 * module without bias. Used by the other files of this folder. One thread at
 * a time.
 */
#include "internal.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_SIZE (4LL << 30)

/*
 * Looks before it opens: merely opening a device or a FIFO can block or do
 * worse than that.
 */
static int open_file(struct image *im)
{
	char proc[32];
	struct stat st;
	int anchor, r = 0;

	anchor = open(im->path, O_PATH | O_CLOEXEC);
	if (anchor < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (fstat(anchor, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	else if (st.st_size > MAX_FILE_SIZE)
		r = -EFBIG;
	if (r < 0)
		goto out;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", anchor);
	im->fd = open(proc, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (im->fd < 0)
		r = -errno;
	im->size = st.st_size;
	im->mtime = st.st_mtim;
out:
	close(anchor);
	return r;
}

static const char *section_name(Elf *elf, Elf_Scn *scn, GElf_Shdr *ret_header)
{
	size_t names;

	if (!gelf_getshdr(scn, ret_header) || elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	return elf_strptr(elf, names, ret_header->sh_name);
}

/* The addresses that the file asks for, begun as libdwfl computes it, so that its bias is 0. */
static int find_span(Elf *elf, uint64_t *ret_start, uint64_t *ret_end)
{
	uint64_t start = 0, end = 0;
	bool found = false;
	size_t n;

	if (elf_getphdrnum(elf, &n) != 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph))
			return -EINVAL;
		if (ph.p_type != PT_LOAD)
			continue;
		if (!found)
			start = ph.p_vaddr & -ph.p_align;
		found = true;
		if (ph.p_vaddr + ph.p_memsz > end)
			end = ph.p_vaddr + ph.p_memsz;
	}
	if (!found || end <= start)
		return -EINVAL;
	*ret_start = start;
	*ret_end = end;
	return 0;
}

static int find_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
		    char **ret_path, Elf **ret_elf)
{
	struct image *im = *userdata;

	/* Another reference to the same Elf: both sides may end it. */
	*ret_elf = elf_begin(im->fd, ELF_C_READ, im->elf);
	return -1;
}

/*
 * Files on this machine are looked for by debugfile.c, which opens them with
 * care. Without a file name libdwfl's own search has only the build id, for
 * /usr/lib/debug and then the servers of DEBUGINFOD_URLS.
 */
static int find_debuginfo(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
			  const char *path, const char *link, GElf_Word crc, char **ret_path)
{
	struct image *im = *userdata;

	errno = 0;
	if (!im->debuginfod)
		return -1;
	return dwfl_standard_find_debuginfo(mod, userdata, name, base, NULL, NULL, 0, ret_path);
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static int report(struct image *im, uint64_t start, uint64_t end)
{
	void **userdata;
	GElf_Addr bias;

	im->dwfl = dwfl_begin(&callbacks);
	if (!im->dwfl)
		return -ENOMEM;
	dwfl_report_begin(im->dwfl);
	im->mod = dwfl_report_module(im->dwfl, im->path, start, end);
	if (!im->mod)
		return -ENOMEM;
	dwfl_module_info(im->mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
	*userdata = im;
	if (dwfl_report_end(im->dwfl, NULL, NULL) != 0)
		return -ENOMEM;
	if (!dwfl_module_getelf(im->mod, &bias) || bias != 0)
		return -EINVAL;
	return 0;
}

static int open_elf(struct image *im)
{
	uint64_t start, end;
	GElf_Ehdr eh;
	int r;

	elf_version(EV_CURRENT);
	im->elf = elf_begin(im->fd, ELF_C_READ, NULL);
	if (!im->elf || elf_kind(im->elf) != ELF_K_ELF || !gelf_getehdr(im->elf, &eh))
		return -EINVAL;
	if (eh.e_type != ET_EXEC && eh.e_type != ET_DYN)
		return -EINVAL;
	r = find_span(im->elf, &start, &end);
	if (r == 0)
		r = weight_of(im->elf, &im->weight);
	return r < 0 ? r : report(im, start, end);
}

int image_open(const char *path, struct image **ret)
{
	struct image *im;
	int r;

	im = calloc(1, sizeof(*im));
	if (!im)
		return -ENOMEM;
	im->fd = -1;
	im->path = strdup(path);
	r = im->path ? open_file(im) : -ENOMEM;
	if (r == 0)
		r = open_elf(im);
	if (r < 0) {
		image_close(im);
		return r;
	}
	*ret = im;
	return 0;
}

void image_close(struct image *im)
{
	if (!im)
		return;
	if (im->dwfl)
		dwfl_end(im->dwfl);
	elf_end(im->elf);
	if (im->fd >= 0)
		close(im->fd);
	free(im->path);
	free(im);
}

bool image_changed(const struct image *im)
{
	struct stat st;

	return fstat(im->fd, &st) < 0 || st.st_size != im->size ||
	       st.st_mtim.tv_sec != im->mtime.tv_sec || st.st_mtim.tv_nsec != im->mtime.tv_nsec;
}

bool image_is_at(const struct image *im, const char *path)
{
	struct stat ours, theirs;

	return fstat(im->fd, &ours) == 0 && stat(path, &theirs) == 0 &&
	       ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

bool image_is_foreign(const struct image *im)
{
	return strncmp(im->path, "/proc/", 6) == 0;
}

void image_build_id(const struct image *im, char hex[static BUILD_ID_HEX_MAX])
{
	const void *bits;
	ssize_t n = dwelf_elf_gnu_build_id(im->elf, &bits);

	hex[0] = '\0';
	if (n > (BUILD_ID_HEX_MAX - 1) / 2)
		return;
	for (ssize_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", ((const unsigned char *)bits)[i]);
}

bool image_has_section(const struct image *im, const char *name)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(im->elf, scn))) {
		GElf_Shdr sh;
		const char *found = section_name(im->elf, scn, &sh);

		if (found && sh.sh_type != SHT_NOBITS && strcmp(found, name) == 0)
			return true;
	}
	return false;
}

bool elf_has_symtab(Elf *elf)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;

		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_SYMTAB)
			return true;
	}
	return false;
}

void image_end_strings(struct image *im)
{
	static const char *const section[] = { ".debug_str", ".debug_line_str" };
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(im->elf, scn))) {
		GElf_Shdr sh;
		const char *name = section_name(im->elf, scn, &sh);
		Elf_Data *data;

		for (size_t i = 0; name && i < sizeof(section) / sizeof(section[0]); i++)
			if (strcmp(name, section[i]) == 0 && (data = elf_getdata(scn, NULL)) &&
			    data->d_buf && data->d_size > 0)
				((char *)data->d_buf)[data->d_size - 1] = '\0';
	}
}
