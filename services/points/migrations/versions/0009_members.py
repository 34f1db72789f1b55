"""Room for members and staff: transfers, pools, merges, adjustments that somebody checks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

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


def _replace_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def _points(name: str, *, default: str | None = None, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), server_default=default, nullable=nullable)


def _make_room_for_pools() -> None:
    _replace_check("account", "status", "status IN ('awaited', 'open', 'merged', 'pool')")
    op.create_check_constraint(
        op.f("ck_account_pool_is_nobodys"),
        "account",
        "status <> 'pool' OR member_id IS NULL",
    )
    op.create_table(
        "pool",
        _id("program_id"),
        _id("pool_id"),
        _text("name"),
        _id("owner_id"),
        _text("status"),
        _points("month_points_max", nullable=True),
        _instant("recorded_at"),
        _instant("closed_at", nullable=True),
        sa.CheckConstraint("status IN ('open', 'dissolved')", name=op.f("ck_pool_status")),
        sa.CheckConstraint("month_points_max > 0", name=op.f("ck_pool_month_points_max_positive")),
        sa.PrimaryKeyConstraint("program_id", "pool_id", name=op.f("pk_pool")),
    )
    op.create_table(
        "pool_member",
        _id("program_id"),
        _id("pool_id"),
        _id("member_id"),
        _text("status"),
        _points("month_points_max", nullable=True),
        _instant("since"),
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
        _id("program_id"),
        _id("pool_id"),
        _points("lot_version"),
        _id("member_id"),
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
        _id("program_id"),
        _id("transfer_id"),
        _id("from_member_id"),
        _id("to_member_id"),
        _points("points"),
        _text("message"),
        _text("status"),
        _instant("offered_at"),
        _instant("accept_until"),
        _instant("closed_at", nullable=True),
        _text("closed_by", nullable=True),
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
        _id("program_id"),
        _id("merge_id"),
        _id("merged_id"),
        _id("survivor_id"),
        _points("points"),
        _text("reason_code"),
        _text("note"),
        _text("made_by"),
        _instant("recorded_at"),
        _text("undone_by", nullable=True),
        _instant("undone_at", nullable=True),
        _points("restored", nullable=True),
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
    op.add_column("adjustment", _text("kind", default="adjustment"))
    op.add_column("adjustment", _text("status", default="posted"))
    op.add_column("adjustment", _text("evidence", nullable=True))
    op.add_column("adjustment", _text("checked_by", nullable=True))
    op.add_column("adjustment", _instant("checked_at", nullable=True))
    op.add_column("adjustment", _text("check_note", nullable=True))
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
        _id("program_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("spec", postgresql.JSON(), nullable=False),
        _instant("recorded_at"),
        _text("recorded_by"),
        sa.PrimaryKeyConstraint("program_id", "version", name=op.f("pk_adjustment_rules")),
    )
