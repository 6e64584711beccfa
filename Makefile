# Thin: each target is a line or two over CMake presets and tools/. `make` alone prints this help.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1

EXAMPLE := examples/cnt
TIDEGATE := build/release/tidegate

.PHONY: help up down reset build test lint coverage bench soak mutants fuzz clean install

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

up: build ## install, build, start the control plane, bring the example up, show its status
	@$(TIDEGATE) up $(EXAMPLE)/stack.yaml
	@$(TIDEGATE) status
	@tools/try.sh $(TIDEGATE)

down: ## delete every stack of this home, stop the control plane and the balancer
	@tools/down.sh $(TIDEGATE)

reset: ## down, and remove the home too
	@tools/down.sh $(TIDEGATE) --remove-home

build: ## install what is missing, build the release and the example's image; start nothing
	@tools/install.sh build
	@tools/build.sh release tidegate tidegate_shim
	@tools/image.sh $(EXAMPLE)

test: ## every lane; the last line is the total
	@tools/install.sh build test
	@tools/image.sh $(EXAMPLE)
	@/usr/bin/python3 tools/test.py

lint: ## clang-tidy on what differs from main (slow)
	@tools/install.sh build test clang
	@tools/lint.sh

coverage: ## line coverage of src/core and src/engine by clang, at least 90 %
	@tools/install.sh build test clang
	@tools/coverage.sh

bench: build ## figures: reaction, tick, idle, re-adoption
	@tools/bench.sh

soak: ## hours: 20 000 simulated group-hours, a fresh machine, 200 cycles
	@tools/install.sh build test clang soak
	@tools/soak.sh

mutants: ## plant faults in core and engine, count what the fast lanes catch (N=… SEED=… ONLY=src/… QUICK=1 RETRY=1)
	@tools/install.sh build test
	@/usr/bin/python3 tools/faults/try.py

fuzz: ## libFuzzer on every harness (SECONDS_EACH=60 ONLY=…)
	@tools/install.sh build clang
	@tools/fuzz.sh

clean: ## remove build/ and the example's image
	@rm -rf build $(EXAMPLE)/image $(EXAMPLE)/image.new $(EXAMPLE)/image.previous

install: build ## PREFIX=/usr/local make install
	@DESTDIR="$${DESTDIR:-}" cmake --install build/release --prefix "$${PREFIX:-/usr/local}" >&2
