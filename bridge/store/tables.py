"""The tables as they are now. A change here needs a migration beside it; a test compares the two.

Records (`conferences`, `participants`, `calls_out`, `audit`) refer to nothing by foreign key: what happened stays true when a pair or a
person is deleted, and a record is never refused.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    true,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

customers: Final = Table(
    "customers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("disabled_at", Double),
    Column("dial_out_blocked", Boolean, nullable=False, server_default=false()),
)
"""`dial_out_blocked` (O7) counts for all pairs of the customer."""

people: Final = Table(
    "people",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("company", String, nullable=False, default=""),
    Column("phone", String, nullable=False, default=""),
    Column("email", String, nullable=False, default=""),
    Column("created_at", Double, nullable=False),
    Column("disabled_at", Double),
    Column("deleted_at", Double),
)
"""Employees and guests of a customer (O6, I4). A row outlives whom it was about, empty, so that its id is nobody else's."""

pairs: Final = Table(
    "pairs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id"), nullable=False, index=True),
    Column("responsible_id", Integer, ForeignKey("people.id")),
    Column("name", String, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("disabled_at", Double),
    Column("level", Integer, nullable=False),
    Column("language", String, nullable=False),
    Column("entry_exit_tones", Boolean, nullable=False),
    Column("announce_names", Boolean, nullable=False),
    Column("music_until_moderator", Boolean, nullable=False),
    Column("begins_with_moderator", Boolean, nullable=False),
    Column("when_last_moderator_leaves", String, nullable=False),
    Column("grace_s", Double, nullable=False),
    Column("maximum_participants", Integer),
    Column("maximum_length_s", Double),
    Column("mute_on_entry", Boolean, nullable=False),
    Column("recording_allowed", Boolean, nullable=False),
    Column("lock_allowed", Boolean, nullable=False),
    Column("dial_out_allowed", Boolean, nullable=False),
    Column("blast_allowed", Boolean, nullable=False),
    Column("key_map", String, nullable=False, server_default=""),
    Column("assisted", Boolean, nullable=False, server_default=false()),
    Column("keep_names", Boolean, nullable=False, server_default=false()),
    Column("mute_mode", String, nullable=False, server_default="conversation"),
    Column("strict_mute", Boolean, nullable=False, server_default=false()),
    Column("monitor_announced", Boolean, nullable=False, server_default=true()),
    Column("extension_s", Double, nullable=False, server_default="900"),
    Column("stranded_after_s", Double, server_default="1800"),
    Column("mask_numbers", Boolean, nullable=False, server_default=false()),
    Column("max_calls_out", Integer),
    Column("dial_out_blocked", Boolean, nullable=False, server_default=false()),
    Column("noisy_lines", String, nullable=False, server_default="tell"),
    Column("noisy_notices", Boolean, nullable=False, server_default=false()),
    Column("suppress_noise", Boolean, nullable=False, server_default=false()),
    Column("level_voices", Boolean, nullable=False, server_default=false()),
)
"""Passcode pairs (A4) with their settings, `bridge.service.settings.Settings` field by field."""

passcodes: Final = Table(
    "passcodes",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("pair_id", Integer, ForeignKey("pairs.id"), nullable=False),
    Column("role", String, nullable=False),
    UniqueConstraint("pair_id", "role"),
)
"""The two codes of each pair. The digest is the key: no two codes of anybody are equal (A4)."""

counter_passwords: Final = Table(
    "counter_passwords",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pair_id", Integer, ForeignKey("pairs.id"), nullable=False, index=True),
    Column("role", String, nullable=False),
    Column("person_id", Integer, ForeignKey("people.id")),
    Column("digest", LargeBinary, nullable=False),
)
"""A5: without a person it is collective; with one it also says who calls."""

known_callers: Final = Table(
    "known_callers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String, nullable=False),
    Column("pair_id", Integer, ForeignKey("pairs.id"), nullable=False),
    Column("role", String, nullable=False),
    Column("person_id", Integer, ForeignKey("people.id")),
    Column("asks_counter_password", Boolean, nullable=False),
    UniqueConstraint("number", "pair_id"),
)
"""Numbers whose callers need not key the code of a pair."""

blast_lists: Final = Table(
    "blast_lists",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pair_id", Integer, ForeignKey("pairs.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("message_file", String, nullable=False),
    Column("press_one", Boolean),
    UniqueConstraint("pair_id", "name"),
)
"""O5: whom `*92` calls; the message is a file of that name in `messages/` of the state directory, or empty."""

blast_entries: Final = Table(
    "blast_entries",
    metadata,
    Column("list_id", Integer, ForeignKey("blast_lists.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("number", String, nullable=False),
    Column("person_id", Integer, ForeignKey("people.id")),
)

profiles: Final = Table(
    "profiles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id")),
    Column("name", String, nullable=False),
    Column("settings", String, nullable=False),
    UniqueConstraint("customer_id", "name"),
)
"""C7: named sets of settings, JSON by field; without a customer they are for all."""

accounts: Final = Table(
    "accounts",
    metadata,
    Column("name", String, primary_key=True),
    Column("realm", String, nullable=False),
    Column("secrets", String, nullable=False),
    Column("display", String, nullable=False),
    Column("number", String, nullable=False),
    Column("customer_id", Integer, ForeignKey("customers.id")),
    Column("pair_id", Integer, ForeignKey("pairs.id")),
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("disabled_at", Double),
    Column("deleted_at", Double),
    Column("revision", Integer, nullable=False, index=True),
)
"""Who may register a telephone. `secrets` is JSON by algorithm, each good for one user of one `realm` (RFC 7616 3.4.2) and never
the password. `revision` rises with each change of any account, so that a running bridge asks for the news alone; a row outlives
its account, empty, for that reason.
"""

telephones: Final = Table(
    "telephones",
    metadata,
    Column("node", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("expires_at", Double, nullable=False),
    Column("binding", String, nullable=False),
)
"""Where telephones were that registered by UDP with a node, JSON: they can be called again at once after its restart."""

nodes: Final = Table(
    "nodes",
    metadata,
    Column("name", String, primary_key=True),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
)
"""Machines that write records, and when each last did or could have: one row is touched for all its calls (R3)."""

conferences: Final = Table(
    "conferences",
    metadata,
    Column("id", String, primary_key=True),
    Column("node", String, nullable=False),
    Column("pair_id", Integer, index=True),
    Column("name", String, nullable=False),
    Column("began_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("reason", String),
)
Index(
    "ix_conferences_open",
    conferences.c.node,
    sqlite_where=conferences.c.ended_at.is_(None),
    postgresql_where=conferences.c.ended_at.is_(None),
)

participants: Final = Table(
    "participants",
    metadata,
    Column("id", String, primary_key=True),
    Column("conference_id", String, nullable=False, index=True),
    Column("call_id", String, nullable=False),
    Column("role", String, nullable=False),
    Column("caller", String, nullable=False),
    Column("access_number", String, nullable=False),
    Column("came_by", String, nullable=False),
    Column("person_id", Integer),
    Column("name", String, nullable=False),
    Column("company", String, nullable=False),
    Column("phone", String, nullable=False),
    Column("email", String, nullable=False),
    Column("joined_at", Double, nullable=False),
    Column("left_at", Double),
    Column("reason", String),
    Column("via", String, nullable=False, server_default=""),
    Column("cause", Integer),
)
"""R2: one row for each time somebody was in a conference."""

calls_out: Final = Table(
    "calls_out",
    metadata,
    Column("id", String, primary_key=True),
    Column("node", String, nullable=False),
    Column("conference_id", String, nullable=False, index=True),
    Column("pair_id", Integer),
    Column("customer_id", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("number", String, nullable=False),
    Column("placed_at", Double, nullable=False, index=True),
    Column("answered_at", Double),
    Column("ended_at", Double),
    Column("outcome", String),
    Column("price_per_minute", String, nullable=False),
    Column("via", String, nullable=False, server_default=""),
    Column("status", Integer),
    Column("cause", Integer),
)
"""G3, R1: one row for each call that we placed. The price is text: money is no float."""
Index(
    "ix_calls_out_open",
    calls_out.c.node,
    sqlite_where=calls_out.c.ended_at.is_(None),
    postgresql_where=calls_out.c.ended_at.is_(None),
)

recordings: Final = Table(
    "recordings",
    metadata,
    Column("id", String, primary_key=True),
    Column("node", String, nullable=False),
    Column("conference_id", String, nullable=False, index=True),
    Column("ended_at", Double, nullable=False, index=True),
    Column("reason", String, nullable=False),
    Column("missing_s", Double, nullable=False),
)
"""C6: one row for each recording that is over."""

recorded_files: Final = Table(
    "recorded_files",
    metadata,
    Column("recording_id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("participant_id", String, nullable=False),
    Column("begins_s", Double, nullable=False),
    Column("length_s", Double, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
)
"""Its files in the folder of recordings; without a participant it is everybody's."""

audit: Final = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("details", String, nullable=False),
    Column("key", String, unique=True, index=True),
)
"""R4: who did what to what; `details` is JSON, and never holds a code. `key` is of what the journal wrote: once each."""
