"""Tokens that are refused before they end."""

from alembic import op

from shared.migrate import create_token_revocations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The frame's table of them."""
    create_token_revocations(op.get_bind())
