# What people and CI run. `make help` lists it.

CARGO ?= cargo
export CARGO_TERM_COLOR ?= auto
# Tests end the server at places that no release has.
FEATURES = --features failpoints
# How long a soak is.
SECONDS ?= 600

.PHONY: help test tools check unit doctest soak demo bench deny

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: tools check doctest unit ## install what is missing, then every check and every test

tools: ## install what the checks and tests need and this machine lacks
	@sh scripts/tools.sh

check: ## format, lints and documentation, with warnings as errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --all-targets $(FEATURES) -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --document-private-items

doctest: ## the examples in the documentation
	$(CARGO) test --locked --quiet --doc $(FEATURES)

unit: ## every other test
	$(CARGO) nextest run --locked --no-fail-fast $(FEATURES)

soak: ## kill the server again and again under load, SECONDS=600 long, and audit what is left
	RINGBACK_SOAK_SECONDS=$(SECONDS) $(CARGO) nextest run --locked $(FEATURES) --profile soak --no-capture \
		-E 'binary(crash) & test(killed_at_random_under_load)'

demo: ## a server, a receiver, three executions and their callbacks
	$(CARGO) run --release --locked -- demo

bench: ## measure, and print what was measured
	$(CARGO) bench --locked

deny: ## licences and sources of all dependencies, by cargo-deny
	$(CARGO) deny --locked check licenses bans sources
