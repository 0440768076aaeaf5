"""`tertiary pool …`: statements of budgets that partners share, rules side by side, recharges of a host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.commands import shared
from tertiary.commands.shared import STORE, Format, Url
from tertiary.errors import PoolError
from tertiary.period import period

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.pennies import Amount
    from tertiary.pool import Agreement, Compared, Partner, Recharge, Settlement, Statement

MEASURED = ("contribution", "historic", "need", "population")
pool = typer.Typer(no_args_is_help=True, help="Statements of budgets that partners share.")


@pool.command(short_help="State what each partner pays.")
def statement(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    partners: Annotated[
        Path,
        typer.Option(help="CSV with partner and what contributions go by: contribution, historic, need, population."),
    ],
    agreement: Annotated[int | None, typer.Option(help="Number of the agreement in the store.")] = None,
    terms: Annotated[
        Path | None, typer.Option(help="JSON with the terms, for an agreement that is in no store.")
    ] = None,
    total: Annotated[
        str | None, typer.Option(metavar="POUNDS", help="The year's pool, to be split by the rule.")
    ] = None,
    year: Annotated[str | None, typer.Option(help="Financial year; the run's last unless told.")] = None,
    month: Annotated[int | None, typer.Option(min=1, max=12, help="Last month; the run's last unless told.")] = None,
    every_month: Annotated[bool, typer.Option("--every-month", help="A statement a month.")] = False,
    store: Url = STORE,
    format: Format = "table",
) -> None:
    """State what each partner has put in, what its patients cost and what it pays, to date and to the penny.

    Contributions are the column contribution of PARTNERS, pounds a year; or --total pounds split by the agreed rule.
    Costs come from the run's ledger within the agreement's scope. The year is phased in twelve equal months.
    """
    from tertiary import pool as rules
    from tertiary.pool.calls import calls, pooled_calls
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    opened = open_run(run)
    year, last = period(opened, year, month)
    agreed, told = _agreed(agreement, terms, store, year, last)
    known = _partners(partners, agreed.partners)
    made = list(
        rules.statements(
            agreed,
            rules.phased(_contributions(agreed, known, partners, total))[:last],
            calls(opened, agreed, year, last),
            need=_need(agreed.risk, known, partners),
            pooled=pooled_calls(opened, agreed, year, last) if agreed.risk == "R6" else None,
        )
    )
    typer.echo(f"{label(opened)}\n{told}", err=True)
    print_rows(_statement_rows(made if every_month else made[-1:]), format)


@pool.command(short_help="Compare rules over simulated years.")
def compare(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    partners: Annotated[Path, typer.Option(help="CSV: partner, and need where rules share by it.")],
    agreement: Annotated[int | None, typer.Option(help="Number of the agreement in the store.")] = None,
    terms: Annotated[Path | None, typer.Option(help="JSON with terms that are in no store.")] = None,
    year: Annotated[str | None, typer.Option(help="Financial year; the run's last unless told.")] = None,
    month: Annotated[int | None, typer.Option(min=1, max=12, help="Last month; the run's last unless told.")] = None,
    years: Annotated[int, typer.Option(min=2, max=1000, help="Years to simulate.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal years.")] = 1,
    store: Url = STORE,
    format: Format = "table",
) -> None:
    """Compare rules: what changes hands, what unsteadiness goes, what incentive stays.

    Each partner contributes its cost in the run. Years differ from it by chance alone: numbers of patients and their
    costs are drawn with the run's own number of patients and spread of costs. Rule R6 needs real patients and is left
    out. Parameters are usual ones (choices.csv), with those of the agreement.
    """
    from tertiary import pool as rules
    from tertiary.pool.calls import cases
    from tertiary.pool.compare import choices
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    opened = open_run(run)
    year, last = period(opened, year, month)
    agreed, told = _agreed(agreement, terms, store, year, last)
    known = _partners(partners, agreed.partners)
    patients = cases(opened, agreed, year, last)
    put_in = {code: Decimal(f"{own.cost:.2f}") for code, own in patients.items()}
    need = {code: p.partner.need for code, p in known.items() if p.partner.need is not None}
    has_need = len(need) == len(known)
    looked_at = [c for c in choices() if c[0] != "R2" or has_need]
    own_choice = (agreed.risk, dict(agreed.risk_parameters))
    if agreed.risk != "R6" and own_choice not in looked_at:
        looked_at.append(own_choice)
    drawn = rules.simulated(patients, years, seed)
    found = rules.compare(looked_at, [put_in] * years, drawn, need=need if has_need else None)
    typer.echo(f"{label(opened)}\n{told}", err=True)
    typer.echo(f"{years} simulated years, seed {seed}: chance alone, no trend.", err=True)
    print_rows(_compared_rows(found), format)


@pool.command("recharges", short_help="What a host charges others a month.")
def recharges_(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    host: Annotated[str, typer.Option(help="Organisation that holds the contracts.")],
    paid: Annotated[Path | None, typer.Option(help="CSV: payer, month, paid; and opening balances in month 0.")] = None,
    year: Annotated[str | None, typer.Option(help="Financial year; the run's last unless told.")] = None,
    month: Annotated[int | None, typer.Option(min=1, max=12, help="Last month; the run's last unless told.")] = None,
    backing: Annotated[bool, typer.Option("--backing", help="The rows behind each charge instead.")] = False,
    format: Format = "table",
) -> None:
    """State what a host that pays providers for others charges each of them, and the balance, without any pool."""
    from tertiary import pool as rules
    from tertiary.pool.calls import hosted
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    opened = open_run(run)
    year, last = period(opened, year, month)
    settled = _paid(paid) if paid else {}
    opening = {payer: amount for (payer, number), amount in settled.items() if number == 0}
    later = {key: amount for key, amount in settled.items() if key[1]}
    spend = hosted(opened, host, year, last)
    if not spend and not settled:
        raise PoolError(f"{run} holds nothing of {year} that {host} contracts for others. Check the host's code.")
    found = rules.recharges(host, spend, later, opening, last)
    typer.echo(label(opened), err=True)
    print_rows(_backing_rows(found) if backing else _recharge_rows(found), format)


def _paid(file: Path) -> dict[tuple[str, int], Decimal]:
    made: dict[tuple[str, int], Decimal] = {}
    for number, row in shared.rows(file):
        payer, month = row.get("payer", ""), row.get("month", "")
        if not payer or not month.isdigit() or int(month) > 12:
            raise PoolError(f"{file} line {number}: payer {payer!r}, month {month!r}; expected a code and 0 to 12.")
        amount = shared.amount(file, number, "paid", row.get("paid", ""))
        made[payer, int(month)] = made.get((payer, int(month)), Decimal(0)) + amount
    return made


def _compared_rows(found: Sequence[Compared]) -> pa.Table:
    import pyarrow as pa

    def rounded(value: float | None) -> Decimal | None:
        return None if value is None else Decimal(f"{value:.4f}")

    columns = {
        "rule": [c.rule for c in found],
        "parameters": [", ".join(f"{n} {float(v):g}" for n, v in c.parameters.items()) for c in found],
        "transfer": [Decimal(f"{c.transfer:.2f}") for c in found],
        "volatility_removed": [rounded(c.volatility_removed) for c in found],
        "incentive_kept": [rounded(c.incentive_kept) for c in found],
        "from_outside": [Decimal(f"{c.external:.2f}") for c in found],
    }
    money, share = pa.decimal128(18, 2), pa.decimal128(9, 4)
    types = [pa.string(), pa.string(), money, share, share, money]
    made = [pa.array(values, kind) for values, kind in zip(columns.values(), types, strict=True)]
    return pa.table(made, names=list(columns))


def _recharge_rows(found: Sequence[Recharge]) -> pa.Table:
    import pyarrow as pa

    money = pa.decimal128(18, 2)
    names = ("opening", "charged", "paid", "closing")
    rows = [{"payer": r.payer, "month": r.financial_month, **{n: getattr(r, n) for n in names}} for r in found]
    schema = [("payer", pa.string()), ("month", pa.int64()), *[(n, money) for n in names]]
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))


def _backing_rows(found: Sequence[Recharge]) -> pa.Table:
    import pyarrow as pa

    names = ("service_line_final", "provider_code", "point_of_delivery")
    rows = [
        {"payer": r.payer, "month": r.financial_month, **{n: row[n] for n in names}, "amount": row["amount"]}
        for r in found
        for row in r.backing
    ]
    schema = [("payer", pa.string()), ("month", pa.int64()), *[(n, pa.string()) for n in names]]
    return pa.Table.from_pylist(rows, schema=pa.schema([*schema, ("amount", pa.decimal128(18, 2))]))


@dataclass(frozen=True)
class _Line:
    """A partner's line in the file of partners: its year's contribution, and what contributions are measured by."""

    contribution: Decimal | None
    partner: Partner


def _agreed(number: int | None, file: Path | None, store: str, year: str, last: int) -> tuple[Agreement, str]:
    """The terms that hold for the months of a statement, and a line that says which they are."""
    from tertiary.pool import Agreement

    if (number is None) == (file is None):
        raise PoolError("Give either --agreement with its number in the store, or --terms with a file.")
    begin = date(int(year[:4]), 4, 1)
    end = date(begin.year + (last + 3 > 12), (last + 2) % 12 + 1, 1)  # first day of the last month
    if file is not None:
        agreed, told = Agreement.of(shared.json_of(file)), f"Terms of {file}, which nobody agreed as far as this tells."
    else:
        assert number is not None
        with shared.open_store(store) as opened:
            found = opened.governing(number, end)
            newest = opened.decision(number)
        if found is None or found.kind != "agreement":
            raise PoolError(
                f"Decision {number} is no agreement in force on {end}: of kind {newest.kind}, {newest.state} in "
                f"version {newest.version}. tertiary decisions list --on {end} shows what is."
            )
        agreed, told = Agreement.of(found.terms), f"Agreement {number}, version {found.version}: {found.subject}."
    if agreed.valid_from > begin or (agreed.valid_to is not None and agreed.valid_to <= end):
        raise PoolError(
            f"Agreement {agreed.name} holds from {agreed.valid_from} to {agreed.valid_to or 'further notice'}, not for "
            f"months 1 to {last} of {year}. Give the agreement of those months, or another --year or --month."
        )
    return agreed, told


def _partners(file: Path, wanted: Sequence[str]) -> dict[str, _Line]:
    from tertiary.pool import Partner

    found: dict[str, _Line] = {}
    for number, row in shared.rows(file):
        code = row.get("partner", "")
        if code not in wanted or code in found:
            raise PoolError(f"{file} line {number}: partner {code!r}; expected each once of {', '.join(wanted)}.")
        held = {
            name: shared.amount(file, number, name, text) for name, text in row.items() if name in MEASURED and text
        }
        years = sorted(name for name in row if name.startswith("use_"))
        use = tuple(shared.amount(file, number, name, row[name]) for name in years)
        partner = Partner(code, held.get("historic"), held.get("need"), held.get("population"), use)
        found[code] = _Line(held.get("contribution"), partner)
    if missing := [code for code in wanted if code not in found]:
        raise PoolError(f"{file} lacks partner {', '.join(missing)}. Add a line for each partner of the agreement.")
    return found


def _contributions(
    agreed: Agreement, known: Mapping[str, _Line], file: Path, total: str | None
) -> Mapping[str, Amount]:
    from tertiary.pool import contributions

    if total is not None:
        amount = shared.amount(Path("--total"), 1, "POUNDS", total)
        partners = [line.partner for line in known.values()]
        return contributions(agreed.contribution, amount, partners, agreed.contribution_parameters)
    given = {code: line.contribution for code, line in known.items() if line.contribution is not None}
    if missing := [code for code in known if code not in given]:
        raise PoolError(f"{file}: no contribution for {', '.join(missing)}. Fill the column, or give --total.")
    return given


def _need(rule: str, known: Mapping[str, _Line], file: Path) -> dict[str, Amount] | None:
    """The partners' need where the rule shares by it."""
    if rule not in ("R2", "R6"):
        return None
    need = {code: line.partner.need for code, line in known.items() if line.partner.need is not None}
    if missing := [code for code in known if code not in need]:
        raise PoolError(f"{file}: no need for {', '.join(missing)}, by which rule {rule} shares. Fill the column need.")
    return dict(need)


def _statement_rows(made: Sequence[tuple[Settlement, list[Statement]]]) -> pa.Table:
    import pyarrow as pa

    names = ("contribution", "contingency", "actual", "variance", "payment", "transfer", "reserve", "balance")
    rows: list[dict[str, Any]] = []
    for settlement, lines in made:
        month = lines[0].financial_month
        rows += [
            {"month": month, "partner": s.partner, **{n: getattr(s.to_date, n) for n in names}, "movement": s.movement}
            for s in lines
        ]
        sums = {n: settlement.total(n) for n in names}
        moved = sum((s.movement for s in lines), Decimal(0))
        rows.append({"month": month, "partner": "all partners", **sums, "movement": moved})
        outside = {**dict.fromkeys(names), "payment": settlement.external}
        rows.append({"month": month, "partner": "from outside", **outside, "movement": None})
    money = pa.decimal128(18, 2)
    schema = [("month", pa.int64()), ("partner", pa.string()), *[(n, money) for n in (*names, "movement")]]
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))
