# Everything from a bare Debian machine: `make demo` or `make test`, each as the only command.

# Where rustup puts cargo, also in a shell that has not been told.
export PATH := $(PATH):$(HOME)/.cargo/bin

.PHONY: demo test model clients setup images secrets fmt lint clean-up

# A running stack, the incident, and the proof that nothing was lost. KEEP=1 leaves the stack up.
demo:
	@examples/demo.sh

test: setup images
	cargo test --locked --workspace

# The model of the whole path under random faults, with its figures: `make model N=5000` runs per fault class.
N ?= 1000
model:
	FEED_MODEL_RUNS=$(N) cargo test --test it model -- --nocapture

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
