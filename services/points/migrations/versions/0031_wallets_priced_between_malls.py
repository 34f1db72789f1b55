"""Each wallet has prices of its own between malls, and is netted by itself."""

import sqlalchemy as sa
from alembic import op

from services.points.migrations.columns import text

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Prices so far are those of points; statements so far keep their lines, which tell no wallet
    because all were netted together."""
    op.add_column("clearing_price", text("wallet", default="points"))
    op.drop_constraint(op.f("pk_clearing_price"), "clearing_price")
    key = ["program_id", "wallet", "effective_from"]
    op.create_primary_key(op.f("pk_clearing_price"), "clearing_price", key)
    op.add_column(
        "clearing_statement",
        sa.Column("by_wallet", sa.Boolean(), server_default="false", nullable=False),
    )
    op.add_column("clearing_line", text("wallet", nullable=True))
