"""Challenges and what happened to them; both are only added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tertiary.decisions.migrations.guards import guards

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEYS = {"challenges": ("challenge_id",), "challenge_events": ("challenge_id", "event")}


def upgrade() -> None:
    op.create_table(
        "challenges",
        sa.Column("challenge_id", sa.String(16), primary_key=True),
        sa.Column("rule_id", sa.String(16), nullable=False),
        sa.Column("provider_code", sa.String(16), nullable=False, index=True),
        sa.Column("host_code", sa.String(16), nullable=False, index=True),
        sa.Column("payer_code", sa.String(16), nullable=False),
        sa.Column("financial_year", sa.String(6), nullable=False),
        sa.Column("financial_month", sa.Integer, nullable=False),
        sa.Column("service_line", sa.String(32), nullable=False),
        sa.Column("component", sa.String(16), nullable=False),
        sa.Column("raise_by", sa.Date, nullable=False),
    )
    text = [sa.Column(name, sa.String(24), nullable=False) for name in ("value", "first_claim", "cash_effect")]
    op.create_table(
        "challenge_events",
        sa.Column("challenge_id", sa.String(16), sa.ForeignKey("challenges.challenge_id"), primary_key=True),
        sa.Column("event", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("reached", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("organisation_code", sa.String(16), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("amount", sa.String(24), nullable=False),
        sa.Column("run_label", sa.String(100), nullable=False),
        sa.Column("records", sa.Integer),
        *text,
        sa.Column("cash_reason", sa.String(100), nullable=False),
        sa.Column("respond_by", sa.Date),
        sa.Column("settle_by", sa.Date),
    )
    for table in KEYS:
        for statement in guards(table, KEYS[table]):
            op.execute(statement)


def downgrade() -> None:
    for table in reversed(KEYS):
        op.drop_table(table)
