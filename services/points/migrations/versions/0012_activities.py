"""Earning without a purchase: rules by kind, and what members did."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.points.migrations.columns import id_, instant, text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "activity_rule",
        id_("program_id"),
        text("kind"),
        sa.Column("version", sa.Integer(), nullable=False),
        instant("effective_from"),
        sa.Column("spec", postgresql.JSON(), nullable=False),
        instant("recorded_at"),
        text("recorded_by"),
        sa.CheckConstraint("version > 0", name=op.f("ck_activity_rule_version_positive")),
        sa.PrimaryKeyConstraint("program_id", "kind", "version", name=op.f("pk_activity_rule")),
    )
    op.create_table(
        "activity",
        id_("program_id"),
        id_("activity_id"),
        id_("member_id"),
        text("kind"),
        text("external_id"),
        instant("happened_at"),
        id_("mall_id", nullable=True),
        id_("referred_id", nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        text("made_by"),
        instant("recorded_at"),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("referred_points", sa.BigInteger(), nullable=False),
        sa.Column("is_pending", sa.Boolean(), nullable=False),
        instant("activates_at", nullable=True),
        instant("expires_at", nullable=True),
        sa.Column("balance_after", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "points >= 0 AND referred_points >= 0", name=op.f("ck_activity_points_not_negative")
        ),
        sa.CheckConstraint(
            "member_id <> referred_id", name=op.f("ck_activity_nobody_brings_themselves")
        ),
        sa.PrimaryKeyConstraint("program_id", "activity_id", name=op.f("pk_activity")),
        sa.UniqueConstraint(
            "program_id",
            "member_id",
            "kind",
            "external_id",
            name=op.f("uq_activity_program_id_member_id_kind_external_id"),
        ),
    )
    op.create_index("activity_of_member", "activity", ["program_id", "member_id", "recorded_at"])
    op.create_index(
        "activity_brought",
        "activity",
        ["program_id", "referred_id"],
        unique=True,
        postgresql_where=sa.text("referred_id IS NOT NULL"),
    )
