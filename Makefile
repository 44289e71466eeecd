# What a developer or a curious user runs; `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Seconds until `make demo` ends by itself; 0: until Ctrl-C.
SECONDS := 0
# Where the demo's rules are: legacy or nft.
BACKEND := legacy
ifeq ($(filter legacy nft,$(BACKEND)),)
$(error BACKEND is legacy or nft, not '$(BACKEND)')
endif
# Seconds that `make soak` takes.
DURATION := 600
# Seconds that `make walk` takes for each backend.
WALK_SECONDS := 30
# Seconds that `make packets` takes.
PACKET_SECONDS := 600
# Seconds that `make fuzz` goes on after the seeds, shared by the domains, and the domains: none for all.
FUZZ_SECONDS := 60
FUZZ_DOMAINS :=
# Further flags of the exporter for `make run`.
FLAGS :=
# Further flags for `make bench`, such as --report-only, --backend nft or --size 1000x4.
BENCH_FLAGS :=

# What the binary says it was built from. (Package.swift would ask git itself, but not at every build.)
export REVISION ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
# Every node pays for the binary: no symbols, identical functions once, none exported for plug-ins, and of
# libstdc++ only what Swift's runtime needs of it, found where nothing but the static library is. lld comes
# with Swift. Its packed relocations save 1.6 MB on disk and in memory; glibc reads them from 2.36 on.
STATIC_LIBRARIES := .build/static
LINKER_OPTIONS := -s --icf=all --no-export-dynamic -L$(CURDIR)/$(STATIC_LIBRARIES) \
  $(shell getconf GNU_LIBC_VERSION | awk '$$2 >= 2.36 { print "-z pack-relative-relocs" }')
LINK_FLAGS := -Xswiftc -use-ld=lld $(addprefix -Xlinker ,$(LINKER_OPTIONS))

# What `make image` calls the image, and what it builds it with: docker, or podman.
VERSION := $(shell sed -n 's/.*version: "\([^"]*\)".*/\1/p' Sources/kube-iptables-exporter/Command.swift)
IMAGE := kube-iptables-exporter:$(VERSION)
CONTAINER_TOOL := docker

EXPORTER := .build/release/kube-iptables-exporter
# Where packages and the SBOM are put.
PACKAGES := .build/packages
# Kernel rules and network namespaces need root. (PATH is passed on for the Swift toolchain's sake.)
AS_ROOT := $(shell [ "$$(id -u)" -eq 0 ] || echo 'sudo env "PATH=$$PATH"')
# Bash counts in a SECONDS of its own, so no script gets a variable of that name.
unexport SECONDS

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install what is missing on this machine (apt; Swift itself you install)
	@.ci/setup build run test package deploy

.PHONY: build
build: ## Build the release binary, stripped: .build/release/kube-iptables-exporter
	@.ci/setup build
	@mkdir -p $(STATIC_LIBRARIES)
	@ln -sf "$$(clang -print-file-name=libstdc++.a)" $(STATIC_LIBRARIES)/
	swift build -c release --static-swift-stdlib --product kube-iptables-exporter $(LINK_FLAGS)

.PHONY: run
run: build ## Serve this machine's own rules on port 9455 (FLAGS="..." for more flags)
	$(AS_ROOT) $(EXPORTER) $(FLAGS)

.PHONY: demo
demo: build ## Serve rules that change as in the article (BACKEND=legacy|nft, SECONDS=0: until Ctrl-C)
	@.ci/setup run
	@$(AS_ROOT) env BACKEND=$(BACKEND) Deploy/demo/demo $(EXPORTER) $(SECONDS)

.PHONY: test
test: ## Run all tests, those on the live kernel included where this user can be root
	@.ci/setup build run test
	swift build --build-tests
	@.ci/test
	swift test --package-path Benchmarks -c release --disable-testable-imports

.PHONY: walk
walk: ## Hold warm pages against cold ones on the live kernel (WALK_SECONDS=30 for each backend)
	@.ci/setup build run test
	swift build --build-tests
	@KIE_WALK_SECONDS=$(WALK_SECONDS) .ci/test --filter ExporterTests.WarmColdTests

.PHONY: packets
packets: ## Hold the walk of packets against the live kernel (PACKET_SECONDS=600)
	@.ci/setup build run test
	swift build --build-tests
	@KIE_PACKET_SECONDS=$(PACKET_SECONDS) KIE_PACKET_SEED=$${KIE_PACKET_SEED:-$$(date +%s)} .ci/test --filter PacketWalkTests.KernelWalkTests

.PHONY: fuzz
fuzz: ## Fuzz readers, decoders and parsers (FUZZ_SECONDS=60, FUZZ_DOMAINS="netlink http")
	@.ci/setup build
	swift build --package-path Tests/Fuzzing -c release --product fuzz
	@Tests/Fuzzing/run $(FUZZ_SECONDS) $(FUZZ_DOMAINS)

.PHONY: lint
lint: ## Check the style of all Swift code, and of scripts where shellcheck is installed
	@.ci/setup build
	swift format lint --strict --recursive --configuration .swift-format \
	  $(wildcard Sources Tests) Benchmarks/Sources Benchmarks/Tests Benchmarks/Package.swift Package.swift
	@if command -v shellcheck >/dev/null; then \
	  shellcheck -x --source-path=SCRIPTDIR \
	    $$(grep -rlE '^#!/(usr/bin/env bash|bin/sh)|^# shellcheck shell=bash' .ci Deploy Tests/Fuzzing/run); \
	else echo "shellcheck is not installed: scripts not checked"; fi

.PHONY: image
image: ## Build the container image (IMAGE=name:tag, CONTAINER_TOOL=docker|podman, SWIFT_DIGEST=@sha256:...)
	$(CONTAINER_TOOL) build -f Deploy/Dockerfile -t $(IMAGE) \
	  --build-arg REVISION=$(REVISION) --build-arg VERSION=$(VERSION) \
	  $(if $(SWIFT_DIGEST),--build-arg SWIFT_DIGEST=$(SWIFT_DIGEST)) .

.PHONY: deb
deb: build ## Build the Debian package, with man page, completions and unit: .build/packages
	@.ci/setup package
	@Deploy/package/build deb $(EXPORTER) $(PACKAGES)

.PHONY: tarball
tarball: build ## Build a tar archive with the same for other distributions: .build/packages
	@Deploy/package/build tarball $(EXPORTER) $(PACKAGES)

.PHONY: sbom
sbom: build ## Write what the binary is made of, as SPDX: .build/packages/sbom.spdx.json
	@mkdir -p $(PACKAGES)
	@Deploy/package/sbom $(EXPORTER) >$(PACKAGES)/sbom.spdx.json
	@echo $(PACKAGES)/sbom.spdx.json

.PHONY: manifests
manifests: ## Make Deploy/kubernetes anew from chart and rules, and the chart's README from its values
	@.ci/tools bin python
	Deploy/kubernetes/generate
	.build/ci/python/bin/python Deploy/chart/readme

.PHONY: dashboard
dashboard: ## Make the Grafana dashboard anew from Dashboards/parts
	Dashboards/generate

.PHONY: bench
bench: build ## Measure scrapes against the kernel's time and iptables-nft-save (BENCH_FLAGS=--report-only)
	@.ci/setup run
	swift build --package-path Benchmarks -c release --product bench
	$(AS_ROOT) Benchmarks/.build/release/bench --exporter $(EXPORTER) $(BENCH_FLAGS)

.PHONY: soak
soak: build ## Scrape while both backends' rules are rewritten all the time (DURATION=600 seconds)
	@.ci/setup run test
	swift build --package-path Benchmarks -c release --product soak
	$(AS_ROOT) Benchmarks/.build/release/soak --exporter $(EXPORTER) --duration $(DURATION)

.PHONY: clean
clean: ## Remove everything that was built
	swift package clean
	swift package --package-path Benchmarks clean
	swift package --package-path Tests/Fuzzing clean
