"""The whole schema of notifications on one page."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.migrate import NAMING, frame_tables

metadata = MetaData(naming_convention=NAMING)
frame_tables(metadata)

CAUSES = "'enrolled', 'tier_up', 'reward_points', 'reward_gift', 'points_expiring'"
LOCALES = "'zh-CN', 'en'"


class Base(DeclarativeBase):
    """Describes tables for Alembic and for reading; nothing is loaded through it."""

    metadata = metadata
    type_annotation_map: ClassVar = {
        UUID: Uuid,
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSON,
    }


class Member(Base):
    """A copy of a member. Made empty by whoever comes first, a message or the enrolment.

    Its row is where the two meet: both lock it, so that no message waits for a known member.
    """

    __tablename__ = "member"
    __table_args__ = (
        PrimaryKeyConstraint("program_id", "member_id"),
        CheckConstraint(
            "(enrolled_at IS NULL) = (locale IS NULL) "
            "AND (enrolled_at IS NULL) = (member_number IS NULL)",
            name="known_whole",
        ),
        CheckConstraint(f"locale IN ({LOCALES})", name="locale"),
    )

    program_id: Mapped[UUID]
    member_id: Mapped[UUID]
    member_number: Mapped[str | None]
    locale: Mapped[str | None]
    enrolled_at: Mapped[datetime | None]
    home_mall_id: Mapped[UUID | None]


class Mall(Base):
    """A copy of a mall, for its name and its time zone."""

    __tablename__ = "mall"
    __table_args__ = (PrimaryKeyConstraint("program_id", "mall_id"),)

    program_id: Mapped[UUID]
    mall_id: Mapped[UUID]
    name: Mapped[str]
    time_zone: Mapped[str]
    revision: Mapped[int]


class TierScheme(Base):
    """A copy of the tiers' names by code, the newest version told."""

    __tablename__ = "tier_scheme"
    __table_args__ = (PrimaryKeyConstraint("program_id"),)

    program_id: Mapped[UUID]
    version: Mapped[int]
    names: Mapped[dict[str, Any]]


class ChannelChoice(Base):
    """Through which channels a programme tells; without a row, the inbox alone."""

    __tablename__ = "channel_choice"
    __table_args__ = (
        PrimaryKeyConstraint("program_id"),
        CheckConstraint(
            "channels <@ ARRAY['inbox', 'file'] AND cardinality(channels) > 0", name="channels"
        ),
    )

    program_id: Mapped[UUID]
    channels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]


class TemplateHead(Base):
    """Which version of a template is in force; 0 is the one in the code. Locked to write one."""

    __tablename__ = "template_head"
    __table_args__ = (
        PrimaryKeyConstraint("program_id", "cause", "locale"),
        CheckConstraint(f"cause IN ({CAUSES})", name="cause"),
        CheckConstraint(f"locale IN ({LOCALES})", name="locale"),
        CheckConstraint("version >= 0", name="version"),
    )

    program_id: Mapped[UUID]
    cause: Mapped[str]
    locale: Mapped[str]
    version: Mapped[int]


class Template(Base):
    """A version of a template that staff wrote; never changed once written."""

    __tablename__ = "template"
    __table_args__ = (
        PrimaryKeyConstraint("program_id", "cause", "locale", "version"),
        ForeignKeyConstraint(
            ["program_id", "cause", "locale"],
            ["template_head.program_id", "template_head.cause", "template_head.locale"],
        ),
        CheckConstraint("version >= 1", name="version"),
    )

    program_id: Mapped[UUID]
    cause: Mapped[str]
    locale: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class Message(Base):
    """One cause told to one member through one channel, and all that became of it."""

    __tablename__ = "message"
    __table_args__ = (
        PrimaryKeyConstraint("program_id", "message_id"),
        UniqueConstraint(
            "program_id",
            "member_id",
            "cause_kind",
            "cause_id",
            "step",
            "channel",
            name="uq_message_once",
        ),
        ForeignKeyConstraint(
            ["program_id", "member_id"], ["member.program_id", "member.member_id"]
        ),
        CheckConstraint(f"cause_kind IN ({CAUSES})", name="cause_kind"),
        CheckConstraint("channel IN ('inbox', 'file')", name="channel"),
        CheckConstraint(
            "state IN ('waiting_member', 'planned', 'sending', 'sent', 'failed', 'suppressed')",
            name="state",
        ),
        # A message that waits has no language yet; any other has words chosen and a time.
        CheckConstraint(
            "(state = 'waiting_member') = (locale IS NULL) "
            "AND (locale IS NULL) = (template_version IS NULL) "
            "AND (locale IS NULL) = (planned_at IS NULL)",
            name="waiting_without_locale",
        ),
        CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL) "
            "AND (state = 'sent') = (delivered_event_id IS NOT NULL)",
            name="sent_and_told",
        ),
        CheckConstraint(
            "state NOT IN ('sending', 'sent') OR (title <> '' AND body <> '' "
            "AND title IS NOT NULL AND body IS NOT NULL)",
            name="never_blank",
        ),
        CheckConstraint(
            "state NOT IN ('failed', 'suppressed') OR reason IS NOT NULL", name="says_why"
        ),
        CheckConstraint("read_at IS NULL OR state = 'sent'", name="read_after_sent"),
        Index(
            "message_due",
            "channel",
            "due_at",
            "message_id",
            postgresql_where=text("state IN ('planned', 'sending')"),
        ),
        Index(
            "message_waiting",
            "program_id",
            "member_id",
            postgresql_where=text("state = 'waiting_member'"),
        ),
        Index(
            "message_inbox",
            "program_id",
            "member_id",
            "sent_at",
            "message_id",
            postgresql_where=text("state = 'sent' AND channel = 'inbox'"),
        ),
        Index(
            "message_unread",
            "program_id",
            "member_id",
            "sent_at",
            "message_id",
            postgresql_where=text("state = 'sent' AND channel = 'inbox' AND read_at IS NULL"),
        ),
    )

    program_id: Mapped[UUID]
    message_id: Mapped[UUID]
    member_id: Mapped[UUID]
    cause_kind: Mapped[str]
    cause_id: Mapped[str]
    step: Mapped[int]
    channel: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    locale: Mapped[str | None]
    template_version: Mapped[int | None]
    facts: Mapped[dict[str, Any]]
    verdicts: Mapped[dict[str, Any] | None]
    title: Mapped[str | None]
    body: Mapped[str | None]
    occurred_at: Mapped[datetime]
    created_at: Mapped[datetime]
    planned_at: Mapped[datetime | None]
    # For `sending` this is the end of the lease: due again, unless confirmed by then.
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    delivered_event_id: Mapped[UUID | None]
    correlation_id: Mapped[str]
    traceparent: Mapped[str]
