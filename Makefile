# SPDX-License-Identifier: BSD-2-Clause
#
# sigshim's build. GNU make, no configure step; everything goes to build/.
# `make help` lists the targets, V=1 shows the commands.

CC ?= cc
CFLAGS ?= -O2 -g
LDFLAGS ?=
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
DESTDIR ?=
B := build
FUZZ_SECONDS ?= 600
FUZZ_CC ?= $(shell command -v clang-14 || command -v clang)
# For the collector and its tests, never for the library: see asan.
SANITIZE ?=

# The loader's own folder where PREFIX has one, so that a plain
# LD_PRELOAD=libsigshim.so works.
ifeq ($(PREFIX),/usr)
LIBDIR ?= $(PREFIX)/lib/$(shell $(CC) -print-multiarch)
else
LIBDIR ?= $(PREFIX)/lib
endif

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-8s %s\n'
endif

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter
BASE := -std=gnu11 -Iinclude $(WARN) -MMD -MP -D_GNU_SOURCE
SHIM_FLAGS := -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-omit-frame-pointer \
	-fno-stack-protector -U_FORTIFY_SOURCE -fasynchronous-unwind-tables \
	-fno-tree-vectorize
PKGS := sqlite3 libdw libelf liblzma json-c smartcols libsystemd
# The verifier needs these three; without one of them everything else is built.
BPF_CC ?= $(shell command -v clang-14 || command -v clang)
BPFTOOL ?= $(shell PATH="$$PATH:/usr/sbin" command -v bpftool)
BPF_ARCH := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(shell uname -m)))
VERIFY_LACKS := $(strip $(if $(BPF_CC),,clang) $(if $(BPFTOOL),,bpftool) \
	$(if $(shell $(PKG_CONFIG) --exists libbpf && echo yes),,libbpf-dev) \
	$(if $(filter x86,$(BPF_ARCH)),,x86-64))
ifeq ($(VERIFY_LACKS),)
PKGS += libbpf
VERIFY_OUT := collector/verify/tracer_absent.c
else
VERIFY_OUT := collector/verify/tracer.c
endif
COLLECTOR_FLAGS := $(SANITIZE) $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null) -I$(B)/gen -pthread
COLLECTOR_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) -liberty -pthread

SHIM_SRC := $(wildcard shim/*.c)
SHIM_OBJ := $(SHIM_SRC:%.c=$(B)/%.o) $(patsubst %.S,$(B)/%.o,$(wildcard shim/*.S))
COLLECTOR_SRC := $(filter-out %.bpf.c $(VERIFY_OUT),$(wildcard collector/*/*.c))
COLLECTOR_OBJ := $(COLLECTOR_SRC:%.c=$(B)/%.o)
COLLECTOR_LIB_OBJ := $(filter-out $(B)/collector/cli/main.o,$(COLLECTOR_OBJ))
UNIT_SRC := $(wildcard tests/check_*.c)
UNIT_BIN := $(UNIT_SRC:tests/%.c=$(B)/tests/%)
PROGRAM_SRC := $(wildcard tests/programs/*.c)
PROGRAM_BIN := $(PROGRAM_SRC:tests/%.c=$(B)/tests/%)
FUZZ_SRC := $(wildcard tests/fuzz/*.c)
FUZZ_BIN := $(FUZZ_SRC:tests/%.c=$(B)/tests/%)

.PHONY: all
all: $(B)/sigshim $(B)/libsigshim.so
ifneq ($(VERIFY_LACKS),)
	@echo '  ######## built without the verifier (eBPF): needs $(VERIFY_LACKS) ########'
endif

include shim/portable.mk
include tests/bench/bench.mk

$(B)/libsigshim.so: $(SHIM_OBJ)
	$(say) LD $@
	$(Q)$(CC) -shared -Wl,-soname,libsigshim.so -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,-z,defs $(LDFLAGS) -o $@ $^ -ldl

$(B)/sigshim: $(COLLECTOR_OBJ)
	$(say) LD $@
	$(Q)$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(COLLECTOR_LIBS)

$(B)/shim/%.o: shim/%.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(BASE) $(SHIM_FLAGS) $(CPPFLAGS) $(CFLAGS) -U_FORTIFY_SOURCE -c -o $@ $<

$(B)/shim/%.o: shim/%.S
	@mkdir -p $(@D)
	$(say) AS $@
	$(Q)$(CC) $(BASE) $(SHIM_FLAGS) -c -o $@ $<

$(B)/collector/%.o: collector/%.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(BASE) $(COLLECTOR_FLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# schema.sql as a C string.
$(B)/gen/schema.h: collector/store/schema.sql
	@mkdir -p $(@D)
	$(say) GEN $@
	$(Q)sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $< > $@
$(B)/collector/store/schema.o: $(B)/gen/schema.h

# The kernel's part of the verifier, and the C header that loads it.
$(B)/gen/trace.bpf.o: collector/verify/trace.bpf.c $(wildcard collector/verify/*.bpf.h) \
		collector/verify/kernel.h collector/verify/trace.h
	@mkdir -p $(@D)
	$(say) BPF-CC $@
	$(Q)$(BPF_CC) -g -O2 -Wall -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -c -o $@ $<

$(B)/gen/trace.skel.h: $(B)/gen/trace.bpf.o
	$(say) GEN $@
	$(Q)$(BPFTOOL) gen skeleton $< name trace > $@.part && mv $@.part $@
$(B)/collector/verify/tracer.o $(B)/fuzz/collector/verify/tracer.o: $(B)/gen/trace.skel.h

# Unit tests: tests/check_X.c with everything of the collector but main.
$(B)/tests/check_%: tests/check_%.c $(COLLECTOR_LIB_OBJ)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(BASE) $(COLLECTOR_FLAGS) -Icollector $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(COLLECTOR_LIB_OBJ) \
		$(shell $(PKG_CONFIG) --cflags --libs check) $(COLLECTOR_LIBS)

# The library's, with its objects but for the functions that it exports.
SHIM_TESTED := $(filter-out $(B)/shim/wrap.o $(B)/shim/mask.o $(B)/shim/%_entry.o,$(SHIM_OBJ))
$(B)/tests/check_memo: tests/check_memo.c $(SHIM_OBJ)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(BASE) -O2 -g -fomit-frame-pointer -o $@ $< $(SHIM_TESTED) \
		$(shell $(PKG_CONFIG) --cflags --libs check) -pthread -ldl

# Programs that tests run under the shim.
$(B)/tests/programs/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(BASE) -O1 -g -fno-omit-frame-pointer -rdynamic -o $@ $< -pthread -ldl

# Fuzz targets: the collector built once more, by clang, with libFuzzer's hooks.
FUZZ_FLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
$(B)/fuzz/collector/%.o: collector/%.c $(B)/gen/schema.h
	@mkdir -p $(@D)
	$(say) FUZZ-CC $@
	$(Q)$(FUZZ_CC) $(BASE) $(COLLECTOR_FLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(B)/tests/fuzz/%: tests/fuzz/%.c $(COLLECTOR_LIB_OBJ:$(B)/%=$(B)/fuzz/%)
	@mkdir -p $(@D)
	$(say) FUZZ-LD $@
	$(Q)$(FUZZ_CC) $(BASE) $(COLLECTOR_FLAGS) -Icollector $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(COLLECTOR_LIBS)

.PHONY: unit programs check check-root lint
unit: $(UNIT_BIN)
programs: $(PROGRAM_BIN)

## check: run every test; the last line counts them
check: all unit programs $(BENCH_CORE)
	$(Q)BUILD=$(B) tests/run

## trials: hard ones, about an hour: storms, kills, other people's suites, rates
.PHONY: trials
trials: all programs
	$(Q)BUILD=$(B) tests/trials/run

## check-root: the same as root, where a skipped test is a failed one
check-root: all unit programs $(BENCH_CORE)
	$(Q)BUILD=$(B) tests/run --no-skips

## lint: what must hold between sources, help, man pages and documentation
lint: all
	$(Q)BUILD=$(B) tests/lint

## asan: unit tests and the collector's end-to-end tests, with sanitizers
.PHONY: asan
asan:
	$(Q)$(MAKE) B=$(B)/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
		SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined" all unit programs
	$(Q)BUILD=$(B)/asan tests/run --sanitized

## fuzz: feed decoder, module reader and editor of specifications with garbage, each for FUZZ_SECONDS (600)
.PHONY: fuzz fuzz-build
fuzz-build: $(FUZZ_BIN)
fuzz: fuzz-build
	$(Q)for target in $(FUZZ_BIN); do \
		mkdir -p $$target.corpus && CC='$(CC)' tests/fuzz/make_seeds $${target##*/} $$target.seeds && \
		$$target -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=60 -rss_limit_mb=1024 \
			-artifact_prefix=$$target. -print_final_stats=1 -dict=$$target.seeds.dict \
			$$target.corpus $$target.seeds || exit 1; \
	done

## docs: make the generated documents anew (EVENTS, RULES, WIRE, SCHEMA)
.PHONY: docs
docs: $(B)/sigshim
	$(Q)$(B)/sigshim explain --markdown > $(B)/EVENTS.md && mv $(B)/EVENTS.md docs/
	$(Q)$(B)/sigshim explain --rules --markdown > $(B)/RULES.md && mv $(B)/RULES.md docs/
	$(Q)docs/generate wire < include/sigshim/wire.h > docs/WIRE.md
	$(Q)docs/generate schema < collector/store/schema.sql > docs/SCHEMA.md

DATA := $(DESTDIR)$(PREFIX)/share
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSCONFDIR ?= /etc
CONFIG := $(DESTDIR)$(SYSCONFDIR)/sigshim/collector.conf
MANUALS := $(wildcard docs/*.1 docs/*.3)
UNITS := $(wildcard conf/*.service conf/*.socket)
DOCUMENTS := README.md LICENSE $(wildcard docs/*.md docs/*.svg)
HEADERS := $(wildcard include/sigshim/*.h include/sigshim/*.def)

## install: to DESTDIR and PREFIX (/usr/local)
.PHONY: install uninstall
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBDIR) $(DESTDIR)$(PREFIX)/include/sigshim \
		$(DATA)/man/man1 $(DATA)/man/man3 $(DATA)/doc/sigshim \
		$(DATA)/bash-completion/completions $(DESTDIR)$(UNITDIR)
	install -m 755 $(B)/sigshim $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(B)/libsigshim.so $(DESTDIR)$(LIBDIR)/
	! test -e $(B)/portable/libsigshim.so || \
		install -D -m 755 $(B)/portable/libsigshim.so $(DESTDIR)$(LIBDIR)/sigshim/libsigshim.so
	install -m 644 $(HEADERS) $(DESTDIR)$(PREFIX)/include/sigshim/
	install -d $(DESTDIR)$(PREFIX)/include/sigshim/events
	install -m 644 $(wildcard include/sigshim/events/*.def) $(DESTDIR)$(PREFIX)/include/sigshim/events/
	install -d $(DESTDIR)$(PREFIX)/include/sigshim/inline
	install -m 644 $(wildcard include/sigshim/inline/*.h) $(DESTDIR)$(PREFIX)/include/sigshim/inline/
	install -m 644 $(filter %.1,$(MANUALS)) $(DATA)/man/man1/
	install -m 644 $(filter %.3,$(MANUALS)) $(DATA)/man/man3/
	install -m 644 $(DOCUMENTS) $(DATA)/doc/sigshim/
	install -m 644 conf/bash-completion/sigshim.bash $(DATA)/bash-completion/completions/sigshim
	install -m 644 $(UNITS) $(DESTDIR)$(UNITDIR)/
	sed -i 's|/usr/local/bin/|$(PREFIX)/bin/|; s|/etc/|$(SYSCONFDIR)/|' $(DESTDIR)$(UNITDIR)/sigshim.service
	test -e $(CONFIG) || install -D -m 644 conf/collector.conf $(CONFIG)
	$(if $(DESTDIR),,-ldconfig)

## uninstall: remove what install put there; a changed configuration stays
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/sigshim $(DESTDIR)$(LIBDIR)/libsigshim.so \
		$(patsubst docs/%.1,$(DATA)/man/man1/%.1,$(filter %.1,$(MANUALS))) \
		$(patsubst docs/%.3,$(DATA)/man/man3/%.3,$(filter %.3,$(MANUALS))) \
		$(DATA)/bash-completion/completions/sigshim \
		$(UNITS:conf/%=$(DESTDIR)$(UNITDIR)/%)
	! cmp -s conf/collector.conf $(CONFIG) || rm $(CONFIG)
	rm -rf $(DESTDIR)$(PREFIX)/include/sigshim $(DATA)/doc/sigshim $(DESTDIR)$(LIBDIR)/sigshim
	$(if $(DESTDIR),,-ldconfig)

## clean: remove build/
.PHONY: clean
clean:
	rm -rf $(B)

## help: this list
.PHONY: help
help:
	@echo 'make [all]    build/sigshim and build/libsigshim.so'
	@sed -n 's/^## \([a-z-]*\): /make \1\t/p' Makefile shim/portable.mk tests/bench/bench.mk | expand -t 18
	@echo 'Variables: CC CFLAGS LDFLAGS PREFIX DESTDIR LIBDIR SYSCONFDIR FUZZ_SECONDS PKG_CONFIG B (build), V=1 for commands'

-include $(SHIM_OBJ:.o=.d) $(COLLECTOR_OBJ:.o=.d) $(UNIT_BIN:=.d) $(PROGRAM_BIN:=.d)
-include $(COLLECTOR_OBJ:$(B)/%.o=$(B)/fuzz/%.d)
