# Every target installs what it needs first, into .venv in this folder. Needs only make, git and Python 3.11 or later.
# make test PYTHON=python3.13 chooses the Python (a name or a path): .venv is made anew when it holds another one.
.DEFAULT_GOAL := help
.PHONY: help install demo test pictures lint format docs snapshots lock canary minimal clean bench bench-web

define NEXT

==> see it in a browser: this starts the application and prints its address
  .venv/bin/tertiary serve demo/run --register demo/inputs/register --contracts demo/contracts.csv --closes demo/closes \
    --store sqlite:///demo/decisions.sqlite --pools demo/pools --released demo/released --inbox demo/inbox

==> or look next at
  .venv/bin/tertiary show demo/run ledger --by service_line_final,payer_code     what was spent, on what, by whom
  .venv/bin/tertiary show demo/run findings --limit 20                           what was wrong, and what to do
  .venv/bin/tertiary show demo/run submissions                                   which file won for each month
  .venv/bin/tertiary explain demo/run RECORD_ID                                  why one record is what it is
  .venv/bin/tertiary register services --on 2025-06-30                           who commissions what on a day
  demo/statement.xlsx and demo/report.html                                       the month as a workbook, and for a board
  .venv/bin/tertiary month position demo/run --contracts demo/contracts.csv      what is owed by each payer
  .venv/bin/tertiary variation demo/run --icb QMJ --without point_of_delivery=BLOCK   why spend a head differs
  .venv/bin/tertiary challenges find demo/run --contracts demo/contracts.csv     what is questioned of the charges
  docs/tutorial/first-month.md                                                   the same, step by step
  The tables are Parquet files named in demo/run/manifest.json; docs/how-to/query-from-sql-excel-powerbi.md opens them.
endef
export NEXT

BIN := .venv/bin
TERTIARY := $(BIN)/tertiary
WORKERS ?= 2

help: ## say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 16
	@echo 'With any of them: PYTHON=python3.13 to choose the Python, WORKERS=1 for fewer tests at a time.'

# another Python than the one in .venv was asked for: install again
ifdef PYTHON
VERSION := -c 'import sys; print(sys.version)'
ifneq ($(shell .venv/bin/python $(VERSION) 2>/dev/null),$(shell $(PYTHON) $(VERSION) 2>/dev/null))
.PHONY: .venv/installed
endif
endif

install: .venv/installed ## set up .venv (done by every other target when needed)

.venv/installed: requirements/dev.txt pyproject.toml tools/set_up.sh
	@bash tools/set_up.sh

demo: .venv/installed ## a synthetic London quarter in, every record explained, a month closed
	@rm -rf demo
	@echo '==> writing a synthetic London quarter to demo/inputs (nobody in it is real)'
	@$(TERTIARY) synth demo/inputs --area london --months 2025-04..2025-06 --scale 0.05 --seed 7 --defects 0.01
	@echo '==> running it: check, identify, assign, price, count, roll up; the run goes to demo/run'
	@$(TERTIARY) run demo/inputs --out demo/run --register demo/inputs/register
	@echo '==> what came out'
	@$(TERTIARY) show demo/run summary
	@echo '==> closing its last month: contracts drafted from the plan, a workbook and a page for a board'
	@$(TERTIARY) contracts draft demo/run --out demo/contracts.csv
	@$(TERTIARY) month close demo/run --contracts demo/contracts.csv --closes demo/closes --out demo/statement.xlsx
	@echo '==> what people agree, question, propose and publish, made up too: demo/decisions.sqlite, demo/released'
	@$(BIN)/python tools/demo_store.py demo
	@$(TERTIARY) report demo/run --contracts demo/contracts.csv --closes demo/closes --store sqlite:///demo/decisions.sqlite \
		--out demo/report.html
	@echo "$$NEXT"

test: .venv/installed ## every test, quick ones first
	@bash tools/set_up_browser.sh
	@$(BIN)/python -m pytest -n $(WORKERS) tests

PICTURES ?= demo/pictures

pictures: .venv/installed ## a picture of every page at 1200 and 320 pixels, into PICTURES=demo/pictures
	@bash tools/set_up_browser.sh
	@$(BIN)/python tools/picture_pages.py $(PICTURES)

lint: .venv/installed ## style, formatting, types and the direction of imports
	@echo '==> ruff check' && $(BIN)/ruff check .
	@echo '==> ruff format --check' && $(BIN)/ruff format --check .
	@echo '==> mypy' && $(BIN)/mypy
	@echo '==> lint-imports' && $(BIN)/lint-imports

format: .venv/installed ## rewrite the code in the house style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

docs: .venv/installed ## rewrite the generated reference pages and the real output shown in the docs
	@$(BIN)/python tools/build_docs.py --output

snapshots: .venv/installed ## take over the SQL of the hot path as it is now (tests/snapshots), for a change that is meant
	@TERTIARY_RENEW_SNAPSHOTS=1 $(BIN)/python -m pytest -q tests/snapshots

lock: .tools/bin/uv ## choose versions anew: requirements/*.txt, with hashes and without download addresses
	@bash tools/lock.sh .tools/bin/uv

.tools/bin/uv:
	@python3 -m venv .tools && .tools/bin/python -m pip install --quiet uv

SIZES ?= 1,5,8,20,50
REPEATS ?= 3

bench: .venv-bench/installed ## how fast, beside a bare scan, pandas and others (SIZES=1,5 in millions, REPEATS=3)
	@.venv-bench/bin/python -m bench.run --sizes $(SIZES) --repeats $(REPEATS)

bench-web: .venv-bench/installed ## how quickly pages answer ten visitors (RUN=folder REGISTER=overlay SECONDS=60)
	@.venv-bench/bin/python -m bench.web $(or $(RUN),demo/run) --register $(or $(REGISTER),demo/inputs/register) --seconds $(or $(SECONDS),60)

.venv-bench/installed: requirements/bench.txt pyproject.toml tools/set_up.sh
	@bash tools/set_up.sh .venv-bench requirements/bench.txt

canary: .venv/installed .tools/bin/uv ## upgrade every dependency in a scratch copy, run the tests there, say what changed
	@WORKERS=$(WORKERS) bash tools/elsewhere.sh canary $(TESTS)

minimal: .venv/installed ## install only what a user installs, in a scratch copy, and run a tiny month
	@bash tools/elsewhere.sh minimal

clean: ## remove everything that was made here
	rm -rf .venv .venv-bench .tools demo dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
