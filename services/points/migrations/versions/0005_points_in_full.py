"""Points in full: pending, held and frozen points, caps, redemptions, and what they need."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.points.migrations.columns import id_, instant, points, replace_check, text
from shared.migrate import reinstall_functions

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the accounts, lots, postings and receipts; make the new tables."""
    _widen_accounts()
    _widen_receipts()
    _widen_ledger()
    _make_caps_and_cases()
    _make_spending()
    reinstall_functions(op.get_bind(), "points", "books", "locks", "plain_sales")


def _widen_accounts() -> None:
    op.add_column("account", points("pending", default="0"))
    op.add_column("account", points("held", default="0"))
    op.add_column("account", id_("frozen_case", nullable=True))
    op.add_column("account", id_("merged_into", nullable=True))
    replace_check("account", "status", "status IN ('awaited', 'open', 'merged')")
    replace_check("account", "awaited_has_no_postings", "status <> 'awaited' OR version = 0")
    op.create_check_constraint(op.f("ck_account_pending_not_negative"), "account", "pending >= 0")
    op.create_check_constraint(op.f("ck_account_held_not_negative"), "account", "held >= 0")
    op.create_check_constraint(
        op.f("ck_account_merged_says_where"),
        "account",
        "(status = 'merged') = (merged_into IS NOT NULL)",
    )
    op.create_index(
        "account_of_member",
        "account",
        ["program_id", "member_id"],
        postgresql_where=sa.text("account_id <> member_id"),
    )


def _widen_receipts() -> None:
    op.add_column("pos_transaction", points("trimmed", default="0"))
    op.add_column("pos_transaction", points("forgiven", default="0"))
    op.add_column("pos_transaction", sa.Column("notes", postgresql.JSON(), nullable=True))
    replace_check(
        "pos_transaction",
        "status",
        "status IN ('awaited', 'posted', 'anonymous', 'waiting_member', 'waiting_sale', 'refused',"
        " 'in_review')",
    )


def _widen_ledger() -> None:
    replace_check(
        "posting",
        "counter_account",
        "counter_account IN ('issuance', 'clawback', 'adjustment', 'redemption', 'expiry',"
        " 'transfer', 'opening')",
    )
    op.add_column("posting", id_("mall_id", nullable=True))
    op.add_column("posting", id_("shop_id", nullable=True))
    op.add_column("lot", sa.Column("state", sa.Text(), server_default="active", nullable=False))
    op.add_column("lot", instant("activates_at", nullable=True))
    op.add_column("lot", sa.Column("sliding_months", sa.Integer(), nullable=True))
    op.add_column("lot", id_("frozen_case", nullable=True))
    op.add_column("lot", instant("earned_at", nullable=True))
    op.execute(
        "UPDATE lot l SET earned_at = coalesce(p.purchased_at, p.recorded_at) FROM posting p "
        "WHERE (p.program_id, p.account_id, p.version) = (l.program_id, l.account_id, l.version)"
    )
    op.create_check_constraint(op.f("ck_lot_state"), "lot", "state IN ('active', 'pending')")
    op.create_check_constraint(
        op.f("ck_lot_active_waits_for_nothing"), "lot", "activates_at IS NULL OR state = 'pending'"
    )
    op.create_index(
        "lot_expiring",
        "lot",
        ["program_id", "expires_at"],
        postgresql_where=sa.text("remaining > 0 AND expires_at IS NOT NULL"),
    )
    op.create_index(
        "lot_activating",
        "lot",
        ["program_id", "activates_at"],
        postgresql_where=sa.text("state = 'pending' AND remaining > 0"),
    )
    op.create_table(
        "lot_return",
        id_("program_id"),
        id_("account_id"),
        points("version"),
        points("lot_version"),
        points("points"),
        sa.CheckConstraint("points > 0", name=op.f("ck_lot_return_points_positive")),
        sa.ForeignKeyConstraint(
            ["program_id", "account_id", "lot_version"],
            ["lot.program_id", "lot.account_id", "lot.version"],
            name=op.f("fk_lot_return_program_id_account_id_lot_version"),
        ),
        sa.PrimaryKeyConstraint(
            "program_id", "account_id", "version", "lot_version", name=op.f("pk_lot_return")
        ),
    )
    op.create_table(
        "lot_change",
        id_("program_id"),
        id_("change_id"),
        id_("account_id"),
        points("lot_version"),
        text("kind"),
        sa.Column("reason", postgresql.JSON(), nullable=False),
        instant("recorded_at"),
        sa.CheckConstraint(
            "kind IN ('activated', 'expiry_set', 'frozen', 'thawed')",
            name=op.f("ck_lot_change_kind"),
        ),
        sa.PrimaryKeyConstraint("program_id", "change_id", name=op.f("pk_lot_change")),
    )
    op.create_index(
        "lot_change_of_lot",
        "lot_change",
        ["program_id", "account_id", "lot_version", "recorded_at"],
    )


def _make_caps_and_cases() -> None:
    op.create_table(
        "cap_usage",
        id_("program_id"),
        id_("account_id"),
        text("cap"),
        text("period"),
        points("points"),
        sa.Column("times", sa.Integer(), nullable=False),
        instant("last_at"),
        sa.CheckConstraint("points >= 0", name=op.f("ck_cap_usage_points_not_negative")),
        sa.PrimaryKeyConstraint(
            "program_id", "account_id", "cap", "period", name=op.f("pk_cap_usage")
        ),
    )
    op.create_table(
        "review_case",
        id_("program_id"),
        id_("case_id"),
        text("kind"),
        text("status"),
        id_("account_id", nullable=True),
        id_("transaction_id", nullable=True),
        points("lot_version", nullable=True),
        sa.Column("reason", postgresql.JSON(), nullable=False),
        text("opened_by"),
        instant("opened_at"),
        text("closed_by", nullable=True),
        instant("closed_at", nullable=True),
        text("outcome", nullable=True),
        sa.CheckConstraint(
            "kind IN ('receipt', 'account', 'lot')", name=op.f("ck_review_case_kind")
        ),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_review_case_status")),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL)",
            name=op.f("ck_review_case_closed_says_when"),
        ),
        sa.PrimaryKeyConstraint("program_id", "case_id", name=op.f("pk_review_case")),
    )
    op.create_index(
        "review_case_open",
        "review_case",
        ["program_id", "opened_at"],
        postgresql_where=sa.text("status = 'open'"),
    )


def _make_spending() -> None:
    op.create_table(
        "hold",
        id_("program_id"),
        id_("hold_id"),
        id_("account_id"),
        text("kind"),
        text("status"),
        points("points"),
        points("captured", default="0"),
        text("reference"),
        id_("mall_id", nullable=True),
        id_("shop_id", nullable=True),
        text("made_by"),
        instant("expires_at", nullable=True),
        instant("recorded_at"),
        instant("closed_at", nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'captured', 'released', 'expired', 'cancelled', 'refused')",
            name=op.f("ck_hold_status"),
        ),
        sa.CheckConstraint(
            "captured >= 0 AND captured <= points", name=op.f("ck_hold_captured_within")
        ),
        sa.CheckConstraint(
            "points > 0 OR status = 'cancelled'", name=op.f("ck_hold_points_positive")
        ),
        sa.PrimaryKeyConstraint("program_id", "hold_id", name=op.f("pk_hold")),
    )
    op.create_index("hold_of_account", "hold", ["program_id", "account_id", "recorded_at"])
    op.create_index(
        "hold_expiring",
        "hold",
        ["program_id", "expires_at"],
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "redemption",
        id_("program_id"),
        id_("redemption_id"),
        id_("account_id"),
        points("version"),
        points("points"),
        points("returned", default="0"),
        points("amount_minor", nullable=True),
        text("currency", nullable=True),
        text("reference"),
        id_("transaction_id", nullable=True),
        id_("hold_id", nullable=True),
        id_("mall_id", nullable=True),
        id_("shop_id", nullable=True),
        instant("recorded_at"),
        sa.CheckConstraint(
            "points > 0 AND returned >= 0 AND returned <= points",
            name=op.f("ck_redemption_returned_within"),
        ),
        sa.PrimaryKeyConstraint("program_id", "redemption_id", name=op.f("pk_redemption")),
    )
    op.create_index(
        "redemption_of_receipt",
        "redemption",
        ["program_id", "transaction_id"],
        postgresql_where=sa.text("transaction_id IS NOT NULL"),
    )
    op.create_index("redemption_of_account", "redemption", ["program_id", "account_id", "version"])
    op.create_table(
        "request_key",
        id_("program_id"),
        text("operation"),
        text("idempotency_key"),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSON(), nullable=False),
        instant("recorded_at"),
        sa.PrimaryKeyConstraint(
            "program_id", "operation", "idempotency_key", name=op.f("pk_request_key")
        ),
    )
