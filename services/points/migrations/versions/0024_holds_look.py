"""Holds are looked at in one snapshot and few statements; no index is kept that nobody reads."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import reinstall_functions

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the functions and the indexes. Of holds only the open ones are asked for by account,
    in order of time; of redemptions none."""
    op.drop_index("redemption_of_account", "redemption")
    op.drop_index("hold_of_account", "hold")
    op.drop_index("hold_open_of_account", "hold")
    op.create_index(
        "hold_open_of_account",
        "hold",
        ["program_id", "account_id", "recorded_at"],
        postgresql_where=sa.text("status = 'open'"),
    )
    reinstall_functions(op.get_bind(), "points", "books", "holds")
