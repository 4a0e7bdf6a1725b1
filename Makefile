# `make` alone lists the targets. What each does is one command below it, so nothing here has to be learnt.

# Build products stay outside the checkout, where a fresh clone finds them again.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)
export CARGO_TARGET_DIR ?= $(CACHE)/tessera-target
# `make openapi PROFILE=--release` uses the release build that is there already.
PROFILE ?=
RELEASE := $(CARGO_TARGET_DIR)/release/tessera

.DEFAULT_GOAL := help
.PHONY: alerts help run demo test lint fmt openapi examples clients deny docker-build docker-check docker-start \
	gateway-check k8s-check k8s-start secret-scan figures soak bench profile bench-agenda bench-applications bench-audit \
	bench-growth bench-limits bench-provisioning bench-table-sizes

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start everything in one process with demo data, on http://127.0.0.1:8080
	cargo run --release -p tessera -- serve --demo

demo: ## walk the path of each dialect's callers against a server of its own, and show every answer
	cargo build --workspace --bins --examples
	$(CARGO_TARGET_DIR)/debug/examples/demo

# The tests start the binaries, of other packages too. All targets at once: a second command with other ones would build
# half of the dependencies again, with other features.
test: ## run every test, on SQLite and on a throw-away PostgreSQL
	cargo build --workspace --all-targets
	.ci/with-postgres cargo test --workspace --no-fail-fast

# Each of the tests under load goes on for so many seconds. One after the other, so that they have the machine to themselves.
SOAK ?= 600
soak: ## let the tests of replicas under load, of kills, restarts and outages go on for SOAK seconds each (600), and prune a million rows
	cargo build --workspace --all-targets
	TESSERA_SOAK_SECONDS=$(SOAK) .ci/with-postgres \
		cargo test -p tessera --test process -- replicas:: growth:: --nocapture --test-threads=1

lint: ## what CI wants to see clean: format, clippy, documentation
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

fmt: ## format the code
	cargo fmt --all

openapi: ## write what is generated from the code: OpenAPI documents and the reference of settings
	cargo run $(PROFILE) -p tessera -- openapi --out proto-docs/openapi
	cargo run $(PROFILE) -p tessera -- config reference >$(CARGO_TARGET_DIR)/settings.md
	cp $(CARGO_TARGET_DIR)/settings.md proto-docs/settings.md

examples: release ## run the examples of the documentation as they stand
	.ci/examples $(RELEASE) README.md proto-docs/*.md

clients: release ## run the published Python and JavaScript clients of the dialects against the release build
	services/tessera/tests/clients/run $(RELEASE)

alerts: ## check the alert rules and the dashboard, and run the tests of the rules
	.ci/alerts

deny: ## judge licences, sources and bans of the dependencies, and advisories where the database can be had
	.ci/deny

k8s-check: ## render the Kubernetes manifests and validate them strictly
	.ci/k8s-check

k8s-start: release ## start the release build with the settings of the manifests, and wait until it is ready
	.ci/k8s-start $(CARGO_TARGET_DIR)/release

docker-check: ## judge the Dockerfile, the compose files, and the settings of gateway and collector
	.ci/docker-check

docker-start: release ## put the images together without a container engine, and run the release build in them
	.ci/docker-start $(CARGO_TARGET_DIR)/release

docker-build: ## the Dockerfile's own build, compilation too, in a fresh Debian (root, debootstrap, 3 GB, half an hour)
	mkdir -p $(CACHE)/tessera-docker-build
	.ci/docker-build $(CACHE)/tessera-docker-build

gateway-check: release ## put nginx with the settings of deploy/gateway before the services, and prove what it promises
	.ci/gateway-check $(CARGO_TARGET_DIR)/release

secret-scan: ## look for secrets among the committed files
	.ci/secret-scan

figures: release ## measure cold start and idle memory of the release build
	.ci/figures $(RELEASE)

# PostgreSQL shares the core of the server, so that its work counts. `make bench BENCH="--quick --scenario room"`.
SERVER_CORE ?= 0
CLIENT_CORE ?= 1
LOAD_BENCH := $(CARGO_TARGET_DIR)/release/load-bench --server-core $(SERVER_CORE) --client-core $(CLIENT_CORE)
BENCH ?= --json $(CARGO_TARGET_DIR)/load-bench.json
bench: release ## measure every scenario beside its floor, on one core for the server and one for the load (BENCH: other arguments)
	cargo build --release -p load-bench
	taskset -c $(SERVER_CORE) .ci/with-postgres $(LOAD_BENCH) run $(BENCH)

# LIMITS: options of the three that go on for a time, `make bench-limits LIMITS=--quick`.
bench-limits: release ## measure memory over a million tokens, saturation by sign-ins, shared commits, and what a seen token costs
	cargo build --release -p load-bench
	$(LOAD_BENCH) seen $(LIMITS)
	$(LOAD_BENCH) group-commit $(LIMITS)
	$(if $(shell command -v strace),$(LOAD_BENCH) group-commit --slower-flush 1ms $(LIMITS),@echo "no strace: shared commits are not measured on a slower disk")
	$(LOAD_BENCH) saturation $(LIMITS)
	$(LOAD_BENCH) memory

# TABLE_SIZES: other arguments, `make bench-table-sizes TABLE_SIZES="--rows 1000,10000 --backend sqlite --quick"`. Needs two
# cores, Debian's package postgresql, and for a million rows of each table some 6 GB of free disk under TMPDIR.
bench-table-sizes: release ## measure how the cost of requests grows with 1e3 to 1e6 clients, accounts, rooms and tokens (40 minutes, 6 GB)
	cargo build --release -p load-bench
	taskset -c $(SERVER_CORE) .ci/with-postgres $(LOAD_BENCH) growth $(TABLE_SIZES)

# Frame pointers, so that a profiler sees who called whom: with a build of its own, which the release build is not.
PROFILING := $(CARGO_TARGET_DIR)/profiling
profile: ## draw a flame graph of SCENARIO (`load-bench list`) with perf and inferno, and sum up what costs most
	RUSTFLAGS="-C force-frame-pointers=yes" cargo build --profile profiling -p tessera -p load-bench
	.ci/profile $(PROFILING) $(or $(SCENARIO),client_credentials) $(PROFILING)/$(or $(SCENARIO),client_credentials).svg

bench-agenda: ## compare what listing agents and absences costs in a small and in a large directory
	.ci/with-postgres cargo run --release -p identity --example visibility

.PHONY: statements upgrade-check
statements: ## write down the statements of this version, which the versions after it are tested against: at a release
	.ci/with-postgres .ci/statements

upgrade-check: ## run the process tests (SUITE) and programs (FOLDER) of the version before on the schema of this one
	cargo build -p tessera --bins
	.ci/with-postgres .ci/upgrade-check $(SUITE) $(FOLDER) $(CARGO_TARGET_DIR)/debug/tessera

bench-applications: ## compare the first page of a million applications with page 10,000
	.ci/with-postgres cargo run --release -p applications --example pages

bench-audit: ## seal and verify an audit trail of a million events on both databases
	.ci/with-postgres cargo run --release -p identity --example audit_chain

bench-provisioning: ## compare what listing accounts costs in a small and in a large directory, and what creating one takes
	.ci/with-postgres cargo run --release -p identity --example provisioning
	cargo build --release -p tessera --bin tessera --example creating
	$(CARGO_TARGET_DIR)/release/examples/creating

bench-growth: ## compare what requests take while a million expired rows are deleted with what they take before, on both databases
	cargo build --release -p tessera --bin tessera --example growth
	.ci/with-postgres $(CARGO_TARGET_DIR)/release/examples/growth

# Every service in one command, with the features that each has by itself.
.PHONY: release
release:
	cargo build --release $(patsubst services/%,-p %,$(wildcard services/*))
