"""What is done about lines that disturb, and about noise and loudness of all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("noisy_lines", sa.String(), nullable=False, server_default="tell"),
        sa.Column("noisy_notices", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("suppress_noise", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("level_voices", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("pairs", column)
