"""What can be set for a conference beyond C1 to C6, and the block of calls out (O7)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("key_map", sa.String(), nullable=False, server_default=""),
        sa.Column("assisted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("keep_names", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("mute_mode", sa.String(), nullable=False, server_default="conversation"),
        sa.Column("strict_mute", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("monitor_announced", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("extension_s", sa.Double(), nullable=False, server_default="900"),
        sa.Column("stranded_after_s", sa.Double(), nullable=True, server_default="1800"),
        sa.Column("mask_numbers", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("max_calls_out", sa.Integer(), nullable=True),
        sa.Column("dial_out_blocked", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("pairs", column)
    op.add_column(
        "customers", sa.Column("dial_out_blocked", sa.Boolean(), nullable=False, server_default=sa.false())
    )
