"""What a member wrote to another stays with the transfer, which can be erased: it leaves the
reasons of postings, which are kept for ever."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the words out of what was posted, and out of what a replay would tell."""
    op.execute(
        "UPDATE posting SET reason = (reason::jsonb - 'message')::json "
        "WHERE source_kind = 'transfer' AND reason ->> 'message' IS NOT NULL"
    )
    op.execute(
        "UPDATE outbox SET data = jsonb_set(data::jsonb, '{message}', '\"\"')::text "
        "WHERE type = 'points.transfer_offered.v1' AND data::jsonb ->> 'message' <> ''"
    )
