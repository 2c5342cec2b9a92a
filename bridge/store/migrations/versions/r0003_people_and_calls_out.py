"""Known callers, blast lists, profiles and calls out; acts of the running bridge in the audit trail, each once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _calls_out()
    _known_callers()
    _blast_lists()
    op.create_table(
        "profiles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("settings", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_profiles_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profiles")),
        sa.UniqueConstraint("customer_id", "name", name=op.f("uq_profiles_customer_id_name")),
    )
    op.add_column("people", sa.Column("deleted_at", sa.Double(), nullable=True))
    op.add_column("audit", sa.Column("key", sa.String(), nullable=True))
    op.create_index(op.f("ix_audit_key"), "audit", ["key"], unique=True)
    op.execute("UPDATE participants SET came_by = 'dial-in' WHERE came_by = 'dialled in'")


def _calls_out() -> None:
    op.create_table(
        "calls_out",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("conference_id", sa.String(), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("placed_at", sa.Double(), nullable=False),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("price_per_minute", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls_out")),
    )
    op.create_index(op.f("ix_calls_out_conference_id"), "calls_out", ["conference_id"], unique=False)
    op.create_index(op.f("ix_calls_out_placed_at"), "calls_out", ["placed_at"], unique=False)
    op.create_index(
        "ix_calls_out_open",
        "calls_out",
        ["node"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _known_callers() -> None:
    op.create_table(
        "known_callers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("asks_counter_password", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["pair_id"], ["pairs.id"], name=op.f("fk_known_callers_pair_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_known_callers_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_callers")),
        sa.UniqueConstraint("number", "pair_id", name=op.f("uq_known_callers_number_pair_id")),
    )


def _blast_lists() -> None:
    op.create_table(
        "blast_lists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("message_file", sa.String(), nullable=False),
        sa.Column("press_one", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["pair_id"], ["pairs.id"], name=op.f("fk_blast_lists_pair_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blast_lists")),
        sa.UniqueConstraint("pair_id", "name", name=op.f("uq_blast_lists_pair_id_name")),
    )
    op.create_table(
        "blast_entries",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["list_id"], ["blast_lists.id"], name=op.f("fk_blast_entries_list_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_blast_entries_person_id")),
        sa.PrimaryKeyConstraint("list_id", "position", name=op.f("pk_blast_entries")),
    )
