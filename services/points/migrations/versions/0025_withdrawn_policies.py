"""A version of a policy that has not begun can be withdrawn, by a row that is a version, too."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import reinstall_functions

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column to both kinds of policies; what is withdrawn is read by nobody."""
    for table in ("earning_policy", "redemption_policy"):
        op.add_column(table, sa.Column("withdraws", sa.Integer(), nullable=True))
        op.create_foreign_key(
            None, table, table, ["program_id", "withdraws"], ["program_id", "version"]
        )
        op.create_unique_constraint(None, table, ["program_id", "withdraws"])
        op.create_check_constraint("withdraws_what_is_there", table, "withdraws < version")
    reinstall_functions(op.get_bind(), "points", "directory")
