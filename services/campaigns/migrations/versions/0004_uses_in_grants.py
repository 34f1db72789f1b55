"""What a reward uses of receipts stands in its own row; narrower indexes of rewards."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Receipts that a reward names and uses no more stay named, with nothing used.
_FILL = """
UPDATE reward_grant g SET receipt_ids = n.receipt_ids, used_minor = n.used_minor
FROM (
    SELECT program_id, grant_id, array_agg(receipt_id ORDER BY receipt_id) AS receipt_ids,
           array_agg(coalesce(amount_minor, 0) ORDER BY receipt_id) AS used_minor
    FROM (SELECT program_id, grant_id, unnest(receipt_ids) AS receipt_id FROM reward_grant
          WHERE family IS NOT NULL
          UNION SELECT program_id, grant_id, receipt_id FROM receipt_usage) named
    LEFT JOIN receipt_usage USING (program_id, grant_id, receipt_id)
    GROUP BY program_id, grant_id
) n
WHERE n.program_id = g.program_id AND n.grant_id = g.grant_id
"""


def upgrade() -> None:
    """Move the uses; judgements wait meanwhile."""
    op.execute("LOCK TABLE reward_grant, receipt_usage IN ACCESS EXCLUSIVE MODE")
    op.add_column(
        "reward_grant", sa.Column("used_minor", postgresql.ARRAY(sa.BigInteger()), nullable=True)
    )
    op.execute(_FILL)
    op.execute(
        "UPDATE reward_grant SET used_minor = '{}' WHERE family IS NOT NULL "
        "AND used_minor IS NULL AND receipt_ids = '{}'"
    )
    op.drop_table("receipt_usage")
    op.create_check_constraint(
        op.f("ck_reward_grant_used"),
        "reward_grant",
        "(family IS NULL) = (used_minor IS NULL) AND 0 <= ALL (used_minor) "
        "AND cardinality(used_minor) = cardinality(receipt_ids)",
    )
    op.drop_index("reward_grant_by_receipt", table_name="reward_grant")
    op.create_index(
        "reward_grant_of_multiplier",
        "reward_grant",
        ["program_id", "receipt_id"],
        postgresql_where=sa.text("family IS NULL"),
    )
    op.create_index(
        "reward_grant_of_desk",
        "reward_grant",
        ["receipt_ids"],
        postgresql_using="gin",
        postgresql_where=sa.text("origin = 'desk'"),
    )
