# SPDX-License-Identifier: BSD-2-Clause
#
# sigshim's build. GNU make, no configure step; everything goes to build/.
# `make help` lists the targets, V=1 shows the commands.

CC ?= cc
CFLAGS ?= -O2 -g
LDFLAGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
B := build

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
	-fno-stack-protector -U_FORTIFY_SOURCE -fasynchronous-unwind-tables
PKGS := sqlite3 libdw libelf json-c smartcols libsystemd
COLLECTOR_FLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null) -I$(B)/gen -pthread
COLLECTOR_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -pthread

SHIM_SRC := $(wildcard shim/*.c)
SHIM_OBJ := $(SHIM_SRC:%.c=$(B)/%.o)
COLLECTOR_SRC := $(wildcard collector/*/*.c)
COLLECTOR_OBJ := $(COLLECTOR_SRC:%.c=$(B)/%.o)
COLLECTOR_LIB_OBJ := $(filter-out $(B)/collector/cli/main.o,$(COLLECTOR_OBJ))
UNIT_SRC := $(wildcard tests/check_*.c)
UNIT_BIN := $(UNIT_SRC:tests/%.c=$(B)/tests/%)
PROGRAM_SRC := $(wildcard tests/programs/*.c)
PROGRAM_BIN := $(PROGRAM_SRC:tests/%.c=$(B)/tests/%)

.PHONY: all
all: $(B)/sigshim $(B)/libsigshim.so

$(B)/libsigshim.so: $(SHIM_OBJ)
	$(say) LD $@
	$(Q)$(CC) -shared -Wl,-soname,libsigshim.so -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,-z,defs $(LDFLAGS) -o $@ $^ -ldl

$(B)/sigshim: $(COLLECTOR_OBJ)
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(COLLECTOR_LIBS)

$(B)/shim/%.o: shim/%.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(BASE) $(SHIM_FLAGS) $(CPPFLAGS) $(CFLAGS) -U_FORTIFY_SOURCE -c -o $@ $<

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

# Unit tests: tests/check_X.c with everything of the collector but main.
$(B)/tests/check_%: tests/check_%.c $(COLLECTOR_LIB_OBJ)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(BASE) $(COLLECTOR_FLAGS) -Icollector $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(COLLECTOR_LIB_OBJ) \
		$(shell pkg-config --cflags --libs check) $(COLLECTOR_LIBS)

# Programs that tests run under the shim.
$(B)/tests/programs/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(BASE) -O1 -g -fno-omit-frame-pointer -rdynamic -o $@ $< -pthread -ldl

.PHONY: clean
clean:
	rm -rf $(B)

-include $(SHIM_OBJ:.o=.d) $(COLLECTOR_OBJ:.o=.d) $(UNIT_BIN:=.d) $(PROGRAM_BIN:=.d)
