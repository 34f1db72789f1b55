"""Whose card a cashier had, and what a wallet was, at any time: nothing is overwritten any more."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

from services.points.migrations.columns import id_, instant, points, text

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, with what is stated today as the first."""
    op.create_table(
        "staff_card_change",
        id_("program_id"),
        id_("change_id"),
        id_("shop_id"),
        text("cashier_id"),
        id_("member_id", nullable=True),
        text("recorded_by"),
        instant("recorded_at"),
        sa.PrimaryKeyConstraint("program_id", "change_id", name=op.f("pk_staff_card_change")),
    )
    op.create_index(
        "staff_card_change_of",
        "staff_card_change",
        ["program_id", "shop_id", "cashier_id", "recorded_at"],
    )
    op.execute(
        "INSERT INTO staff_card_change (program_id, change_id, shop_id, cashier_id, member_id, "
        "recorded_by, recorded_at) SELECT program_id, gen_random_uuid(), shop_id, cashier_id, "
        "member_id, recorded_by, recorded_at FROM staff_card"
    )
    op.create_table(
        "wallet_version",
        id_("program_id"),
        text("wallet"),
        sa.Column("version", sa.Integer(), nullable=False),
        instant("effective_from"),
        text("name"),
        sa.Column("expiry", JSON(), nullable=False),
        points("balance_max", nullable=True),
        sa.Column("may_transfer", sa.Boolean(), nullable=False),
        sa.Column("may_redeem", sa.Boolean(), nullable=False),
        text("recorded_by"),
        sa.PrimaryKeyConstraint("program_id", "wallet", "version", name=op.f("pk_wallet_version")),
        sa.ForeignKeyConstraint(
            ["program_id", "wallet"],
            ["wallet_type.program_id", "wallet_type.wallet"],
            name=op.f("fk_wallet_version_program_id_wallet_wallet_type"),
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_wallet_version_version_positive")),
    )
    op.execute(
        "INSERT INTO wallet_version (program_id, wallet, version, effective_from, name, expiry, "
        "balance_max, may_transfer, may_redeem, recorded_by) SELECT program_id, wallet, 1, "
        "recorded_at, name, expiry, balance_max, may_transfer, may_redeem, recorded_by "
        "FROM wallet_type"
    )
