"""Receipts that somebody looks at before they earn: rules, cards of staff, cashiers."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrate import install_functions, reinstall_functions

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and columns, replace the functions."""
    op.create_table(
        "review_rules",
        _column("program_id", sa.Uuid()),
        _column("version", sa.Integer()),
        _column("spec", postgresql.JSON()),
        _column("recorded_at", sa.DateTime(timezone=True)),
        _column("recorded_by", sa.Text()),
        sa.CheckConstraint("version > 0", name=op.f("ck_review_rules_version_positive")),
        sa.PrimaryKeyConstraint("program_id", "version", name=op.f("pk_review_rules")),
    )
    op.create_table(
        "staff_card",
        _column("program_id", sa.Uuid()),
        _column("shop_id", sa.Uuid()),
        _column("cashier_id", sa.Text()),
        _column("member_id", sa.Uuid()),
        _column("recorded_by", sa.Text()),
        _column("recorded_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("program_id", "shop_id", "cashier_id", name=op.f("pk_staff_card")),
    )
    op.add_column("review_case", sa.Column("note", sa.Text(), nullable=True))
    op.add_column("pos_transaction", sa.Column("cashier_id", sa.Text(), nullable=True))
    op.add_column(
        "pos_transaction",
        sa.Column("is_watched", sa.Boolean(), server_default="false", nullable=False),
    )
    op.drop_constraint(op.f("ck_pos_transaction_status"), "pos_transaction")
    op.create_check_constraint(
        op.f("ck_pos_transaction_status"),
        "pos_transaction",
        "status IN ('awaited', 'posted', 'anonymous', 'waiting_member', 'waiting_sale', 'refused',"
        " 'in_review', 'rejected')",
    )
    _index("pos_transaction_of_till", "till_id", "is_watched")
    _index("pos_transaction_of_cashier", "cashier_id", "is_watched AND cashier_id IS NOT NULL")
    install_functions(op.get_bind(), "points", "review")
    reinstall_functions(op.get_bind(), "points", "books", "plain_sales")


def _column(name: str, kind: Any) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)


def _index(name: str, column: str, condition: str) -> None:
    op.create_index(
        name,
        "pos_transaction",
        ["program_id", "shop_id", column, "purchased_at"],
        postgresql_where=sa.text(condition),
    )
