"""`tertiary allocate fit`: a need model of what a run spent, fitted to small areas."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.commands.shared import Format
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.allocate.fit import NeedModel

# tables by name; the last one holds what was not fitted and why
TABLES = ("index", "coefficients", "diagnostics", "validation", "refused")
# on the screen: boards only, for the small areas are thousands of lines, and few decimals
SHOWN = "icb"
PLACES = 4
# what need is of unless spend was kept to a part of it; components and delegation status are told apart by the pot
SPECIALISED, BY_POT, LINE = "specialised", ("component", "delegation_status"), "service_line_final"
WHOLE = ("population", "weighted_population", "modelled_spend")


def fit(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    spec: Annotated[
        Path | None, typer.Option(help="CSV with variables and their roles; an illustrative one unless given.")
    ] = None,
    level: Annotated[str, typer.Option(help="lsoa or practice.")] = "lsoa",
    by: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="A model each, such as npoc_code or component.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Keep to spend such as component=activity.")
    ] = None,
    icb: Annotated[list[str] | None, typer.Option(metavar="CODE", help="Keep to areas of this board.")] = None,
    areas: Annotated[Path | None, typer.Option(help="CSV with code and further variables of areas.")] = None,
    register: Annotated[
        list[Path] | None,
        typer.Option("--register", metavar="DIR", help="Overlay with other people, areas; may be given again."),
    ] = None,
    form: Annotated[str, typer.Option(help="linear (effects add) or log (effects multiply).")] = "linear",
    measure: Annotated[str, typer.Option(help="price_submitted or price_expected.")] = "price_submitted",
    folds: Annotated[int, typer.Option(min=2, help="Parts that are foretold from the others.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal parts.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for all tables as CSV and the method as JSON.")] = None,
    table: Annotated[str, typer.Option(help="index, coefficients, diagnostics, validation or refused.")] = "index",
    format: Format = "table",
) -> None:
    """Fit need models to what a run spent by small area, and show need by board, with supply held at its mean.

    What a reader must know of a model goes to standard error in words. Small areas, sub-ICBs and regions are written
    with --out: index.csv, and supplied.csv with a stream for each model, which is what --index of need, targets and
    converge takes.
    """
    from tertiary.allocate.design import read_spec
    from tertiary.allocate.fit import fit_each
    from tertiary.allocate.small_areas import read_areas, registered, small_areas
    from tertiary.register import Register
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    if table not in TABLES:
        raise AllocationError(f"Table {table!r} is not known. Choose one of {', '.join(TABLES)}.")
    opened, variables = open_run(run), read_spec(spec)
    known = Register.load(register or (), as_known=date.fromisoformat(opened.manifest["register"]["as_known"]))
    found = small_areas(
        opened, level, by=by or (), only=_kept(only or ()), icbs=icb or (), measure=measure,
        more=read_areas(areas) if areas else None,
        register=known,
    )  # fmt: skip
    said = list(found.remarks)
    if spec is None and "expected" not in found.outcomes.column_names:
        # the shipped specification goes without what the level has not
        variables = tuple(v for v in variables if v.role != "expected")
        said.append(f"Expected spend is the same a head everywhere: people by age are not known by {level}.")
    models, refused = fit_each(
        found.areas, found.outcomes, variables, level=level, form=form, basis=found.facts["basis"]
    )
    tables = _tables(models, folds, seed) | {"refused": refused}
    typer.echo(label(opened), err=True)
    for told in (*said, *_told(models, tables)):
        typer.echo(told, err=True)
    if out is not None:
        people = registered(known, found.facts["financial_years"][-1], icb or ())
        written = _written(out, models, tables, found.facts, people, folds, seed)
        typer.echo(f"Written to {out}: {', '.join(written)}.", err=True)
    print_rows(_shown(table, tables[table]), format)


def _kept(only: Sequence[str]) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for text in only:
        name, sign, value = text.partition("=")
        if not sign:
            raise AllocationError(f"--only {text!r} is not COLUMN=VALUE, such as component=activity.")
        made.setdefault(name.strip(), []).append(value.strip())
    return made


def _tables(models: Sequence[NeedModel], folds: int, seed: int) -> dict[str, pa.Table]:
    import pyarrow as pa

    from tertiary.allocate.diagnostics import diagnostics, validation
    from tertiary.allocate.fit import coefficients, need_index

    return {
        "index": pa.concat_tables([need_index(m) for m in models]),
        "coefficients": pa.concat_tables([coefficients(m) for m in models]),
        "diagnostics": pa.concat_tables([diagnostics(m) for m in models]),
        "validation": pa.concat_tables([validation(m, folds, seed) for m in models]),
    }


def _told(models: Sequence[NeedModel], tables: Mapping[str, pa.Table]) -> list[str]:
    import pyarrow.compute as pc

    from tertiary.allocate.diagnostics import remarks

    told = []
    for model in models:
        own = [t.filter(pc.equal(t["outcome"], model.outcome)) for t in (tables["diagnostics"], tables["validation"])]
        told += [f"{model.outcome}: {words}" for words in remarks(model, *own)]
    return [*told, *(f"{r['outcome']}: not fitted. {r['reason']}" for r in tables["refused"].to_pylist())]


def _written(
    out: Path,
    models: Sequence[NeedModel],
    tables: Mapping[str, pa.Table],
    facts: Mapping[str, Any],
    people: Mapping[str, float],
    folds: int,
    seed: int,
) -> list[str]:
    import pyarrow as pa
    import pyarrow.csv as pc

    from tertiary.allocate.diagnostics import statement
    from tertiary.allocate.fit import supplied

    out.mkdir(parents=True, exist_ok=True)
    year = facts["financial_years"][-1]
    services = [_service(m.outcome, facts["only"]) for m in models]
    rows = [supplied(m, service=s, financial_year=year, people=people) for m, s in zip(models, services, strict=True)]
    whole = {**tables, "supplied": pa.concat_tables(rows)}
    for name, written in whole.items():
        pc.write_csv(written, out / f"{name}.csv")
    method = {"spend": dict(facts), "models": [statement(m, folds, seed) for m in models]}
    (out / "method.json").write_text(json.dumps(method, default=str, indent=1, ensure_ascii=False), encoding="utf-8")
    return [*(f"{name}.csv" for name in whole), "method.json"]


def _service(outcome: str, only: Mapping[str, Sequence[str]]) -> str:
    """What a pot must be for to be shared by the need of an outcome."""
    name, sign, value = outcome.partition("=")
    kept = {n: v for n, v in {**only, **({name: [value]} if sign else {})}.items() if n not in BY_POT}
    if list(kept) == [LINE] and len(kept[LINE]) == 1:
        return kept[LINE][0]
    return ", ".join(f"{n}={' or '.join(values)}" for n, values in kept.items()) or SPECIALISED


def _shown(name: str, rows: pa.Table) -> pa.Table:
    """For the screen: boards instead of small areas, floats rounded, no columns that say the same on each line."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name == "index":
        rows = rows.filter(pc.equal(rows["level"], SHOWN))
    rows = rows.drop_columns([n for n in ("source", "components") if n in rows.column_names])
    for place, field in enumerate(rows.schema):
        if pa.types.is_floating(field.type):
            places = 0 if field.name in WHOLE else PLACES
            values = [None if v is None or v != v else f"{v:.{places}f}" for v in rows.column(place).to_pylist()]
            rows = rows.set_column(place, field.name, pa.array(values, pa.string()).cast(pa.decimal128(38, places)))
    return rows
