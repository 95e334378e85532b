# Every target does its own set-up. See the scripts in tools/.
.DEFAULT_GOAL := help
.PHONY: help run build test lint bench conformance fuzz pictures clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Build if necessary, and serve the dashboard on http://127.0.0.1:3000
	@target/release/countersign serve $(ARGS)

build: ## Build the release program, target/release/countersign
	@tools/build.sh

test: ## Every test and lint; STAGE="rust peers" runs only those stages
	@tools/test.sh $(STAGE)

lint: ## Formatting and clippy, for the server and the browser
	@tools/test.sh setup format clippy clippy-wasm

bench: build ## The figures of the README: start-up, page times, sizes, the watch of a simulated account, drawings
	@tools/bench.sh

conformance: build ## Compare the embedded engine with recordings of AWS, if there are any
	@tools/conformance.sh

fuzz: ## Each fuzz target for ten minutes; ARGS="60 path" chooses seconds and targets
	@tools/fuzz.sh $(ARGS)

pictures: build ## Take the README's pictures again
	@PICTURES=1 tools/test-browser.sh --project pictures

clean: ## Remove what was built and the demonstration's data
	@rm -rf target data .tools tools/node_modules end2end/node_modules crates/asl/benches/drawing/node_modules
