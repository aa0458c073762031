# SPDX-License-Identifier: BSD-2-Clause
#
# The portable library, build/portable/libsigshim.so: the ordinary objects with
# a libunwind of its own instead of the distribution's, linked against stubs
# that offer no symbol newer than glibc 2.14 and none that musl lacks. Included
# by the Makefile. For another architecture: make portable CC=... B=...

PORTABLE := $(B)/portable
PORTABLE_OBJ := $(filter-out $(B)/shim/unwinder_dlopen.o $(B)/shim/unwinder_imports.o,$(SHIM_OBJ)) \
	$(PORTABLE)/libunwind.o
PORTABLE_STUB := $(PORTABLE)/libc.so.6 $(PORTABLE)/libdl.so.2
MACHINE := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
PORTABLE_BASE := $(if $(filter x86_64,$(MACHINE)),GLIBC_2.2.5,GLIBC_2.17)

SHIM_OBJ := $(filter-out $(B)/shim/unwinder_linked.o,$(SHIM_OBJ))

# Else libgcc's atomics ask __getauxval, which is newer, which of them to be.
SHIM_FLAGS += $(if $(filter aarch64,$(MACHINE)),-mno-outline-atomics)

## portable: build/portable/libsigshim.so, for glibc 2.14 and newer and for musl
.PHONY: portable
portable: $(PORTABLE)/libsigshim.so

$(PORTABLE)/libsigshim.so: $(PORTABLE_OBJ) $(PORTABLE_STUB)
	$(say) LD $@
	$(Q)$(CC) -shared -nostdlib -Wl,-soname,libsigshim.so -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete \
		-Wl,-z,defs -Wl,--gc-sections -Wl,--hash-style=gnu $(LDFLAGS) -o $@ $^ -lgcc

$(PORTABLE)/libunwind.o: shim/libunwind_build shim/libunwind.redefine
	@mkdir -p $(@D)
	$(say) MAKE '$@ (fetches and builds libunwind)'
	$(Q)CC='$(CC)' MAKEFLAGS= shim/libunwind_build $(@D)

# Empty functions under the right names and versions.
$(PORTABLE)/lib%: shim/portable.syms
	@mkdir -p $(@D)
	$(say) STUB $@
	$(Q)awk -v lib=$(@F) -v base=$(PORTABLE_BASE) '$$1 == lib { \
			v = base == "GLIBC_2.2.5" && $$3 ? $$3 : base; \
			n++; \
			printf "void s%d(void);\nvoid s%d(void) {}\n__asm__(\".symver s%d, %s@@%s\");\n", \
				n, n, n, $$2, v; \
		}' $< > $@.c
	$(Q)awk -v base=$(PORTABLE_BASE) 'BEGIN { print base " {};"; \
			if (base == "GLIBC_2.2.5") print "GLIBC_2.14 {} GLIBC_2.2.5;" }' > $@.map
	$(Q)$(CC) -shared -nostdlib -fPIC -Wl,-soname,$(@F) -Wl,--version-script,$@.map -o $@ $@.c
