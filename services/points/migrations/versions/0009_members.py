"""Room for members and staff: transfers, pools, merges, adjustments that somebody checks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.points.migrations.columns import id_, instant, points, replace_check, text
from shared.migrate import reinstall_functions

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lots know where they first came from; adjustments wait for a second pair of eyes."""
    op.add_column("lot", sa.Column("origin_id", sa.Uuid(), nullable=True))
    _make_room_for_pools()
    _make_transfers()
    _make_merges()
    _widen_adjustments()
    reinstall_functions(op.get_bind(), "points", "books", "locks", "plain_sales")


def _make_room_for_pools() -> None:
    replace_check("account", "status", "status IN ('awaited', 'open', 'merged', 'pool')")
    op.create_check_constraint(
        op.f("ck_account_pool_is_nobodys"),
        "account",
        "status <> 'pool' OR member_id IS NULL",
    )
    op.create_table(
        "pool",
        id_("program_id"),
        id_("pool_id"),
        text("name"),
        id_("owner_id"),
        text("status"),
        points("month_points_max", nullable=True),
        instant("recorded_at"),
        instant("closed_at", nullable=True),
        sa.CheckConstraint("status IN ('open', 'dissolved')", name=op.f("ck_pool_status")),
        sa.CheckConstraint("month_points_max > 0", name=op.f("ck_pool_month_points_max_positive")),
        sa.PrimaryKeyConstraint("program_id", "pool_id", name=op.f("pk_pool")),
    )
    op.create_table(
        "pool_member",
        id_("program_id"),
        id_("pool_id"),
        id_("member_id"),
        text("status"),
        points("month_points_max", nullable=True),
        instant("since"),
        sa.CheckConstraint(
            "status IN ('invited', 'joined', 'left')", name=op.f("ck_pool_member_status")
        ),
        sa.CheckConstraint(
            "month_points_max > 0", name=op.f("ck_pool_member_month_points_max_positive")
        ),
        sa.PrimaryKeyConstraint("program_id", "pool_id", "member_id", name=op.f("pk_pool_member")),
    )
    op.create_index(
        "pool_of_member",
        "pool_member",
        ["program_id", "member_id"],
        unique=True,
        postgresql_where=sa.text("status = 'joined'"),
    )
    op.create_table(
        "pool_contribution",
        id_("program_id"),
        id_("pool_id"),
        points("lot_version"),
        id_("member_id"),
        sa.PrimaryKeyConstraint(
            "program_id", "pool_id", "lot_version", name=op.f("pk_pool_contribution")
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "pool_id", "lot_version"],
            ["lot.program_id", "lot.account_id", "lot.version"],
            name=op.f("fk_pool_contribution_program_id_pool_id_lot_version"),
        ),
    )


def _make_transfers() -> None:
    op.create_table(
        "transfer",
        id_("program_id"),
        id_("transfer_id"),
        id_("from_member_id"),
        id_("to_member_id"),
        points("points"),
        text("message"),
        text("status"),
        instant("offered_at"),
        instant("accept_until"),
        instant("closed_at", nullable=True),
        text("closed_by", nullable=True),
        sa.CheckConstraint("points > 0", name=op.f("ck_transfer_points_positive")),
        sa.CheckConstraint("from_member_id <> to_member_id", name=op.f("ck_transfer_between_two")),
        sa.CheckConstraint(
            "status IN ('offered', 'accepted', 'declined', 'cancelled', 'expired')",
            name=op.f("ck_transfer_status"),
        ),
        sa.CheckConstraint(
            "(status = 'offered') = (closed_at IS NULL)", name=op.f("ck_transfer_closed_says_when")
        ),
        sa.PrimaryKeyConstraint("program_id", "transfer_id", name=op.f("pk_transfer")),
    )
    op.create_index("transfer_given", "transfer", ["program_id", "from_member_id", "offered_at"])
    op.create_index("transfer_received", "transfer", ["program_id", "to_member_id", "offered_at"])
    op.create_index(
        "transfer_ending",
        "transfer",
        ["accept_until"],
        postgresql_where=sa.text("status = 'offered'"),
    )


def _make_merges() -> None:
    op.create_table(
        "account_merge",
        id_("program_id"),
        id_("merge_id"),
        id_("merged_id"),
        id_("survivor_id"),
        points("points"),
        text("reason_code"),
        text("note"),
        text("made_by"),
        instant("recorded_at"),
        text("undone_by", nullable=True),
        instant("undone_at", nullable=True),
        points("restored", nullable=True),
        sa.CheckConstraint("merged_id <> survivor_id", name=op.f("ck_account_merge_of_two")),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (restored IS NULL)",
            name=op.f("ck_account_merge_undone_says_what"),
        ),
        sa.PrimaryKeyConstraint("program_id", "merge_id", name=op.f("pk_account_merge")),
    )
    op.create_index(
        "merge_in_force",
        "account_merge",
        ["program_id", "merged_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )


def _widen_adjustments() -> None:
    op.add_column("adjustment", text("kind", default="adjustment"))
    op.add_column("adjustment", text("status", default="posted"))
    op.add_column("adjustment", text("evidence", nullable=True))
    op.add_column("adjustment", text("checked_by", nullable=True))
    op.add_column("adjustment", instant("checked_at", nullable=True))
    op.add_column("adjustment", text("check_note", nullable=True))
    op.alter_column("adjustment", "version", nullable=True)
    op.alter_column("adjustment", "balance_after", nullable=True)
    for name, condition in (
        ("kind", "kind IN ('adjustment', 'write_off')"),
        ("status", "status IN ('posted', 'awaits_check', 'rejected')"),
        ("posted_says_where", "(status = 'posted') = (version IS NOT NULL)"),
        ("checked_by_another", "checked_by <> made_by"),
    ):
        op.create_check_constraint(op.f(f"ck_adjustment_{name}"), "adjustment", condition)
    op.create_index(
        "adjustment_of_account", "adjustment", ["program_id", "account_id", "adjustment_id"]
    )
    op.create_index(
        "adjustment_to_check",
        "adjustment",
        ["program_id", "adjustment_id"],
        postgresql_where=sa.text("status = 'awaits_check'"),
    )
    op.create_table(
        "adjustment_rules",
        id_("program_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("spec", postgresql.JSON(), nullable=False),
        instant("recorded_at"),
        text("recorded_by"),
        sa.PrimaryKeyConstraint("program_id", "version", name=op.f("pk_adjustment_rules")),
    )
