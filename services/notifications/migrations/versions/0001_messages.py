"""Members' and malls' copies, templates, and messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrate import create_frame

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_frame(op.get_bind())
    op.create_table(
        "channel_choice",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("channels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "channels <@ ARRAY['inbox', 'file'] AND cardinality(channels) > 0",
            name=op.f("ck_channel_choice_channels"),
        ),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_channel_choice")),
    )
    op.create_table(
        "mall",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("mall_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "mall_id", name=op.f("pk_mall")),
    )
    op.create_table(
        "member",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("member_number", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("home_mall_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("locale IN ('zh-CN', 'en')", name=op.f("ck_member_locale")),
        sa.CheckConstraint(
            "(enrolled_at IS NULL) = (locale IS NULL) AND "
            "(enrolled_at IS NULL) = (member_number IS NULL)",
            name=op.f("ck_member_known_whole"),
        ),
        sa.PrimaryKeyConstraint("program_id", "member_id", name=op.f("pk_member")),
    )
    op.create_table(
        "template_head",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "cause IN ('enrolled', 'tier_up', 'reward_points', 'reward_gift')",
            name=op.f("ck_template_head_cause"),
        ),
        sa.CheckConstraint("locale IN ('zh-CN', 'en')", name=op.f("ck_template_head_locale")),
        sa.CheckConstraint("version >= 0", name=op.f("ck_template_head_version")),
        sa.PrimaryKeyConstraint("program_id", "cause", "locale", name=op.f("pk_template_head")),
    )
    op.create_table(
        "tier_scheme",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_tier_scheme")),
    )
    op.create_table(
        "message",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("cause_kind", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("verdicts", sa.JSON(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("delivered_event_id", sa.Uuid(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL) AND "
            "(state = 'sent') = (delivered_event_id IS NOT NULL)",
            name=op.f("ck_message_sent_and_told"),
        ),
        sa.CheckConstraint(
            "(state = 'waiting_member') = (locale IS NULL) AND "
            "(locale IS NULL) = (template_version IS NULL) AND "
            "(locale IS NULL) = (planned_at IS NULL)",
            name=op.f("ck_message_waiting_without_locale"),
        ),
        sa.CheckConstraint(
            "cause_kind IN ('enrolled', 'tier_up', 'reward_points', 'reward_gift')",
            name=op.f("ck_message_cause_kind"),
        ),
        sa.CheckConstraint("channel IN ('inbox', 'file')", name=op.f("ck_message_channel")),
        sa.CheckConstraint(
            "read_at IS NULL OR state = 'sent'", name=op.f("ck_message_read_after_sent")
        ),
        sa.CheckConstraint(
            "state IN ('waiting_member', 'planned', 'sending', 'sent', 'failed', 'suppressed')",
            name=op.f("ck_message_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('failed', 'suppressed') OR reason IS NOT NULL",
            name=op.f("ck_message_says_why"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('sending', 'sent') OR (title <> '' AND "
            "body <> '' AND "
            "title IS NOT NULL AND "
            "body IS NOT NULL)",
            name=op.f("ck_message_never_blank"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "member_id"],
            ["member.program_id", "member.member_id"],
            name=op.f("fk_message_program_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("program_id", "message_id", name=op.f("pk_message")),
        sa.UniqueConstraint(
            "program_id",
            "member_id",
            "cause_kind",
            "cause_id",
            "step",
            "channel",
            name=op.f("uq_message_once"),
        ),
    )
    op.create_index(
        "message_due",
        "message",
        ["channel", "due_at", "message_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('planned', 'sending')"),
    )
    op.create_index(
        "message_inbox",
        "message",
        ["program_id", "member_id", "sent_at", "message_id"],
        unique=False,
        postgresql_where=sa.text("state = 'sent' AND channel = 'inbox'"),
    )
    op.create_index(
        "message_unread",
        "message",
        ["program_id", "member_id", "sent_at", "message_id"],
        unique=False,
        postgresql_where=sa.text("state = 'sent' AND channel = 'inbox' AND read_at IS NULL"),
    )
    op.create_index(
        "message_waiting",
        "message",
        ["program_id", "member_id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting_member'"),
    )
    op.create_table(
        "template",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_template_version")),
        sa.ForeignKeyConstraint(
            ["program_id", "cause", "locale"],
            ["template_head.program_id", "template_head.cause", "template_head.locale"],
            name=op.f("fk_template_program_id_cause_locale"),
        ),
        sa.PrimaryKeyConstraint(
            "program_id", "cause", "locale", "version", name=op.f("pk_template")
        ),
    )
