# Berth. Each target does its own set-up and says what it installs.
# Go 1.26 or newer is all that has to be there; Node 20 for the console.

SHELL := bash
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 20s
TOOL := go tool -modfile=tools/go.mod

.DEFAULT_GOAL := help
.PHONY: help demo test build lint bench fuzz winelab console e2e picture man clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: build ## the whole way on this machine: server, agent, two versions of a package (DEMO=once: stop at the end)
	bin/berth demo $(if $(filter once,$(DEMO)),--once)

test: ## everything that judges a change: vet, lint, tests with the race detector, API clients, console
	@VERSION='$(VERSION)' scripts/test

build: console ## bin/berth, with the console in it
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/berth ./cmd/berth

lint: ## golangci-lint, at the version that tools/go.mod pins (built at first use: about a minute)
	$(TOOL) golangci-lint run ./...

bench: build ## Berth beside 7-Zip and ntfs-3g, the console in a slow browser, Go's benchmarks (BENCH='-only hash': flags of bench/)
	@scripts/need 7zz=7zip vhdimount=libvhdi-utils mkntfs=ntfs-3g qemu-img=qemu-utils
	PATH=$$PATH:/usr/sbin:/sbin go run ./bench $(BENCH)
	go run ./bench/hosts
	@BERTH_BIN=$(CURDIR)/bin/berth scripts/console bench
	@go test -run '^$$' -bench . -benchmem ./... | grep -E '^(Benchmark|pkg:|cpu:|FAIL|panic)'; exit $${PIPESTATUS[0]}

fuzz: ## every fuzz target for FUZZTIME (20s) each
	@scripts/fuzz $(FUZZTIME)

winelab: ## the Windows agent under Wine against a real server (WINELAB_KILLS=200: as many deaths)
	@scripts/need /usr/lib/wine/wine64=wine64 x86_64-w64-mingw32-gcc=gcc-mingw-w64-x86-64-win32
	BERTH_WINELAB=1 go test -count=1 -v -timeout 90m ./test/winelab

console: ## the web console, into console/dist
	@scripts/console build

e2e: build ## the console in a real browser, pictures into dist/console-e2e (installs Chromium if there is none)
	@BERTH_BIN=$(CURDIR)/bin/berth scripts/console e2e

picture: build ## docs/console.png, the picture of README.md
	@BERTH_BIN=$(CURDIR)/bin/berth scripts/console picture

man: ## man pages of all commands, into dist/man
	go run -tags man ./cmd/berth man dist/man

clean: ## remove what the other targets made, but for Go's own caches
	rm -rf bin dist console/node_modules
	@if [ -d console/dist ]; then find console/dist -mindepth 1 ! -name .gitkeep -delete; fi
