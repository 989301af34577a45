.DEFAULT_GOAL := help
CARGO ?= cargo

.PHONY: help setup build install demo test store faults limits fuzz lint clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## put libduckdb under .duckdb/ (quick when it is there)
	@scripts/setup.sh

build: setup ## build the release binary and the plugins that ship with it
	$(CARGO) build --release --workspace

install: ## copy what was built below PREFIX (/usr/local), DESTDIR in front of it
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install.sh

demo: setup ## build, then run an example campaign
	@scripts/demo.sh

test: setup ## run every test, documentation included
	@scripts/extensions.sh # for sources other than files
	$(CARGO) build --workspace # campaigns in tests use the shipped plugins, which lie beside the binary
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		set -x; $(CARGO) nextest run --workspace; \
	else \
		set -x; $(CARGO) test --workspace --tests; \
	fi
	$(CARGO) test --workspace --doc

store: setup ## test s3:// against moto, which is fetched for that
	@scripts/extensions.sh
	@scripts/object_store.sh
	$(CARGO) test --test main program::remote -- --nocapture

COUNT ?= 3000
faults: setup ## inflict COUNT random faults on runs, print how many were survived
	$(CARGO) build --workspace
	CAMP_FAULTS=$(COUNT) $(CARGO) test --test main faults:: -- --nocapture --test-threads 1

LIMIT ?= field::large
limits: setup ## measure what is large: audiences, versions, columns, orders
	$(CARGO) build --release --workspace
	CAMP_TEST_PROGRAM=$(CURDIR)/target/release/camp \
		$(CARGO) test --test main $(LIMIT) -- --ignored --nocapture --test-threads 1

SECONDS_EACH ?= 720
TARGETS ?= parser formatter checker manifest lock_file
fuzz: setup ## fuzz TARGETS, each for SECONDS_EACH; needs nightly and cargo-fuzz
	@for target in $(TARGETS); do \
		mkdir -p fuzz/corpus/$$target; \
		$(CARGO) +nightly fuzz run --sanitizer none $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
			-dict=fuzz/words.dict -max_len=4096 -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
			-max_total_time=$(SECONDS_EACH) || exit 1; \
	done

lint: setup ## formatting and clippy, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

clean: ## remove what was built, keep the downloaded library
	$(CARGO) clean
