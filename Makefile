# The only entry. `make help` explains each target.
#
# Guests (policies) and hosts are never mixed in one cargo call: features would unify, and profiles differ. Nor are guests
# mixed with those that link std (`links_std` in their declaration): std would come to all, through serde's features. All
# host calls name the same packages, so that cargo resolves the same features and builds wasmtime once.

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
POLICIES := $(patsubst policies/%/Cargo.toml,%,$(wildcard policies/*/Cargo.toml))
GUESTS := $(addprefix -p ,$(POLICIES))
# Rules that say `links_std: true` are built in a call of their own: std's features would come to all the others.
STD_POLICIES := $(patsubst policies/%/src/lib.rs,%,$(shell grep -l '^ *links_std: true' policies/*/src/lib.rs))
HOSTS := $(addprefix -p ,seaworthy-engine seaworthy-sources seaworthy-session seaworthy-editor seaworthy-sandbox seaworthy-registry seaworthy-cluster seaworthy-foreign seaworthy-scaffold seaworthy-serve seaworthy-web seaworthy seaworthy-tests seaworthy-oracle seaworthy-test-cluster seaworthy-judge)
MODULES := $(TARGET)/policies
SEAWORTHY := $(TARGET)/release/seaworthy
# Of a guest's memory, 128 KiB are stack: what a new instance costs is above all its memory, and 1 MiB of stack, the
# default, makes a whole run in a browser 1.5 x as long. An object 5,000 levels deep is still an answer and no trap.
GUEST_CARGO := CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS='-C link-arg=-zstack-size=131072' cargo
# What cargo makes of rules, and the mark that all of it was optimised.
BUILT := $(TARGET)/wasm32-unknown-unknown/policy
OPTIMISED := $(MODULES)/.optimised
BINARYEN := sdk/optimise/node_modules/.package-lock.json
WEB := $(TARGET)/web
NODE_MODULES := host/web/node_modules/.package-lock.json
MDBOOK := $(TARGET)/tools/bin/mdbook
CHROMIUM ?= /usr/bin/chromium
FIREFOX ?= /usr/bin/firefox-esr
CARGO := cargo
CARGO_DENY := 0.20.2
CARGO_CYCLONEDX := 0.5.9
MUSL := x86_64-unknown-linux-musl
DIST := $(TARGET)/dist

NODE = @node --version >/dev/null 2>&1 || { echo 'node is missing: install Node.js 20.19 or newer, with npm' >&2; exit 1; }

export CARGO_TARGET_DIR := $(TARGET)
export SEAWORTHY_POLICIES := $(MODULES)
export CHROMIUM
export FIREFOX

.DEFAULT_GOAL := help
.PHONY: help run build policies native fixtures web docs extension neovim library serve-web web-test web-bench web-screens chromium firefox docker-registry test check fmt clippy unit e2e oracle deny bench bench-serve bench-large new-policy time-zones judge kubernetes-tables tools rendering-tools linters custom-resources dist musl pre-commit

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Check the example shop: a good service and a bad one
	@echo; echo '$$ seaworthy check examples/shop'; echo
	@$(SEAWORTHY) check examples/shop || test $$? -eq 1

build: policies ## Build the binary (target/release/seaworthy) with all rules inside
	$(CARGO) build --locked --release $(HOSTS) --bin seaworthy

policies: tools ## Build every rule to target/policies/<rule>.wasm, its machine code and metadata beside it
	$(GUEST_CARGO) build --locked --profile policy --target wasm32-unknown-unknown \
		$(addprefix -p ,$(filter-out $(STD_POLICIES),$(POLICIES)))
	$(if $(STD_POLICIES),$(GUEST_CARGO) build --locked --profile policy --target wasm32-unknown-unknown \
		$(addprefix -p ,$(STD_POLICIES)))
	@mkdir -p $(MODULES)
	@cd $(MODULES) && for file in *.wasm *.cwasm *.json; do \
		case " $(POLICIES) " in *" $${file%.*} "*) ;; *) rm -f "$$file" ;; esac; done
	@for rule in $(POLICIES); do test -e $(MODULES)/$$rule.wasm || rm -f $(OPTIMISED); done
	@$(MAKE) --no-print-directory $(OPTIMISED)
	$(CARGO) build --locked --release $(HOSTS) --bin precompile
	$(TARGET)/release/precompile $(MODULES)

# All of them, where what optimises them changed itself.
$(OPTIMISED): CHANGED = $(filter %.wasm,$(if $(filter $(BINARYEN) %.mjs,$?),$^,$?))
$(OPTIMISED): $(addprefix $(BUILT)/,$(addsuffix .wasm,$(subst -,_,$(POLICIES)))) $(BINARYEN) sdk/optimise/optimise.mjs
	@echo 'optimise $(words $(CHANGED)) modules'
	@node sdk/optimise/optimise.mjs $(MODULES) $(CHANGED)
	@touch $@

$(BINARYEN): sdk/optimise/package-lock.json
	$(NODE)
	cd sdk/optimise && npm ci --no-audit --no-fund
	@touch $@

web: library ## Build the npm package (host/web/library/dist) and the site (target/web/site)
	cd host/web && npm run --silent build -w page

library: policies $(NODE_MODULES)
	$(CARGO) build --locked --profile browser --target wasm32-unknown-unknown -p seaworthy-web
	$(CARGO) build --locked --release -p seaworthy-web --features assemble --bin assemble
	@mkdir -p $(WEB)
	$(TARGET)/release/assemble glue $(TARGET)/wasm32-unknown-unknown/browser/web.wasm $(WEB)/engine
	$(TARGET)/release/assemble pack $(MODULES) $(WEB)/policies.bundle
	cd host/web && npm run --silent build -w library -- $(WEB)

serve-web: web ## Serve the site on http://127.0.0.1:4173
	cd host/web && npm run --silent serve -w page

docs: build web $(MDBOOK) ## Build the site of the documentation (target/docs): docs/, a page for each rule, the page for the browser
	docs/build.sh $(SEAWORTHY) $(TARGET)/book $(TARGET)/docs $(MDBOOK)
	@cp -R $(WEB)/site $(TARGET)/docs/playground

$(MDBOOK):
	$(CARGO) install --quiet --locked --debug mdbook --version 0.5.4 --no-default-features --features search --root $(TARGET)/tools

extension: ## Build the extension for Visual Studio Code (editors/vscode/seaworthy.vsix)
	$(NODE)
	cd editors/vscode && npm ci --ignore-scripts --no-audit --no-fund && npm run --silent package

# Left out, aloud, by the test itself where it cannot be installed.
neovim:
	@command -v nvim >/dev/null || { test $$(id -u) -eq 0 && apt-get update -qq \
		&& apt-get install -y -qq --no-install-recommends neovim; } || true

web-test: web chromium firefox ## Tests of the page, in a headless Chromium, and the core of them in Firefox
	cd host/web && npm run --silent test -w page

web-bench: web chromium ## What the library and the page cost: time to load and to check, frames, bytes
	node host/web/library/bench.mjs
	cd host/web && npm run --silent measure -w page

web-screens: web chromium ## Pictures of the page on six screens, light and dark (target/web/screens)
	cd host/web && npm run --silent screens -w page

chromium:
	@test -x $(CHROMIUM) \
		|| { test $$(id -u) -eq 0 && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } \
		|| { echo 'Chromium is missing: install it, or name another with CHROMIUM=/path/to/it' >&2; exit 1; }

# Left out, aloud, by the tests themselves where it cannot be installed.
firefox:
	@test -x $(FIREFOX) || { test $$(id -u) -eq 0 && apt-get update -qq \
		&& apt-get install -y -qq --no-install-recommends firefox-esr; } || true

docker-registry:
	@command -v docker-registry >/dev/null \
		|| { test $$(id -u) -eq 0 && apt-get update -qq && apt-get install -y -qq --no-install-recommends docker-registry; } \
		|| { echo 'docker-registry is missing: apt-get install docker-registry (the tests start their own)' >&2; exit 1; }

$(NODE_MODULES): host/web/package-lock.json
	$(NODE)
	cd host/web && npm ci --no-audit --no-fund
	@touch $@

test: check ## Everything that CI runs; the same as `make check`

check: fmt clippy deny unit e2e oracle web-test docs extension ## Formatting, lints, licences, all tests, the documentation

fmt: ## Is everything formatted?
	$(CARGO) fmt --all --check

clippy: policies ## Lints, warnings denied
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings

unit: ## Unit tests of the SDK and of every rule: its documented examples and its cases
	$(CARGO) test --locked --quiet -p seaworthy-protocol -p seaworthy-macros -p seaworthy-sdk $(GUESTS) --features seaworthy-sdk/testing

native: ## Build every rule as native code too: what conformance tests and benchmarks compare with
	$(CARGO) build --locked --release $(GUESTS)

fixtures: ## Build the policy that tests bring along, with Kubewarden's own SDK, for both targets of such policies
	@rustup target list --installed 2>/dev/null | grep -q wasm32-wasip1 \
		|| rustup target add wasm32-wasip1 \
		|| { echo 'the target wasm32-wasip1 is missing: rustup target add wasm32-wasip1' >&2; exit 1; }
	$(CARGO) build --locked --release --manifest-path tests/foreign/fixtures/sdk-policy/Cargo.toml \
		--target-dir $(TARGET)/fixtures --target wasm32-unknown-unknown --target wasm32-wasip1

bench: build native linters ## Benchmarks: evaluation, throughput, processes, sizes, side by side in one run; some by FIGURES="editing typing"
	$(CARGO) bench --locked $(HOSTS) --bench evaluate $(if $(FIGURES),-- $(FIGURES),--bench serve)

bench-serve: build ## Only the webhook: reviews a second, latency, overload, memory
	$(CARGO) bench --locked $(HOSTS) --bench serve

bench-large: build ## Large input: growth, two threads, MANIFESTS=1000000, an audit of OBJECTS=100000 (needs Go)
	SEAWORTHY_BENCH_MANIFESTS=$(or $(MANIFESTS),1000000) SEAWORTHY_BENCH_OBJECTS=$(or $(OBJECTS),100000) \
		$(CARGO) bench --locked $(HOSTS) --bench large

# Times in what is released are those of the last commit, so that whoever builds it again gets the same bytes.
dist: export SOURCE_DATE_EPOCH = $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
dist: policies musl ## What is released, in target/dist: a static binary, its archive, an image, checksums and an SBOM
	@rm -rf $(DIST) && mkdir -p $(DIST)
	$(CARGO) build --locked --release -p seaworthy --bin seaworthy --target $(MUSL)
	@cargo cyclonedx --version >/dev/null 2>&1 || cargo install --locked cargo-cyclonedx --version $(CARGO_CYCLONEDX)
	@headers=$$(readelf --program-headers $(TARGET)/$(MUSL)/release/seaworthy) && case "$$headers" in *INTERP*) \
		echo 'the binary is not static: an image of it alone does not start' >&2; exit 1 ;; esac
	cargo cyclonedx --manifest-path host/cli/Cargo.toml --format json --target $(MUSL) --override-filename seaworthy.cdx
# It writes one for each crate of the workspace, and names this folder in it.
	@sed 's|file://$(CURDIR)|file://.|g' host/cli/seaworthy.cdx.json > $(DIST)/seaworthy.cdx.json
	@find host policies sdk tests -name seaworthy.cdx.json -delete
	integrations/dist.sh $(TARGET)/$(MUSL)/release/seaworthy $(DIST)

musl:
	@rustup target list --installed 2>/dev/null | grep -q $(MUSL) || rustup target add $(MUSL) \
		|| { echo 'the target $(MUSL) is missing: rustup target add $(MUSL)' >&2; exit 1; }
	@command -v musl-gcc >/dev/null \
		|| { test $$(id -u) -eq 0 && apt-get update -qq && apt-get install -y -qq --no-install-recommends musl-tools; } \
		|| { echo 'musl-gcc is missing: apt-get install musl-tools (cryptography is compiled with it)' >&2; exit 1; }

new-policy: build ## Start a rule: make new-policy NAME=required-state
	@test -n "$(NAME)" || { echo 'usage: make new-policy NAME=required-state' >&2; exit 2; }
	@$(SEAWORTHY) new policy $(NAME) --workspace
	@$(CARGO) update --quiet --offline --workspace

# Helm takes over a minute to build, once.
rendering-tools: $(TARGET)/tools/helm $(TARGET)/tools/kustomize ## Fetch helm and kustomize to target/tools, for the tests of rendering (needs Go)

$(TARGET)/tools/helm: PACKAGE = helm.sh/helm/v3/cmd/helm@latest
$(TARGET)/tools/kustomize: PACKAGE = sigs.k8s.io/kustomize/kustomize/v5@v5.8.0
$(TARGET)/tools/helm $(TARGET)/tools/kustomize:
	@go version >/dev/null 2>&1 \
		|| { echo 'LEFT OUT: Go is not installed, so nothing is rendered with $(notdir $@) in the tests' >&2; exit 0; }; \
		mkdir -p $(TARGET)/tools && GOBIN=$(TARGET)/tools go install $(PACKAGE)

linters: $(TARGET)/tools/kube-linter $(TARGET)/tools/kube-score ## Fetch kube-linter and kube-score to target/tools, to measure beside (needs Go)

$(TARGET)/tools/kube-linter: PACKAGE = golang.stackrox.io/kube-linter/cmd/kube-linter@v0.8.1
$(TARGET)/tools/kube-score: PACKAGE = github.com/zegl/kube-score/cmd/kube-score@latest
$(TARGET)/tools/kube-linter $(TARGET)/tools/kube-score:
	@go version >/dev/null 2>&1 \
		|| { echo 'LEFT OUT: Go is not installed, so nothing is measured beside $(notdir $@)' >&2; exit 0; }; \
		mkdir -p $(TARGET)/tools; GOBIN=$(TARGET)/tools go install $(PACKAGE) \
		|| echo 'LEFT OUT: $(notdir $@) cannot be fetched, so nothing is measured beside it' >&2

# The definitions of the custom resources that a new service is made of, as their projects publish them: module, folder, files.
define CUSTOM_RESOURCES
github.com/argoproj/argo-cd/v3@v3.1.9 manifests/crds application-crd.yaml applicationset-crd.yaml
github.com/argoproj/argo-rollouts@v1.8.3 manifests/crds rollout-crd.yaml analysis-template-crd.yaml
github.com/external-secrets/external-secrets@v0.20.4 config/crds/bases external-secrets.io_externalsecrets.yaml
github.com/kyverno/kyverno@v1.15.2 config/crds/kyverno kyverno.io_policies.yaml
github.com/prometheus-operator/prometheus-operator@v0.85.0 example/prometheus-operator-crd monitoring.coreos.com_alertmanagerconfigs.yaml monitoring.coreos.com_podmonitors.yaml monitoring.coreos.com_prometheusrules.yaml monitoring.coreos.com_servicemonitors.yaml
github.com/slok/sloth@v0.12.0 pkg/kubernetes/gen/crd sloth.slok.dev_prometheusservicelevels.yaml
endef
export CUSTOM_RESOURCES

custom-resources: $(TARGET)/tools/crds ## Fetch published definitions of custom resources to target/tools/crds, for the tests of new services (needs Go)

$(TARGET)/tools/crds:
	@go version >/dev/null 2>&1 \
		|| { echo 'LEFT OUT: Go is not installed, so new services are not checked by published definitions' >&2; exit 0; }; \
		rm -rf $@.new && mkdir -p $@.new && echo "$$CUSTOM_RESOURCES" | while read -r module folder files; do \
			from=$$(cd $@.new && go mod download -json "$$module" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$$/\1/p'); \
			for file in $$files; do install -m 644 "$$from/$$folder/$$file" $@.new/ || exit 1; done; \
		done && mv $@.new $@

PRE_COMMIT := 4.7.0

pre-commit: $(TARGET)/tools/pre-commit/bin/pre-commit

$(TARGET)/tools/pre-commit/bin/pre-commit:
	@python3 -m venv --help >/dev/null 2>&1 \
		|| { echo 'LEFT OUT: Python is not installed, so no hook is run by pre-commit in the tests' >&2; exit 0; }; \
		python3 -m venv $(TARGET)/tools/pre-commit \
		&& $(TARGET)/tools/pre-commit/bin/pip install --quiet --disable-pip-version-check pre-commit==$(PRE_COMMIT)

e2e: build native library chromium fixtures docker-registry neovim rendering-tools custom-resources pre-commit ## Tests of the hosts: engine, sandbox, command line, registries, hostile guests and input, conformance, repo rules
	$(CARGO) test --locked --release $(HOSTS)

oracle: ## Read hostile texts beside Kubernetes' own decoder: TEXTS=20000 of them, from SEED=1 (needs Go)
	@go version >/dev/null 2>&1 || echo 'LEFT OUT: Go is not installed, so nothing is read beside Kubernetes'\'' decoder' >&2
	SEAWORTHY_ORACLE_TEXTS=$(or $(TEXTS),20000) SEAWORTHY_ORACLE_SEED=$(or $(SEED),1) \
		$(CARGO) test --locked --release $(HOSTS) --test oracle -- --nocapture

lifecycle: ## Write the table of Kubernetes' kinds and versions anew, from its modules (needs Go)
	cd policies/api-version/lifecycle && go run . > $(TARGET)/lifecycle.tsv
	mv $(TARGET)/lifecycle.tsv policies/api-version/data/lifecycle.tsv

judge: native ## Ask a real API server what kubernetes-schema is asked: OBJECTS=50000, SEED=2, MINOR=1.35 (needs Go)
	SEAWORTHY_JUDGE_OBJECTS=$(or $(OBJECTS),2000) SEAWORTHY_JUDGE_SEED=$(or $(SEED),1) SEAWORTHY_JUDGE_MINOR=$(or $(MINOR),1.36) \
		$(CARGO) test --locked --release $(HOSTS) --test judge -- --nocapture

# The releases that stand for the minor versions of Kubernetes that kubernetes-schema knows.
KUBERNETES := 1.32.13 1.33.12 1.34.8 1.35.6 1.36.3

kubernetes-tables: ## Make the tables of kubernetes-schema anew, from the modules of Kubernetes (needs Go)
	$(CARGO) build --locked --release $(HOSTS) --bin tables
	$(TARGET)/release/tables policies/kubernetes-schema/tables/types.txt $(KUBERNETES)

deny: ## Licences, sources and banned crates among all dependencies
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked --debug cargo-deny --version $(CARGO_DENY)
	cargo deny --locked --all-features --log-level error check bans licenses sources

time-zones: ## Write the names of time zones that Go brings along to sdk/src/cron/zones.txt (needs Go)
	cd tests/oracle && go run ./schedules zones "$$(go env GOROOT)" > $(abspath sdk/src/cron/zones.txt)

tools:
	@rustup target list --installed 2>/dev/null | grep -q wasm32-unknown-unknown \
		|| rustup target add wasm32-unknown-unknown \
		|| { echo 'the target wasm32-unknown-unknown is missing: rustup target add wasm32-unknown-unknown' >&2; exit 1; }
