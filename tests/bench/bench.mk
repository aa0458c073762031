# SPDX-License-Identifier: BSD-2-Clause
#
# The measured programs and `make bench`; included by Makefile.

BENCH_FLAGS := -std=gnu11 -D_GNU_SOURCE $(WARN) -MMD -MP -O2 -g -fomit-frame-pointer -fno-optimize-sibling-calls
BENCH ?= full
BENCH_BIN := $(B)/bench/calls

$(B)/bench/calls: tests/bench/calls.c tests/bench/tree.c
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(BENCH_FLAGS) -o $@ $^ -pthread

## bench: measure what recording costs (BENCH=quick, WAYS="memo lttng", CASES="d10 t4")
.PHONY: bench bench-programs
bench-programs: $(BENCH_BIN)
bench: all bench-programs
	$(Q)BUILD=$(B) PYTHONDONTWRITEBYTECODE=1 /usr/bin/env python3 tests/bench/run.py \
		$(if $(filter quick,$(BENCH)),--quick) $(if $(WAYS),--ways="$(WAYS)") $(if $(CASES),--cases="$(CASES)")

-include $(wildcard $(B)/bench/*.d)
