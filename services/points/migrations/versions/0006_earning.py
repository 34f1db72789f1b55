"""Earning: policies have ids, and what a cap granted is found by its period."""

from alembic import op

from shared.migrate import reinstall_functions

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Name the stored policies, turn the key of usages, replace the functions."""
    op.execute(
        "UPDATE earning_policy SET spec = (spec::jsonb || jsonb_build_object("
        "'policy_id', gen_random_uuid(), "
        "'eligible', json_build_object('excluded_tenders', json_build_array())))::json "
        "WHERE spec -> 'policy_id' IS NULL"
    )
    op.drop_constraint(op.f("pk_cap_usage"), "cap_usage")
    op.create_primary_key(
        op.f("pk_cap_usage"), "cap_usage", ["program_id", "account_id", "period", "cap"]
    )
    reinstall_functions(op.get_bind(), "points", "books", "plain_sales")
