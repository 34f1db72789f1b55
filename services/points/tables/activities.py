"""Earning without a purchase: rules by kind, what members did, and what pending points wait for."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from services.points.tables.metadata import instant, metadata

# Versions of what a kind of activity earns; they never change.
activity_rule = Table(
    "activity_rule",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    instant("effective_from"),
    Column("spec", JSON, nullable=False),
    instant("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "kind", "version"),
    CheckConstraint("version > 0", name="version_positive"),
)
# What earned, once for ever by its natural key. A member is brought by another once.
# `credited_member_id` is whom the member had been merged into when it earned; `notes` say which
# points did not count, and why.
activity = Table(
    "activity",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("activity_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    instant("happened_at"),
    Column("mall_id", Uuid),
    Column("referred_id", Uuid),
    Column("request_hash", LargeBinary, nullable=False),
    Column("made_by", Text, nullable=False),
    instant("recorded_at"),
    Column("rule_version", Integer, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("referred_points", BigInteger, nullable=False),
    Column("is_pending", Boolean, nullable=False),
    instant("activates_at", nullable=True),
    instant("expires_at", nullable=True),
    Column("balance_after", BigInteger),
    Column("wallet", Text, nullable=False, server_default="points"),
    Column("credited_member_id", Uuid),
    Column("notes", JSON),
    PrimaryKeyConstraint("program_id", "activity_id"),
    UniqueConstraint("program_id", "member_id", "kind", "external_id"),
    CheckConstraint("points >= 0 AND referred_points >= 0", name="points_not_negative"),
    CheckConstraint("member_id <> referred_id", name="nobody_brings_themselves"),
    Index("activity_of_member", "program_id", "member_id", "recorded_at"),
    Index(
        "activity_credited",
        "program_id",
        "credited_member_id",
        "recorded_at",
        postgresql_where=text("credited_member_id IS NOT NULL"),
    ),
    Index(
        "activity_brought",
        "program_id",
        "referred_id",
        unique=True,
        postgresql_where=text("referred_id IS NOT NULL"),
    ),
)
# What happened that pending points may wait for, once by its name and what it was about: a receipt
# or an activity, or the member (`about_id` is their account then) and all they had earned by then.
activation_event = Table(
    "activation_event",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("event", Text, nullable=False),
    Column("about_id", Uuid, nullable=False),
    Column("told_by", Text, nullable=False),
    instant("told_at"),
    PrimaryKeyConstraint("program_id", "account_id", "event", "about_id"),
)
