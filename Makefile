# Each target installs what it needs (test/host/need) and says what it does.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -X main.version=$(VERSION)
# The version is stamped above; a checkout that git distrusts must build too.
GOBUILD := go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'
NEED    := @test/host/need

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | while IFS='	' read -r target text; do \
		printf '  make %-8s %s\n' "$$target" "$$text"; done

.PHONY: build
build: plugin client ## build build/libxim.so and build/xim

.PHONY: plugin
plugin:
	$(NEED) go gcc
	@echo "build: build/libxim.so, the plugin" >&2
	@CGO_ENABLED=1 $(GOBUILD) -buildmode=c-shared -o build/libxim.so ./plugin && rm -f build/libxim.h

.PHONY: client
client:
	$(NEED) go
	@echo "build: build/xim, the client" >&2
	@CGO_ENABLED=0 $(GOBUILD) -o build/xim ./cmd/xim

.PHONY: host
host: ## provision build/host/sysdig, a real host for the plugin (no root file system is touched)
	@test/host/provision

.PHONY: clean
clean: ## remove build/
	rm -rf build
