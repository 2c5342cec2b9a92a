"""By which trunk or account calls came and went, and what SIP and the telephone network said at their end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("participants", "calls_out"):
        op.add_column(table, sa.Column("via", sa.String(), nullable=False, server_default=""))
        op.add_column(table, sa.Column("cause", sa.Integer(), nullable=True))
    op.add_column("calls_out", sa.Column("status", sa.Integer(), nullable=True))
