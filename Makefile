# Everything from a bare Debian machine: `make demo` or `make test`, each as the only command.

# Where rustup puts cargo, also in a shell that has not been told.
export PATH := $(PATH):$(HOME)/.cargo/bin

.PHONY: demo test model restart-truth oracle fuzz bench clients setup images secrets fmt lint clean-up

# A running stack, the incident, and the proof that nothing was lost. KEEP=1 leaves the stack up.
demo:
	@examples/demo.sh

test: setup images
	cargo test --locked --workspace

# The model of the whole path under random faults, with its figures: `make model N=5000` runs per fault class.
N ?= 1000
model:
	FEED_MODEL_RUNS=$(N) cargo test --test it model -- --nocapture

# The restart truth table (docs/restart-policies.md), measured again on an engine of its own. Needs root.
restart-truth:
	cargo test --test it restart_truth

# Generated projects, read by feedctl and by `docker compose config`: `make oracle N=5000` seeds.
oracle:
	FEEDCTL_ORACLE_SEEDS=$(N) cargo test -p feedctl-compose --test it -- --nocapture

# How long `feedctl audit-compose` takes, beside `docker compose config`. Compiles for release, which takes minutes.
bench: setup
	cargo bench --locked --bench audit_compose

# Any bytes as a Compose project, for T seconds, from the projects of the comparison on. Needs the nightly toolchain.
T ?= 120
FUZZ := target/fuzz
fuzz:
	mkdir -p $(FUZZ)/corpus $(FUZZ)/seeds
	for file in $$(find checks/compose/tests/projects -name '*.y*ml'); do cp $$file $(FUZZ)/seeds/$$(echo $$file | tr / -); done
	cd tests/fuzz && RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
		-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table" \
		CARGO_TARGET_DIR=../../$(FUZZ)/build cargo +nightly run --release --target x86_64-unknown-linux-gnu -- \
		-max_total_time=$(T) -timeout=10 -rss_limit_mb=1024 -max_len=8192 -artifact_prefix=../../$(FUZZ)/ \
		../../$(FUZZ)/corpus ../../$(FUZZ)/seeds

# Published KIS client libraries against the simulator. Not part of `test`: they come from PyPI.
CLIENTS := target/clients
clients:
	cargo build -p feed-simulator
	python3 -m venv $(CLIENTS)
	$(CLIENTS)/bin/pip install --quiet -r pipeline/simulator/tests/clients/requirements.txt
	$(CLIENTS)/bin/python pipeline/simulator/tests/clients/run.py target/x86_64-unknown-linux-gnu/debug/feed-simulator

# Installs what is missing; a second where nothing is.
setup:
	.ci/setup

images: setup
	.ci/images

# Random passwords for a stack of your own; the broker's keys are to be written over (secrets/kis_*).
secrets:
	.ci/secrets

fmt:
	cargo fmt --all

lint:
	cargo clippy --workspace --all-targets -- -D warnings

clean-up:
	.ci/clean-up
