/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of what the system offers: eBPF for the verifier, debug information
 * for names, room on alternate stacks. For cmd_doctor. main-only.
 */
#include "doctor.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../verify/verify.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
#define CAP_SYS_ADMIN 21
#define CAP_PERFMON 38
#define CAP_BPF 39

/* The value of a line "name:\tHEX" in /proc/self/status. */
static unsigned long long status_hex(const char *name)
{
	unsigned long long value = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			value = strtoull(line + strlen(name) + 1, NULL, 16);
	if (f)
		fclose(f);
	return value;
}

static int has_cap(unsigned long long caps, int cap)
{
	return (int)(caps >> cap & 1);
}

void doctor_bpf(void)
{
	unsigned long long caps = status_hex("CapEff");
	int allowed = has_cap(caps, CAP_SYS_ADMIN) || (has_cap(caps, CAP_BPF) && has_cap(caps, CAP_PERFMON));
	int closed = 0;
	FILE *f = fopen("/proc/sys/kernel/unprivileged_bpf_disabled", "re");

	if (f) {
		if (fscanf(f, "%d", &closed) != 1)
			closed = 0;
		fclose(f);
	}
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0) {
		doctor_say(DOCTOR_OK, "BTF", "/sys/kernel/btf/vmlinux");
	} else {
		doctor_say(DOCTOR_WARN, "BTF", "/sys/kernel/btf/vmlinux cannot be read: no checks against the kernel");
		doctor_hint("use a kernel with CONFIG_DEBUG_INFO_BTF=y");
	}
	if (allowed) {
		doctor_say(DOCTOR_OK, "eBPF", "this process may load and attach programs");
	} else {
		doctor_say(DOCTOR_WARN, "eBPF", "no CAP_BPF and CAP_PERFMON (unprivileged_bpf_disabled is %d)", closed);
		doctor_hint("checks against the kernel need root, or these two capabilities");
	}
}

/* Whether it can be loaded is found out by loading it, watching nobody. */
void doctor_verifier(void)
{
	const char *why = NULL;
	int r = verify_try(&why);

	if (r == 0) {
		doctor_say(DOCTOR_OK, "verifier", "its program was loaded into the kernel");
		return;
	}
	doctor_say(DOCTOR_WARN, "verifier", "%s", why);
	if (r == -ENOSYS)
		doctor_hint("install clang, bpftool and libbpf-dev, and build sigshim again");
	else
		doctor_hint("run --verify, collect --verify and verify do not work here; all else does");
}

struct libc {
	const char *path;
	char build_id[2 * 64 + 1];
};

static void read_note(struct libc *libc, const char *p, size_t size)
{
	const ElfW(Nhdr) *note = (const void *)p;
	const unsigned char *id = (const unsigned char *)p + sizeof(*note) + 4;

	if (size < sizeof(*note) + 4 || note->n_type != NT_GNU_BUILD_ID || note->n_namesz != 4 ||
	    note->n_descsz > 64)
		return;
	for (unsigned int i = 0; i < note->n_descsz; i++)
		sprintf(libc->build_id + 2 * i, "%02x", id[i]);
}

static int find_libc(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct libc *libc = arg;

	if (!strstr(info->dlpi_name, "/libc.so"))
		return 0;
	libc->path = info->dlpi_name;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_NOTE)
			read_note(libc, (const char *)info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
				  info->dlpi_phdr[i].p_memsz);
	return 1;
}

void doctor_debug_info(void)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	struct libc libc = { 0 };
	char path[256];

	dl_iterate_phdr(find_libc, &libc);
	snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%.2s/%s.debug", libc.build_id,
		 *libc.build_id ? libc.build_id + 2 : "");
	if (*libc.build_id && access(path, R_OK) == 0) {
		doctor_say(DOCTOR_OK, "debug info", "libc's is installed");
	} else if (urls && *urls) {
		doctor_say(DOCTOR_OK, "debug info", "asked from %s", urls);
	} else {
		doctor_say(DOCTOR_WARN, "debug info", "none for %s: exported functions have names, others may not",
			   libc.path ? libc.path : "libc");
		doctor_hint("install it (Debian: apt install libc6-dbg), or set DEBUGINFOD_URLS");
	}
}

void doctor_stack_size(void)
{
	unsigned long size = getauxval(AT_MINSIGSTKSZ);

	if (size)
		doctor_say(DOCTOR_OK, "alternate stacks", "this CPU needs %lu bytes for a signal frame", size);
	else
		doctor_say(DOCTOR_WARN, "alternate stacks", "the kernel does not tell AT_MINSIGSTKSZ");
}
