# Everything from a bare Debian machine: `make demo` or `make test`, each as the only command.

.PHONY: demo test setup images fmt lint clean-up

# A running stack, the incident, and the proof that nothing was lost. KEEP=1 leaves the stack up.
demo:
	@examples/demo.sh

test: setup images
	cargo test --workspace

# Installs what is missing; a second where nothing is.
setup:
	.ci/setup

images: setup
	.ci/images

fmt:
	cargo fmt --all

lint:
	cargo clippy --workspace --all-targets -- -D warnings

clean-up:
	.ci/clean-up
