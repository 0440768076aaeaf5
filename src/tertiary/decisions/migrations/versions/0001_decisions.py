"""Decisions, their versions, parties and steps, organisations and the audit chain; all are only added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tertiary.decisions.migrations.guards import guards

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEYS = {
    "organisations": ("organisation_code", "valid_from"),
    "decisions": ("decision_id",),
    "versions": ("decision_id", "version"),
    "parties": ("decision_id", "version", "organisation_code", "part"),
    "steps": ("decision_id", "version", "step"),
    "audit": ("sequence",),
}


def upgrade() -> None:
    op.create_table(
        "organisations",
        sa.Column("organisation_code", sa.String(16), primary_key=True),
        sa.Column("valid_from", sa.Date, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("successor_code", sa.String(16), nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
    )
    op.create_table(
        "versions",
        sa.Column("decision_id", sa.Integer, sa.ForeignKey("decisions.decision_id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
    )
    of_version = sa.ForeignKeyConstraint
    op.create_table(
        "parties",
        sa.Column("decision_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("organisation_code", sa.String(16), primary_key=True),
        sa.Column("part", sa.String(32), primary_key=True),
        of_version(["decision_id", "version"], ["versions.decision_id", "versions.version"]),
    )
    op.create_table(
        "steps",
        sa.Column("decision_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("step", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reached", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("organisation_code", sa.String(16), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        of_version(["decision_id", "version"], ["versions.decision_id", "versions.version"]),
    )
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("organisation_code", sa.String(16), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("table_name", sa.String(32), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False, unique=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
    )
    for table in KEYS:
        for statement in guards(table, KEYS[table]):
            op.execute(statement)


def downgrade() -> None:
    for table in reversed(KEYS):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
