"""Pending points that the clock makes good are told."""

from alembic import op

from shared.migrate import reinstall_functions

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the functions."""
    reinstall_functions(op.get_bind(), "points", "books", "plain_sales", "night")
