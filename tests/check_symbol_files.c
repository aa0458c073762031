/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that are gone, forged or in the way, split debug information, and
 * names as eu-addr2line gives them.
 */
#include <arpa/inet.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "symbols_fixture.h"

static int refusal(const char *path, const char *build_id)
{
	struct symbol_set set;

	return symbols_lookup(s, path, build_id, 0, true, &set);
}

START_TEST(a_file_is_refused_for_what_it_is)
{
	ck_assert_int_eq(mkfifo(in_dir("fifo"), 0600), 0);
	ck_assert(shell("head -c 100000 /dev/urandom >noise; head -c 70 $SELF >short; : >empty"));
	ck_assert_int_eq(refusal(self, "00112233445566778899aabbccddeeff00112233"), -ESTALE);
	ck_assert_int_eq(refusal(in_dir("none"), ""), -ENOENT);
	ck_assert_int_eq(refusal(in_dir("noise/x"), ""), -ENOENT);
	ck_assert_int_eq(refusal("[vdso]", ""), -ENOENT);
	ck_assert_int_eq(refusal(in_dir("fifo"), ""), -EINVAL);
	ck_assert_int_eq(refusal(dir, ""), -EINVAL);
	ck_assert_int_eq(refusal("/dev/zero", ""), -EINVAL);
	ck_assert_int_eq(refusal(in_dir("noise"), ""), -EINVAL);
	ck_assert_int_eq(refusal(in_dir("short"), ""), -EINVAL);
	ck_assert_int_eq(refusal(in_dir("empty"), ""), -EINVAL);
	ck_assert_int_eq(truncate(in_dir("noise"), 5LL << 30), 0);
	ck_assert_int_eq(refusal(in_dir("noise"), ""), -EFBIG);
}
END_TEST

START_TEST(a_file_that_is_cut_or_replaced_while_open_gives_no_wrong_name)
{
	uint64_t at = offset_of((void *)plain);
	struct symbol_set set;

	ck_assert(shell("cp $SELF a && cp /bin/true b"));
	set = lookup(in_dir("a"), at, true);
	ck_assert_str_eq(set.level[0].function, "plain");
	symbols_free_set(&set);
	ck_assert_int_eq(truncate(in_dir("a"), 30000), 0);
	if (symbols_lookup(s, in_dir("a"), "", at, true, &set) == 0) {
		ck_assert_uint_eq(set.n, 0);
		symbols_free_set(&set);
	}
	ck_assert(shell("cp $SELF a"));
	set = lookup(in_dir("a"), at, true);
	ck_assert_uint_eq(set.n, 1);
	symbols_free_set(&set);
	ck_assert_int_eq(rename(in_dir("b"), in_dir("a")), 0);
	set = lookup(in_dir("a"), at, true);
	ck_assert(set.n == 0 || strcmp(set.level[0].function, "plain") != 0);
	symbols_free_set(&set);
}
END_TEST

/* Forged files: any answer will do, but for a crash or a hang. */
START_TEST(damaged_files_are_survived)
{
	unsigned int seed = (unsigned int)_i;
	struct stat st;
	int fd;

	ck_assert(shell("cp $SELF damaged"));
	fd = open(in_dir("damaged"), O_RDWR);
	ck_assert_int_eq(fstat(fd, &st), 0);
	for (int i = 0; i < 200; i++) {
		uint64_t junk = (uint64_t)rand_r(&seed) << 33 | (uint64_t)rand_r(&seed);
		/* Half of it where the headers are. */
		off_t at = i % 4 == 0 ? rand_r(&seed) % 900 : i % 4 == 1 ?
			st.st_size - 1 - rand_r(&seed) % 3000 : rand_r(&seed) % st.st_size;
		struct symbol_set set;

		ck_assert(pwrite(fd, &junk, 1 + i % 3, at) > 0);
		for (int k = 0; k < 3; k++) {
			uint64_t addr = (uint64_t)rand_r(&seed) % (uint64_t)st.st_size;

			if (k == 0)
				addr = offset_of((void *)plain);
			if (symbols_lookup(s, in_dir("damaged"), "", addr, k == 1, &set) == 0)
				symbols_free_set(&set);
		}
		if (i % 10 == 9)
			ck_assert(shell("cat $SELF >damaged"));
	}
	close(fd);
}
END_TEST

START_TEST(split_debug_information_is_found_by_its_link)
{
	uint64_t at = offset_of((void *)plain);
	struct symbol_set set;

	if (!shell("objcopy --only-keep-debug $SELF a.debug && objcopy --strip-all"
		   " --add-gnu-debuglink=a.debug $SELF a && cp a b")) {
		fprintf(stderr, "SKIP: objcopy is missing, so debug links are not tested\n");
		return;
	}
	plain();
	set = lookup(in_dir("a"), at, true);
	ck_assert_str_eq(set.level[0].function, "plain");
	check_plain_line(set.level[0].line);
	ck_assert_ptr_nonnull(set.level[0].file);
	symbols_free_set(&set);
	/* Another program's, and one that would block whoever opens it. */
	ck_assert(shell("objcopy --only-keep-debug /bin/true a.debug; [ -s a.debug ]"));
	set = lookup(in_dir("b"), at, true);
	ck_assert(set.n == 0 || !set.level[0].file);
	symbols_free_set(&set);
	ck_assert(shell("rm a.debug && mkfifo a.debug && mv b c"));
	set = lookup(in_dir("c"), at, true);
	ck_assert(set.n == 0 || !set.level[0].file);
	symbols_free_set(&set);
}
END_TEST

START_TEST(compressed_symbols_inside_of_a_stripped_program_are_used)
{
	struct symbol_set set;

	if (!shell("objcopy -S --keep-symbol=plain $SELF mini && xz mini && "
		   "objcopy -S --add-section .gnu_debugdata=mini.xz $SELF a")) {
		fprintf(stderr, "SKIP: no objcopy or xz, so .gnu_debugdata is not tested\n");
		return;
	}
	set = lookup(in_dir("a"), offset_of((void *)plain) + 1, true);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_str_eq(set.level[0].function, "plain");
	ck_assert_ptr_null(set.level[0].file);
	symbols_free_set(&set);
}
END_TEST

/* Whether a lookup in a stripped program connects to a server. */
/* Small files that would take all memory: packed, and sparse. */
START_TEST(what_swells_beyond_measure_is_refused)
{
	if (!shell("head -c 200M /dev/zero | xz -0 >bomb.xz && "
		   "objcopy --add-section .gnu_debugdata=bomb.xz $SELF bomb")) {
		fprintf(stderr, "SKIP: no objcopy or xz, so .gnu_debugdata is not tested\n");
		return;
	}
	ck_assert_int_eq(refusal(in_dir("bomb"), ""), -EFBIG);
}
END_TEST

static void claim_size(const char *path, uint32_t type, uint64_t size)
{
	int fd = open(path, O_RDWR);
	Elf64_Ehdr eh;
	Elf64_Shdr sh;

	ck_assert_int_eq(pread(fd, &eh, sizeof(eh), 0), sizeof(eh));
	for (unsigned int i = 0; i < eh.e_shnum; i++) {
		off_t at = (off_t)(eh.e_shoff + i * sizeof(sh));

		ck_assert_int_eq(pread(fd, &sh, sizeof(sh), at), sizeof(sh));
		if (sh.sh_type != type)
			continue;
		sh.sh_size = size;
		ck_assert_int_eq(pwrite(fd, &sh, sizeof(sh), at), sizeof(sh));
	}
	ck_assert_int_eq(ftruncate(fd, 3ll << 30), 0);
	close(fd);
}

START_TEST(symbols_of_a_sparse_file_are_not_read)
{
	ck_assert(shell("cp $SELF a"));
	claim_size(in_dir("a"), SHT_SYMTAB, 2ull << 30);
	ck_assert_int_eq(refusal(in_dir("a"), ""), -EFBIG);
	ck_assert(shell("cp $SELF b"));
	claim_size(in_dir("b"), SHT_SYMTAB, UINT64_MAX - 10);
	ck_assert_int_lt(refusal(in_dir("b"), ""), 0);
}
END_TEST

static bool asks_server(bool debuginfod)
{
	struct symbols_options opt = { .debuginfod = debuginfod };
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	socklen_t len = sizeof(addr);
	struct symbolizer *other;
	struct symbol_set set;
	char url[64];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), peer;

	ck_assert(bind(fd, (struct sockaddr *)&addr, len) == 0 && listen(fd, 8) == 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(addr.sin_port));
	setenv("DEBUGINFOD_URLS", url, 1);
	setenv("no_proxy", "*", 1);
	setenv("DEBUGINFOD_TIMEOUT", "1", 1);
	setenv("DEBUGINFOD_RETRY_LIMIT", "1", 1);
	setenv("DEBUGINFOD_CACHE_PATH", in_dir("cache"), 1);
	ck_assert_int_eq(symbols_open(&opt, &other), 0);
	if (symbols_lookup(other, in_dir("a"), "", 0x1000, true, &set) == 0)
		symbols_free_set(&set);
	symbols_close(other);
	peer = accept(fd, NULL, NULL);
	if (peer >= 0)
		close(peer);
	close(fd);
	return peer >= 0;
}

START_TEST(debuginfod_is_asked_only_when_wanted)
{
	if (!shell("objcopy -S $SELF a")) {
		fprintf(stderr, "SKIP: objcopy is missing, so debuginfod is not tested\n");
		return;
	}
	ck_assert(!asks_server(false));
	if (dlopen("libdebuginfod.so.1", RTLD_NOW))
		ck_assert(asks_server(true));
	else
		fprintf(stderr, "SKIP: no libdebuginfod.so.1, so no server can be asked\n");
}
END_TEST

START_TEST(no_more_files_stay_open_than_allowed)
{
	struct symbols_options opt = { .max_modules = 1 };
	struct symbolizer *one;
	struct symbol_set set;
	int before = dup(0), after;

	close(before);
	ck_assert_int_eq(symbols_open(&opt, &one), 0);
	for (int i = 0; i < 10; i++) {
		const char *path = i % 2 ? self : libc;

		ck_assert_int_eq(symbols_lookup(one, path, "", 0x1000, true, &set), 0);
		symbols_free_set(&set);
	}
	after = dup(0);
	close(after);
	/* A file, and the two that may belong to it. */
	ck_assert_int_le(after - before, 3);
	symbols_close(one);
	after = dup(0);
	close(after);
	ck_assert_int_eq(after, before);
}
END_TEST


/* One line of eu-addr2line; false at the end. */
static bool next_line(FILE *f, char line[static 4096])
{
	if (!fgets(line, 4096, f))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

/* Of two names for one address we take the one with fewer underscores: printf, not _IO_printf. */
static bool same_function(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || (libc_function(a) && libc_function(a) == libc_function(b));
}

/* "name", "name@VERSION" or "name inlined at ...", then "path:line:column" or "??:0". */
static void check_level(FILE *f, char line[static 4096], const struct symbol *sym, uint64_t addr)
{
	char *end = strstr(line, " inlined at "), *colon;

	if (end)
		*end = '\0';
	line[strcspn(line, "@")] = '\0';
	ck_assert_msg(same_function(line, sym && sym->function ? sym->function : "??"),
		      "%#llx: eu-addr2line says %s, we say %s", (unsigned long long)addr, line,
		      sym ? sym->function : "nothing");
	ck_assert(next_line(f, line));
	if (!sym || !sym->file)
		return;
	colon = strchr(line, ':');
	ck_assert_ptr_nonnull(colon);
	ck_assert_msg(atoi(colon + 1) == sym->line, "%#llx: %s, but we say line %d",
		      (unsigned long long)addr, line, sym->line);
}

static void compare_with_peer(const char *path, const char *addresses)
{
	char line[4096], command[512];
	bool more;
	FILE *f;

	snprintf(command, sizeof(command), "eu-addr2line -a -f -i -C -e %s $(cat %s)", path,
		 addresses);
	f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	more = next_line(f, line);
	ck_assert(more);
	while (more) {
		uint64_t addr = strtoull(line, NULL, 16);
		struct symbol_set set = lookup(path, addr, true);
		unsigned int i = 0;

		while ((more = next_line(f, line)) && strncmp(line, "0x", 2) != 0)
			check_level(f, line, i < set.n ? &set.level[i] : NULL, addr), i++;
		ck_assert_uint_eq(i, set.n ? set.n : 1);
		symbols_free_set(&set);
	}
	pclose(f);
}

START_TEST(names_and_lines_are_those_of_eu_addr2line)
{
	const char *const path[] = { libc, "/usr/bin/python3" };

	if (!shell("command -v eu-addr2line >/dev/null && command -v nm >/dev/null")) {
		fprintf(stderr, "SKIP: no eu-addr2line or nm, so names are not compared\n");
		return;
	}
	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		char command[256];

		/* Near the start of 200 functions, often a few bytes inside. */
		snprintf(command, sizeof(command),
			 "nm -D %s | awk '$2 == \"T\" { print \"0x\" $1 }' | sort -u | "
			 "shuf -n 200 | sed 's/.$/8/' >list; [ -s list ]", path[i]);
		if (shell(command))
			compare_with_peer(path[i], in_dir("list"));
		else
			fprintf(stderr, "SKIP: %s has no dynamic symbols to compare\n", path[i]);
	}
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("symbol files");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_swells_beyond_measure_is_refused);
	tcase_add_test(tc, symbols_of_a_sparse_file_are_not_read);
	tcase_add_test(tc, a_file_is_refused_for_what_it_is);
	tcase_add_test(tc, a_file_that_is_cut_or_replaced_while_open_gives_no_wrong_name);
	tcase_add_loop_test(tc, damaged_files_are_survived, 1, 5);
	tcase_add_test(tc, split_debug_information_is_found_by_its_link);
	tcase_add_test(tc, compressed_symbols_inside_of_a_stripped_program_are_used);
	tcase_add_test(tc, debuginfod_is_asked_only_when_wanted);
	tcase_add_test(tc, no_more_files_stay_open_than_allowed);
	tcase_add_test(tc, names_and_lines_are_those_of_eu_addr2line);
	return run_case("symbol files", tc);
}
