"""Writes and looks of small groups in fewer statements: no statement runs for nothing."""

from alembic import op

from shared.migrate import reinstall_functions

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the functions."""
    op.execute("DROP FUNCTION IF EXISTS directory_text")
    reinstall_functions(op.get_bind(), "points", "books", "directory", "plain_sales")
