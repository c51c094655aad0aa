# `make` lists the targets. Everything runs as root and as an ordinary user; an
# ordinary user needs sudo once, for `make deps`.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-print-directory
.DEFAULT_GOAL := help

GO      ?= go
BINARY  ?= bin/gradewatch
# Empty outside a Git work tree, as in an image build, which passes VERSION.
VERSION ?= $(shell git -c safe.directory='*' describe --tags --always --dirty 2>/dev/null || echo devel)

# Git refuses to answer in a work tree that somebody else owns, as CI clones
# are; the version comes from VERSION instead.
export GOFLAGS ?= -buildvcs=false

# Tools that build once a machine, not once a clone.
CACHE                 := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/gradewatch
GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT         := $(CACHE)/golangci-lint-$(GOLANGCI_LINT_VERSION)-$(shell $(GO) env GOVERSION)/golangci-lint

# Test tools that no distribution has any more, or that come from npm.
export GRADEWATCH_TEST_TOOLS ?= $(CURDIR)/.cache/tools

TEST_TIMEOUT ?= 15m
TEST_FLAGS   ?=
FUZZ_TIME    ?= 10s
# Generated code is templ's to format; folders with a dot or their own go.mod are not ours.
GO_FILES = $(shell find . -path './.*' -prune -o -path ./node_modules -prune -o -name '*.go' -not -name '*_templ.go' -print)
TEMPL_FILES = $(shell find . -path './.*' -prune -o -name '*_templ.go' -print)

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Build and start everything on http://127.0.0.1:8080, with a private Postgres
	@exec $(BINARY) serve

.PHONY: demo
demo: build ## The same with local servers of different quality already registered
	@exec $(BINARY) demo

.PHONY: build
build: ## Build the program: bin/gradewatch
	@CGO_ENABLED=$${CGO_ENABLED:-0} $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BINARY) ./cmd/gradewatch

.PHONY: deps
deps: ## Install what the tests need: system packages (as root, or with sudo) and test tools
	@.ci/deps install

.PHONY: test
test: ## Everything that must hold: format, generated code, lint, vet, tests under the race detector
	@.ci/deps ensure
	@$(MAKE) -j2 --output-sync=target check
	@$(MAKE) test-go TEST_FLAGS='-vet=off $(TEST_FLAGS)'
	@$(MAKE) fuzz-briefly

.PHONY: check
check: check-format check-generated lint check-deploy vet

.PHONY: test-go
test-go: ## The tests alone, under the race detector
	@.ci/deps ensure
	$(GO) test -race -count=1 -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) ./...

.PHONY: vet
vet: check-generated
	@$(GO) vet ./... && echo 'vet: fine'

.PHONY: lint
lint: $(GOLANGCI_LINT) check-generated ## golangci-lint, pinned
	@$(GOLANGCI_LINT) run ./... && echo 'lint: fine'

# Not a tool of go.mod: its 200 modules would choose versions for the program.
$(GOLANGCI_LINT):
	@echo 'Building golangci-lint $(GOLANGCI_LINT_VERSION), once a machine.'
	@GOFLAGS= GOBIN='$(@D)' $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

.PHONY: format
format: ## Format the code with gofumpt
	@$(GO) tool gofumpt -w $(GO_FILES)

.PHONY: check-format
check-format:
	@wrong="$$($(GO) tool gofumpt -l $(GO_FILES))"; \
	if [ -n "$$wrong" ]; then printf 'These files are not formatted. Run make format:\n%s\n' "$$wrong"; exit 1; fi; \
	echo 'format: fine'

.PHONY: generate
generate: ## Write the Go code of the templ pages
	@$(GO) tool templ generate -log-level error

# Compares with what lay there before, not with Git: it holds for work that is
# not committed yet, and in a work tree that Git does not trust.
.PHONY: check-generated
check-generated:
	@before="$$(cat /dev/null $(TEMPL_FILES) | sha256sum)"; \
	$(MAKE) generate; \
	after="$$(cat /dev/null $$(find . -path './.*' -prune -o -name '*_templ.go' -print) | sha256sum)"; \
	if [ "$$before" != "$$after" ]; then echo 'Generated pages were older than their templ files. They are new now: commit them.'; exit 1; fi; \
	echo 'generated: fine'

# A module of its own: BuildKit stays out of the program's go.mod.
.PHONY: check-deploy
check-deploy: ## Check the Dockerfile with BuildKit's linter, and fly.toml against its documented keys
	@cd tools/deploycheck && $(GO) vet ./... && $(GO) test ./...

.PHONY: bench
bench: ## Run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZ_TIME (10s)
	@FUZZ_TIME=$(FUZZ_TIME) .ci/fuzz

# A number of executions, not a time: seconds are few on a busy machine.
.PHONY: fuzz-briefly
fuzz-briefly: ## What reads the bytes of peers, fuzzed for seconds
	@said="$$(FUZZ_BUILD=-race FUZZ_TIME=100x .ci/fuzz checks/tlsprobe/wire checks/tlsprobe/conversation checks/tlsprobe/session 2>&1)" || { echo "$$said"; exit 1; }; \
	echo "fuzz: $${said##*$$'\n'}"

.PHONY: clean
clean: ## Remove what was built; the data folder stays
	@rm -rf bin .cache
