# SPDX-License-Identifier: GPL-3.0-or-later
#
# imapward: "make help" lists the doors. Needs GNU make; no configure step.
#
# New files are found by themselves: src/LAYER/x.c, include/LAYER/x.h,
# tests/unit/test_x.c, tests/session/test_x.c, tests/fuzz/fuzz_x.c.

VERSION := 0.1.0-dev

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=

# FLAVOUR is empty or one of asan, tsan, clang, cov, fuzz.
FLAVOUR ?=
B := build$(FLAVOUR:%=/%)

ifeq ($(MAKELEVEL),0)
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
endif

# --- compiler -------------------------------------------------------------

ifneq ($(filter $(FLAVOUR),clang fuzz),)
CC := clang
else ifeq ($(origin CC),default)
CC := gcc
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
    -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wcast-qual \
    -Wwrite-strings -Wswitch-enum -Wformat=2
# WERROR=0 turns it off for a compiler we have not met; CI never does.
WERROR ?= 1
ifneq ($(if $(CI),1,$(filter-out 0 no,$(WERROR))),)
WARNINGS += -Werror
endif

FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIE
MACHINE := $(shell uname -m)
HARDEN += $(if $(filter x86_64,$(MACHINE)),-fcf-protection)
HARDEN += $(if $(filter aarch64,$(MACHINE)),-mbranch-protection=standard)

OPT := -O2
INSTRUMENT :=
ifneq ($(filter $(FLAVOUR),asan),)
INSTRUMENT := -fsanitize=address,undefined -fno-sanitize-recover=all \
    -fno-omit-frame-pointer
OPT := -O1
FORTIFY :=
else ifeq ($(FLAVOUR),tsan)
INSTRUMENT := -fsanitize=thread -fno-omit-frame-pointer
FORTIFY :=
else ifeq ($(FLAVOUR),cov)
INSTRUMENT := --coverage
OPT := -O0
FORTIFY :=
else ifeq ($(FLAVOUR),fuzz)
INSTRUMENT := -fsanitize=fuzzer-no-link,address,undefined \
    -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT := -O1
FORTIFY :=
endif

# No NDEBUG anywhere: assertions are part of the product.
DEFINES = -D_GNU_SOURCE -DIMAPWARD_VERSION='"$(VERSION)"'
CPPFLAGS_ALL = -iquote include -iquote src $(DEFINES) -isystem build/wolfssl/include \
    $(PACKAGE_CFLAGS) $(FORTIFY) $(CPPFLAGS)
CFLAGS_ALL = -std=c11 $(OPT) -g $(WARNINGS) $(HARDEN) $(INSTRUMENT) \
    -ffile-prefix-map=$(CURDIR)=. -pthread $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack \
    $(INSTRUMENT) -pthread $(LDFLAGS)
LIBS = build/wolfssl/lib/libwolfssl.a $(PACKAGE_LIBS) -lm

PACKAGES := libuv yaml-0.1
# Looked up when the first recipe needs them, and once.
once = $(eval $1 := $$(shell pkg-config $2 $(PACKAGES)))$($1)
PACKAGE_CFLAGS = $(call once,PACKAGE_CFLAGS,--cflags)
PACKAGE_LIBS = $(call once,PACKAGE_LIBS,--libs)

# V=1 shows the commands.
ifeq ($(V),1)
say = @:
quiet :=
else
say = @printf '  %-5s %s\n'
quiet := @
endif

# --- files ----------------------------------------------------------------

LAYERS := base imap policy x509 audit config tls net session cluster daemon \
    diagnose cli
MAIN := src/cli/main.c
SOURCES := $(filter-out $(MAIN),$(sort $(wildcard $(LAYERS:%=src/%/*.c))))
UNIT_SOURCES := $(sort $(wildcard tests/unit/*.c tests/session/*.c))
SUITES := $(patsubst test_%,%,$(basename $(notdir \
    $(filter tests/unit/test_% tests/session/test_%,$(UNIT_SOURCES)))))
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_HELPERS := $(filter-out tests/fuzz/fuzz_%.c tests/fuzz/replay.c,\
    $(sort $(wildcard tests/fuzz/*.c)))

object = $(patsubst %.c,$(B)/obj/%.o,$1)
OBJECTS := $(call object,$(SOURCES))
UNIT_OBJECTS := $(call object,tests/run-unit.c $(UNIT_SOURCES))
FUZZ_HELPER_OBJECTS := $(call object,$(FUZZ_HELPERS))
# Fuzz targets may use the helpers of the other tests (scripted peers).
HELPER_OBJECTS := $(call object,$(filter-out \
    tests/unit/test_%.c tests/session/test_%.c,$(UNIT_SOURCES)))
REPLAYS := $(FUZZERS:%=$(B)/replay_%)
FUZZ_BINARIES := $(FUZZERS:%=$(B)/fuzz_%)
BENCH_TOOLS := $(B)/bench/load $(B)/bench/backend $(B)/bench/pairs
# What times parts of our own.
BENCH_INSIDE := $(B)/bench/tally
EVERY_OBJECT := $(OBJECTS) $(UNIT_OBJECTS) $(FUZZ_HELPER_OBJECTS) \
    $(call object,$(MAIN) tests/fuzz/replay.c $(FUZZERS:%=tests/fuzz/fuzz_%.c)) \
    $(patsubst $(B)/bench/%,$(B)/obj/tests/bench/%.o,\
    $(BENCH_TOOLS) $(BENCH_INSIDE))

# --- doors ----------------------------------------------------------------

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all tests lib unit asan tsan system clients check check-all fuzz demo \
    cov bench bench-tools install uninstall clean format tidy help \
    check-layers check-words check-size check-format check-docs tidy-run \
    fuzz-binaries FORCE

all: $(B)/imapward

lib: $(B)/libimapward.a

# What the test stages of scripts/check build.
tests: $(B)/unit $(REPLAYS)

stage = scripts/check

unit:
	@$(stage) unit

asan:
	@$(stage) asan

tsan:
	@$(stage) tsan

system:
	@$(stage) system

clients:
	@$(stage) clients

check:
	@scripts/setup check
	@$(stage) unit asan system clients

check-all:
	@scripts/setup check-all
	@S=25 $(stage) unit asan system clients-full clang tidy tsan servers \
	    bench load fuzz

# make fuzz T=scan S=60
T ?= $(FUZZERS)
S ?= 60
fuzz:
	@S=$(S) $(stage) fuzz $(T)

demo:
	@scripts/setup demo
	@$(MAKE) --no-print-directory all
	@IMAPWARD=$(CURDIR)/$(B)/imapward scripts/demo

# make bench BENCH='-p "imapward haproxy" -m churn'
BENCH ?=
bench:
	@scripts/setup bench
	@$(MAKE) --no-print-directory all bench-tools
	@IMAPWARD=$(abspath $(B)/imapward) BENCH_TOOLS=$(abspath $(B)/bench) \
	    tests/bench/run $(BENCH)

bench-tools: $(BENCH_TOOLS) $(BENCH_INSIDE)

check-layers check-words check-size check-format:
	@scripts/$@

check-docs: $(B)/imapward
	@scripts/$@ $<

format:
	@scripts/check-format --fix

tidy:
	@$(stage) tidy

# Lines covered by the unit tests, file by file.
cov:
	@$(stage) cov

# Installs what was built and builds nothing: root leaves no files in the tree.
# What an administrator may have changed is not written over.
MAN_PAGES := $(notdir $(wildcard man/*.[1-8]))
man_place = $(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $1))/$1
UNIT_PLACE = $(DESTDIR)$(PREFIX)/lib/systemd/system/imapward.service
ROTATE_PLACE = $(DESTDIR)$(SYSCONFDIR)/logrotate.d/imapward
CONFIG_PLACE = $(DESTDIR)$(SYSCONFDIR)/imapward/imapward.yaml
DOC_PLACE = $(DESTDIR)$(PREFIX)/share/doc/imapward
SCHEMA = imapward-events.schema.json
EXAMPLES := $(patsubst config/%,%,$(wildcard config/fail2ban/*/*.conf \
    config/nftables/*))

install:
	@test -x $(B)/imapward || \
	    { echo 'install: there is no $(B)/imapward; run: make' >&2; exit 1; }
	install -D -m 755 $(B)/imapward $(DESTDIR)$(PREFIX)/sbin/imapward
	$(foreach page,$(MAN_PAGES),\
	    install -D -m 644 man/$(page) $(call man_place,$(page)) &&) :
	install -D -m 644 config/imapward.yaml $(DOC_PLACE)/imapward.yaml
	install -D -m 644 config/$(SCHEMA) $(DOC_PLACE)/$(SCHEMA)
	$(foreach file,$(EXAMPLES),\
	    install -D -m 644 config/$(file) $(DOC_PLACE)/$(file) &&) :
	test -e $(CONFIG_PLACE) || \
	    install -D -m 640 config/imapward.yaml $(CONFIG_PLACE)
ifneq ($(wildcard config/imapward.service),)
	install -D -m 644 config/imapward.service $(UNIT_PLACE)
	sed -i 's,/usr/local/,$(PREFIX:/=)/,' $(UNIT_PLACE)
endif
ifneq ($(wildcard config/imapward.logrotate),)
	test -e $(ROTATE_PLACE) || \
	    install -D -m 644 config/imapward.logrotate $(ROTATE_PLACE)
endif

# The configuration stays.
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/imapward $(UNIT_PLACE) $(ROTATE_PLACE) \
	    $(foreach page,$(MAN_PAGES),$(call man_place,$(page)))
	rm -rf $(DOC_PLACE)

# wolfSSL itself stays in the user's cache.
clean:
	rm -rf build

help:
	@echo 'make             build/imapward'
	@echo 'make unit        unit and session tests, corpora, layers, words, format'
	@echo 'make asan        the same tests under ASan and UBSan'
	@echo 'make system      the real daemon on loopback (tests/system/run)'
	@echo 'make clients     TLS clients and certificates (tests/clients/run)'
	@echo 'make check       install what is missing, then unit, asan, system, clients'
	@echo 'make check-all   check, more TLS clients, scanners, clang, clang-tidy, tsan,'
	@echo '                 other servers, a bench smoke run, load and faults, fuzzers'
	@echo 'make tsan        unit tests under ThreadSanitizer'
	@echo 'make fuzz        all fuzzers, or T=name; S=seconds for each (60)'
	@echo 'make cov         line coverage of the unit tests'
	@echo 'make demo        a guided tour on loopback'
	@echo 'make bench       CPU, system calls, memory beside other proxies'
	@echo 'make lib         build/libimapward.a; make tests: build/unit and replays'
	@echo 'make install     DESTDIR=, PREFIX=$(PREFIX), SYSCONFDIR=$(SYSCONFDIR)'
	@echo 'make uninstall   the same; the configuration stays'
	@echo 'make check-docs  sample and manual have the keys of the program'
	@echo 'make format      clang-format everything; make tidy: clang-tidy'
	@echo 'make check-size  long functions and files (a report, never an error)'
	@echo 'make clean       remove build/ (wolfSSL stays in the cache)'
	@echo
	@echo 'V=1 shows commands; WERROR=0 keeps warnings warnings; FLAVOUR= asan,'
	@echo 'tsan, clang, cov or fuzz builds into build/FLAVOUR.'
	@echo 'build/unit NAME runs one suite. WOLFSSL_PREFIX=DIR and'
	@echo 'WOLFSSL_TARBALL=FILE: see scripts/build-wolfssl.'

# --- wolfSSL --------------------------------------------------------------

# build/wolfssl is a link to the library in the user's cache. It is looked
# for again if it went away or another one is asked for.
ifeq ($(wildcard build/wolfssl/lib/libwolfssl.a),)
WOLFSSL_AGAIN := FORCE
endif
ifneq ($(WOLFSSL_PREFIX),)
ifneq ($(WOLFSSL_PREFIX),$(shell cat build/wolfssl.stamp 2>/dev/null))
WOLFSSL_AGAIN := FORCE
endif
endif

build/wolfssl.stamp: scripts/build-wolfssl scripts/wolfssl.patch $(WOLFSSL_AGAIN)
	@pkg-config --exists $(PACKAGES) 2>/dev/null || \
	    { echo 'libraries are missing; run: scripts/setup build' >&2; exit 1; }
	@mkdir -p build
	@prefix=$$(WOLFSSL_PREFIX='$(WOLFSSL_PREFIX)' \
	    WOLFSSL_TARBALL='$(WOLFSSL_TARBALL)' scripts/build-wolfssl) && \
	    ln -sfn "$$prefix" build/wolfssl && echo "$$prefix" >$@

# --- rules ----------------------------------------------------------------

# Generated files get a new date only if their contents change.
keep_new = @if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
define refresh
@mkdir -p $(@D)
@printf '$1' >$@.new
$(keep_new)
endef

# Other flags, other objects.
FLAGS := $(CC) $(DEFINES) $(FORTIFY) $(CPPFLAGS) $(CFLAGS_ALL)
$(B)/gen/flags: export FLAGS := $(FLAGS)
$(B)/gen/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$FLAGS" >$@.new
	$(keep_new)

$(B)/obj/%.o: %.c Makefile build/wolfssl.stamp $(B)/gen/flags
	$(say) CC $<
	@mkdir -p $(@D)
	$(quiet)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Tests see their own headers, and need no prototype for what a table calls.
$(B)/obj/tests/%.o: private CPPFLAGS_ALL += -iquote tests -iquote $(B)/gen
$(B)/obj/tests/%.o: private WARNINGS += -Wno-missing-prototypes
$(B)/obj/tests/run-unit.o: $(B)/gen/suites.def

# The revision goes to the commands only: not everything is compiled anew
# after a commit.
# Also in the tree of another user. Asked when a recipe needs it, not by
# "make install": git writes to its index.
REVISION = $(eval REVISION := $$(shell git -c safe.directory='*' \
    describe --always --dirty 2>/dev/null))$(REVISION)
CLI_DEFINES = -DIMAPWARD_REVISION='"$(REVISION)"' \
    -DIMAPWARD_SYSCONFDIR='"$(SYSCONFDIR)"'
$(B)/obj/src/cli/%.o: private CPPFLAGS_ALL += $(CLI_DEFINES)
$(call object,$(filter src/cli/%,$(SOURCES)) $(MAIN)): $(B)/gen/revision

$(B)/gen/revision: FORCE
	$(call refresh,$(REVISION) $(SYSCONFDIR)\n)

$(B)/gen/suites.def: FORCE
	$(call refresh,$(foreach suite,$(SUITES),SUITE($(suite))\n))

# Removed sources must leave the archive, so its list of members counts too.
$(B)/gen/members: FORCE
	$(call refresh,$(foreach object,$(OBJECTS),$(object)\n))

$(B)/libimapward.a: $(OBJECTS) $(B)/gen/members
	$(say) AR $@
	$(quiet)rm -f $@.new; $(AR) rcsD $@.new $(OBJECTS) && mv $@.new $@

define link
$(say) LD $@
$(quiet)$(CC) $(LDFLAGS_ALL) $1 -o $@ $(filter %.o,$^) \
    $(B)/libimapward.a $(LIBS)
endef

$(B)/imapward: $(call object,$(MAIN)) $(B)/libimapward.a
	$(call link)

$(B)/unit: $(UNIT_OBJECTS) $(B)/libimapward.a
	$(call link)

$(B)/unit: LIBS += -lcunit

$(REPLAYS): $(B)/replay_%: $(B)/obj/tests/fuzz/fuzz_%.o \
    $(B)/obj/tests/fuzz/replay.o $(FUZZ_HELPER_OBJECTS) \
    $(HELPER_OBJECTS) $(B)/libimapward.a
	$(call link)

fuzz-binaries: $(FUZZ_BINARIES)

$(FUZZ_BINARIES): $(B)/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o \
    $(FUZZ_HELPER_OBJECTS) $(HELPER_OBJECTS) $(B)/libimapward.a
	$(call link,-fsanitize=fuzzer)

$(REPLAYS) $(FUZZ_BINARIES): LIBS += -lcunit

# Strangers to our library: they speak OpenSSL, as the other side would.
$(BENCH_TOOLS): $(B)/bench/%: $(B)/obj/tests/bench/%.o
	$(say) LD $@
	@mkdir -p $(@D)
	$(quiet)$(CC) $(LDFLAGS_ALL) -o $@ $< -lssl -lcrypto

$(BENCH_INSIDE): $(B)/bench/%: $(B)/obj/tests/bench/%.o \
    $(call object,tests/unit/tally_model.c tests/unit/tally_play.c) \
    $(B)/libimapward.a
	@mkdir -p $(@D)
	$(call link)

# Each source by itself, so that all cores have work. Fields stand in the order
# in which one reads them: where a size matters it is asserted.
TIDY_CHECKS := -*,bugprone-*,cert-*,clang-analyzer-*,\
-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,\
-bugprone-narrowing-conversions,-bugprone-assignment-in-if-condition,\
-cert-dcl37-c,-cert-dcl51-cpp,-cert-err33-c,\
-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,\
-clang-analyzer-optin.performance.Padding
empty :=
TIDY := $(SOURCES:%=tidy/%) $(if $(wildcard $(MAIN)),tidy/$(MAIN))
.PHONY: $(TIDY)
tidy-run: $(TIDY)
$(TIDY): tidy/%: build/wolfssl.stamp
	$(say) TIDY $*
	$(quiet)clang-tidy --quiet --warnings-as-errors='*' --header-filter='.*' \
	    --checks='$(subst $(empty) ,,$(TIDY_CHECKS))' $* -- \
	    -std=c11 $(CPPFLAGS_ALL) $(CLI_DEFINES) 2>&1 | \
	    { ! grep -v 'warnings\? generated\|^$$\|Suppressed\|Use -header'; }

FORCE:

-include $(EVERY_OBJECT:.o=.d)
