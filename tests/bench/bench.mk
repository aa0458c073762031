# SPDX-License-Identifier: BSD-2-Clause
#
# The measured programs and `make bench`; included by Makefile.

BENCH_FLAGS := -std=gnu11 -D_GNU_SOURCE $(WARN) -MMD -MP -O2 -g -fomit-frame-pointer -fno-optimize-sibling-calls
BENCH ?= full
BENCH_SRC := tests/bench/calls.c tests/bench/tree.c
# What the tests need of it, and what is only for measuring.
BENCH_CORE := $(B)/bench/calls $(B)/bench/calls-fp $(B)/bench/starts $(B)/bench/nothing
BENCH_BIN := $(BENCH_CORE)

$(B)/bench/calls: $(BENCH_SRC)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(BENCH_FLAGS) -o $@ $^ -pthread

# With frame pointers, for those who need them.
$(B)/bench/calls-fp: $(BENCH_SRC)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(BENCH_FLAGS) -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer -o $@ $^ -pthread

$(B)/bench/starts $(B)/bench/nothing: $(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(BENCH_FLAGS) -o $@ $<

# What the peers need. Without their headers they are not built, and run.py says so.
$(B)/bench/calls-lttng: $(BENCH_SRC) tests/bench/lttng_provider.c
	$(say) LD $@
	$(Q)$(CC) $(BENCH_FLAGS) -DBENCH_LTTNG -Itests/bench -o $@ $^ -pthread -llttng-ust -lunwind -ldl

$(B)/bench/minimal: tests/bench/minimal.c
	$(say) LD $@
	$(Q)$(CC) $(BENCH_FLAGS) -o $@ $^ -lbpf

$(B)/bench/minimal.bpf.o: tests/bench/minimal.bpf.c tests/bench/minimal.h
	$(say) BPF $@
	$(Q)$(FUZZ_CC) -O2 -g -target bpf -I/usr/include/$(shell $(CC) -print-multiarch) -c -o $@ $<

HAVE_HEADER = $(shell echo '\#include <$(1)>' | $(CC) -E - >/dev/null 2>&1 && echo yes)
ifeq ($(filter bench bench-programs,$(MAKECMDGOALS)),)
else
BENCH_BIN += $(if $(call HAVE_HEADER,lttng/tracepoint.h),$(if $(call HAVE_HEADER,libunwind.h),$(B)/bench/calls-lttng))
BENCH_BIN += $(if $(call HAVE_HEADER,bpf/libbpf.h),$(B)/bench/minimal $(if $(FUZZ_CC),$(B)/bench/minimal.bpf.o))
endif

## bench: measure what recording costs (BENCH=quick WAYS="memo lttng" CASES="d10 t4")
## performance: write docs/PERFORMANCE.md from the last bench
.PHONY: bench bench-programs performance
BENCH_RUN = BUILD=$(B) PYTHONDONTWRITEBYTECODE=1 python3 tests/bench/run.py
bench-programs: $(BENCH_BIN)
bench: all bench-programs
	$(Q)$(BENCH_RUN) $(if $(filter quick,$(BENCH)),--quick) $(if $(WAYS),--ways="$(WAYS)") $(if $(CASES),--cases="$(CASES)")
performance:
	$(Q)$(BENCH_RUN) --document

-include $(wildcard $(B)/bench/*.d)
