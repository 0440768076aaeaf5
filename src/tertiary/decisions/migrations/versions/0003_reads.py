"""Who looked at something sensitive; only added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tertiary.decisions.migrations.guards import guards

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reads",
        sa.Column("read_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("organisation_codes", sa.String(400), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    for statement in guards("reads", ("read_id",)):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("reads")
