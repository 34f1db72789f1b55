"""What was told is marked by batches of outbox rows, not row by row."""

from alembic import op

from shared.migrate import create_outbox_batches

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the marks; writers wait meanwhile."""
    create_outbox_batches(op.get_bind())
