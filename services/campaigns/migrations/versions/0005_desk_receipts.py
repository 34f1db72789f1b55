"""Which receipts a desk's reward names, in rows instead of an index of arrays."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write the rows of the rewards that are there; nothing is claimed meanwhile."""
    op.create_table(
        "desk_receipt",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id", "grant_id"],
            ["reward_grant.program_id", "reward_grant.grant_id"],
            name=op.f("fk_desk_receipt_program_id_grant_id"),
        ),
        sa.PrimaryKeyConstraint(
            "program_id", "receipt_id", "grant_id", name=op.f("pk_desk_receipt")
        ),
    )
    op.execute("LOCK TABLE reward_grant IN SHARE ROW EXCLUSIVE MODE")
    op.execute(
        "INSERT INTO desk_receipt (program_id, receipt_id, grant_id) "
        "SELECT DISTINCT program_id, unnest(receipt_ids), grant_id FROM reward_grant "
        "WHERE origin = 'desk'"
    )
    op.drop_index("reward_grant_of_desk", table_name="reward_grant")
