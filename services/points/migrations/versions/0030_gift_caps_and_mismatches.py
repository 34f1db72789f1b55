"""Wallets may say how much a member gives a day; staff see and settle payments that differ."""

import sqlalchemy as sa
from alembic import op

from services.points.migrations.columns import instant, points, text

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_CAP = "gift_points_a_day_max"


def upgrade() -> None:
    """Add the columns: no wallet has a limit yet, and no mismatch is settled."""
    for table in ("wallet_type", "wallet_version"):
        op.add_column(table, points(_CAP, nullable=True))
    op.create_check_constraint(
        op.f("ck_wallet_type_gift_points_a_day_max_positive"), "wallet_type", f"{_CAP} > 0"
    )
    for column in (text("settled_by", nullable=True), text("note", nullable=True)):
        op.add_column("payment_mismatch", column)
    op.add_column("payment_mismatch", instant("settled_at", nullable=True))
    op.create_check_constraint(
        op.f("ck_payment_mismatch_settled_says_by_whom_and_why"),
        "payment_mismatch",
        "num_nulls(settled_at, settled_by, note) IN (0, 3)",
    )
    newest = ["program_id", "recorded_at", "transaction_id"]
    op.create_index("payment_mismatch_by_time", "payment_mismatch", newest)
    op.create_index(
        "payment_mismatch_open",
        "payment_mismatch",
        newest,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
