# Each target installs what it needs (test/host/need) and says what it does.

# The client's version; the plugin's is three numbers that its rules ask for, in its source.
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# What git knows is stamped by VERSION; a checkout whose owner it distrusts must build too.
GOBUILD := go build -trimpath -buildvcs=false
NEED    := @test/host/need

CAPTURE     ?=
GRANULARITY ?=
TIME        ?= 8s
# The host is provisioned before the tests: one that it lets down must not be skipped.
export XIM_E2E ?= required

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1	/p' Makefile | while IFS='	' read -r target text; do \
		printf '  make %-7s %s\n' "$$target" "$$text"; done

.PHONY: build
build: plugin client ## build build/libxim.so (the plugin) and build/xim (the client)

.PHONY: plugin
plugin:
	$(NEED) go gcc
	@echo "build: build/libxim.so" >&2
	@CGO_ENABLED=1 $(GOBUILD) -buildmode=c-shared -o build/libxim.so ./plugin && rm -f build/libxim.h

.PHONY: client
client:
	$(NEED) go
	@echo "build: build/xim" >&2
	@CGO_ENABLED=0 $(GOBUILD) -ldflags '-X main.version=$(VERSION)' -o build/xim ./cmd/xim

.PHONY: host
host: ## provision build/host/sysdig, a real host that loads the plugin
	@test/host/provision

.PHONY: run
run: client ## watch this machine for TIME=8s and print its flows; play CAPTURE=file, or where it cannot watch a recording
	@if [ -n "$(CAPTURE)" ]; then exec $(MAKE) --no-print-directory play; fi; \
	test/host/live "$(TIME)" "$(or $(GRANULARITY),process)" || { status=$$?; [ $$status -eq 3 ] || exit $$status; \
		echo "run: playing a recording instead" >&2; exec $(MAKE) --no-print-directory play; }

.PHONY: play
play: build host ## play a recording and print its flows (CAPTURE=file GRANULARITY=process|container|pod)
	$(NEED) jq
	@test/host/play "$(or $(CAPTURE),test/testdata/pods.scap)" "$(or $(GRANULARITY),pod)"

.PHONY: test
test: build host ## run all tests
	$(NEED) jq containerd runc busybox
	@echo "test: go test ./..." >&2
	@test/host/gotest -count=1 ./...

.PHONY: test-vm
test-vm: ## run the sensor's tests on other kernels, in emulated machines (KERNELS="6.1 6.12")
	@XIM_VM_KERNELS="$(KERNELS)" XIM_VM_TIMEOUT=1500 XIM_STARTS=4 XIM_FILES=5000 XIM_STEPS=500 test/vm/run

.PHONY: generate
generate: ## compile the sensor's programs anew (clang)
	$(NEED) go clang llvm-strip libbpf-dev
	@echo "generate: plugin/kernel" >&2
	@go generate ./plugin/kernel

.PHONY: asan
asan: build host ## run the plugin on all recordings under AddressSanitizer (minutes)
	@test/asan/run

.PHONY: bench
bench: build host ## run the benchmarks, and measure what the plugin costs a host (PAIRS=5)
	$(NEED) gcc sqlite3
	@echo "bench: go test -bench . ./..." >&2
	@go test -run '^$$' -bench . -benchmem ./...
	@echo "bench: the plugin in a host" >&2
	@PAIRS="$(PAIRS)" test/host/bench-replay
	@test/host/bench-hot

.PHONY: lint
lint: ## check format, vet, staticcheck, shell scripts and who imports whom
	$(NEED) go gcc shellcheck
	@echo "lint: gofmt" >&2
	@bad=$$(gofmt -l .) && { [ -z "$$bad" ] || { echo "gofmt wants: make fmt, for:" $$bad >&2; exit 1; }; }
	@echo "lint: go vet" >&2
	@go vet ./...
	@echo "lint: staticcheck" >&2
	@go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	@echo "lint: shellcheck" >&2
	@grep -rlIE --exclude-dir=build --exclude-dir=.git --exclude-dir=testdata '^#!/bin/(ba)?sh' . | xargs shellcheck
	@echo "lint: imports" >&2
	@go test -count=1 ./test/arch

.PHONY: fmt
fmt: ## format the Go files
	gofmt -w .

.PHONY: clean
clean: ## remove build/
	rm -rf build
