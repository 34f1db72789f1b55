"""What points cost between malls when they come back is what they cost when they were burned; and
lists of cases, freezes and open files are found by an index."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import reinstall_functions

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and fill it, replace the functions, add the indexes."""
    op.add_column(
        "clearing_entry", sa.Column("priced_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute(
        """
        UPDATE clearing_entry e SET priced_at = coalesce((
            SELECT r.recorded_at FROM posting p
            JOIN redemption r ON r.program_id = p.program_id
                             AND r.redemption_id = (p.reason ->> 'redemption_id')::uuid
            WHERE p.program_id = e.program_id AND p.account_id = e.account_id
              AND p.version = e.version AND p.points > 0), e.recorded_at)
        """
    )
    op.alter_column("clearing_entry", "priced_at", nullable=False)
    reinstall_functions(op.get_bind(), "points", "books")
    op.create_index(
        "review_case_of_account",
        "review_case",
        ["program_id", "account_id", "opened_at"],
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index(
        "review_case_by_time", "review_case", ["program_id", "kind", "opened_at", "case_id"]
    )
    op.drop_index("export_open", "export")
    op.create_index(
        "export_open", "export", ["kind", "made_at"], postgresql_where=sa.text("status = 'open'")
    )
    op.create_index(
        "export_open_of",
        "export",
        ["program_id", "made_by"],
        postgresql_where=sa.text("status = 'open'"),
    )
