"""Members can be reminded of points that end."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
_CAUSES = "'enrolled', 'tier_up', 'reward_points', 'reward_gift', 'points_expiring'"


def upgrade() -> None:
    """One more cause."""
    for table, column in (("template_head", "cause"), ("message", "cause_kind")):
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({_CAUSES})")
