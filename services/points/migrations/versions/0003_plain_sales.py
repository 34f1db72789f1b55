"""Plain sales are recorded in two round trips."""

from alembic import op

from shared.migrate import install_functions

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the functions."""
    install_functions(op.get_bind(), "points", "directory", "plain_sales")
