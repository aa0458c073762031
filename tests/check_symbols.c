/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for addresses of this very program and of libc, and demangling.
 */
#include <signal.h>
#include <string.h>

#include "symbols_fixture.h"

#if defined(__x86_64__)
#define HERE_TO "lea 0(%%rip), %0"
#else
#define HERE_TO "adr %0, ."
#endif

static int inlined_line, call_line;

__attribute__((always_inline)) static inline void *inlined(void)
{
	void *pc;

	inlined_line = __LINE__; __asm__ volatile(HERE_TO : "=r"(pc));
	return pc;
}

__attribute__((noinline)) static void *outer(void)
{
	void *pc;

	call_line = __LINE__ + 1;
	pc = inlined();
	__asm__ volatile("" : : : "memory");
	return pc;
}

__asm__(".pushsection .text\n"
	".type sized_code, @function\n"
	"sized_alias: sized_code: ret\n"
	".size sized_code, 1\n"
	".balign 32, 0xcc\n"
	"label_code: nop; nop; ret\n"
	".type after_label, @function\n"
	"after_label: ret\n"
	".size after_label, 1\n"
	".popsection\n");
/* Hidden, as they are local: aarch64 would look for them in the GOT, which knows no labels. */
extern __attribute__((visibility("hidden"))) const char sized_code[], label_code[];

START_TEST(a_function_is_found_with_its_file_and_line)
{
	uint64_t at = offset_of((void *)plain);
	struct symbol_set set;

	plain();
	set = lookup(self, at, true);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_str_eq(set.level[0].function, "plain");
	ck_assert_uint_eq(set.level[0].function_offset, 0);
	check_plain_line(set.level[0].line);
	ck_assert_str_eq(strrchr(set.level[0].file, '/') + 1, "symbols_fixture.h");
	ck_assert(!set.level[0].inlined && !set.signal);
	symbols_free_set(&set);
}
END_TEST

__attribute__((noinline)) static uint64_t return_address(int *ret_line)
{
	void *pc;

	*ret_line = __LINE__ + 1;
	pc = plain();
	return offset_of(pc);
}

START_TEST(a_return_address_names_the_call_before_it)
{
	struct symbol_set set;
	uint64_t at;
	int line;

	at = return_address(&line);
	set = lookup(self, at, false);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_str_eq(set.level[0].function, "return_address");
	ck_assert_int_eq(set.level[0].line, line);
	ck_assert_uint_eq(set.level[0].function_offset, at - offset_of((void *)return_address));
	symbols_free_set(&set);
}
END_TEST

START_TEST(an_inlined_call_is_a_level_of_its_own)
{
	struct symbol_set set = lookup(self, offset_of(outer()), false);

	ck_assert_uint_eq(set.n, 2);
	ck_assert_str_eq(set.level[0].function, "inlined");
	ck_assert_int_eq(set.level[0].line, inlined_line);
	ck_assert(set.level[0].inlined);
	ck_assert_str_eq(set.level[1].function, "outer");
	ck_assert_int_eq(set.level[1].line, call_line);
	ck_assert(!set.level[1].inlined);
	symbols_free_set(&set);
}
END_TEST

START_TEST(an_address_between_functions_has_no_name)
{
	struct symbol_set set = lookup(self, offset_of(sized_code), true);

	ck_assert_str_eq(set.level[0].function, "sized_code");
	symbols_free_set(&set);
	set = lookup(self, offset_of(sized_code) + 8, true);
	ck_assert_uint_eq(set.n, 0);
	set = lookup(self, offset_of(label_code) + 1, true);
	ck_assert_str_eq(set.level[0].function, "label_code");
	ck_assert_uint_eq(set.level[0].function_offset, 1);
	symbols_free_set(&set);
	set = lookup(self, ~0ULL, true);
	ck_assert_uint_eq(set.n, 0);
}
END_TEST

START_TEST(names_of_libc_agree_with_dlsym)
{
	static const char *const names[] = {
		"qsort", "sigaltstack", "pthread_sigmask", "abort", "getpid"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t at = offset_of(libc_function(names[i]));
		struct symbol_set set = lookup(libc, at, true);

		ck_assert_uint_ge(set.n, 1);
		/* With debug information it is libc's own name, __GI_qsort. */
		ck_assert_ptr_nonnull(strstr(set.level[set.n - 1].function, names[i]));
		ck_assert_uint_eq(set.level[set.n - 1].function_offset, 0);
		ck_assert(!set.signal);
		symbols_free_set(&set);
	}
}
END_TEST

static void *volatile trampoline;

static void handler(int sig)
{
	trampoline = __builtin_return_address(0);
}

START_TEST(the_signal_trampoline_is_known_by_its_unwind_table)
{
	struct sigaction sa = { .sa_handler = handler };
	struct symbol_set set;

	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	set = lookup(libc, offset_of(trampoline), true);
	ck_assert(set.signal);
	symbols_free_set(&set);
}
END_TEST

START_TEST(mangled_names_become_readable)
{
	static const char *const pair[][2] = {
		{ "main", "main" }, { "_Z3foov", "foo()" },
		{ "_ZN3foo3barIiEEvT_", "void foo::bar<int>(int)" },
		{ "_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write" },
		{ "_RNvCs1234_7mycrate3foo", "mycrate::foo" },
		{ "_Z", "_Z" }, { "_R", "_R" }, { "", "" },
		{ "_Z3foov.cold", "foo() [clone .cold]" },
	};

	for (size_t i = 0; i < sizeof(pair) / sizeof(pair[0]); i++) {
		char *plain_name = symbols_demangle(pair[i][0]);

		ck_assert_str_eq(plain_name, pair[i][1]);
		free(plain_name);
	}
}
END_TEST

START_TEST(a_mangled_name_that_would_fill_the_memory_stays_mangled)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char name[1024] = "_Z1f1AIiE", *plain_name;

	/* A<int>, A<A<int>, A<int>>, ...: each holds the one before it twice. */
	for (int i = 0; i < 30; i++)
		sprintf(name + strlen(name), "S_IS%c_S%c_E", digits[i], digits[i]);
	plain_name = symbols_demangle(name);
	ck_assert_str_eq(plain_name, name);
	free(plain_name);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("symbols");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_function_is_found_with_its_file_and_line);
	tcase_add_test(tc, a_return_address_names_the_call_before_it);
	tcase_add_test(tc, an_inlined_call_is_a_level_of_its_own);
	tcase_add_test(tc, an_address_between_functions_has_no_name);
	tcase_add_test(tc, names_of_libc_agree_with_dlsym);
	tcase_add_test(tc, the_signal_trampoline_is_known_by_its_unwind_table);
	tcase_add_test(tc, mangled_names_become_readable);
	tcase_add_test(tc, a_mangled_name_that_would_fill_the_memory_stays_mangled);
	return run_case("symbols", tc);
}
