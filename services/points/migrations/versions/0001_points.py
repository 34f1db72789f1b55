"""Receipts, the ledger, and copies of the directory."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrate import create_frame, install_functions

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first schema."""
    create_frame(op.get_bind())
    op.create_table(
        "account",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("wallet", sa.Text(), server_default="points", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tier_version", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "status = 'open' OR version = 0", name=op.f("ck_account_awaited_has_no_postings")
        ),
        sa.CheckConstraint("status IN ('awaited', 'open')", name=op.f("ck_account_status")),
        sa.CheckConstraint("version >= 0", name=op.f("ck_account_version_not_negative")),
        sa.PrimaryKeyConstraint("program_id", "account_id", name=op.f("pk_account")),
    )
    op.create_table(
        "adjustment",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("adjustment_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "adjustment_id", name=op.f("pk_adjustment")),
        sa.UniqueConstraint(
            "program_id", "idempotency_key", name=op.f("uq_adjustment_program_id_idempotency_key")
        ),
    )
    op.create_table(
        "earning_policy",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spec", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_earning_policy_version_positive")),
        sa.PrimaryKeyConstraint("program_id", "version", name=op.f("pk_earning_policy")),
    )
    op.create_table(
        "lot",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mall_id", sa.Uuid(), nullable=True),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("funding", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "remaining >= 0 AND remaining <= points", name=op.f("ck_lot_remaining_within")
        ),
        sa.PrimaryKeyConstraint("program_id", "account_id", "version", name=op.f("pk_lot")),
    )
    op.create_index(
        "lot_open",
        "lot",
        ["program_id", "account_id", "expires_at", "version"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_table(
        "member_number",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("member_number", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("program_id", "member_number", name=op.f("pk_member_number")),
    )
    op.create_table(
        "member_tier",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "member_id", "since", name=op.f("pk_member_tier")),
    )
    op.create_table(
        "pos_conflict",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("content", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "program_id", "transaction_id", "fingerprint", name=op.f("pk_pos_conflict")
        ),
    )
    op.create_table(
        "pos_transaction",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("mall_id", sa.Uuid(), nullable=True),
        sa.Column("till_id", sa.Text(), nullable=True),
        sa.Column("receipt_number", sa.Text(), nullable=True),
        sa.Column("business_date", sa.Date(), nullable=True),
        sa.Column("purchased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("awaited_number", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("earned", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("clawed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("points", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status = 'awaited') = (content IS NULL)",
            name=op.f("ck_pos_transaction_awaited_is_empty"),
        ),
        sa.CheckConstraint(
            "kind = 'refund' OR receipt_id = transaction_id",
            name=op.f("ck_pos_transaction_sale_is_its_receipt"),
        ),
        sa.CheckConstraint("kind IN ('sale', 'refund')", name=op.f("ck_pos_transaction_kind")),
        sa.CheckConstraint(
            "status <> 'posted' OR member_id IS NOT NULL",
            name=op.f("ck_pos_transaction_posted_has_member"),
        ),
        sa.CheckConstraint(
            "status IN ('awaited', 'posted', 'anonymous', 'waiting_member', 'waiting_sale',"
            " 'refused')",
            name=op.f("ck_pos_transaction_status"),
        ),
        sa.CheckConstraint(
            "earned >= clawed AND clawed >= 0", name=op.f("ck_pos_transaction_clawed_within_earned")
        ),
        sa.CheckConstraint("total_minor >= 0", name=op.f("ck_pos_transaction_total_not_negative")),
        sa.PrimaryKeyConstraint("program_id", "transaction_id", name=op.f("pk_pos_transaction")),
    )
    op.create_index(
        "pos_transaction_of_member",
        "pos_transaction",
        ["program_id", "member_id", "purchased_at"],
        unique=False,
        postgresql_where=sa.text("member_id IS NOT NULL"),
    )
    op.create_index(
        "pos_transaction_refunds",
        "pos_transaction",
        ["program_id", "receipt_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'refund'"),
    )
    op.create_index(
        "pos_transaction_waiting",
        "pos_transaction",
        ["program_id", "status"],
        unique=False,
        postgresql_where=sa.text("status IN ('waiting_member', 'waiting_sale', 'awaited')"),
    )
    op.create_index(
        "pos_transaction_waiting_number",
        "pos_transaction",
        ["program_id", "awaited_number"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting_member' AND awaited_number IS NOT NULL"),
    )
    op.create_table(
        "shop",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("mall_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "shop_id", name=op.f("pk_shop")),
    )
    op.create_table(
        "till",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("previous_key_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "shop_id", "till_id", name=op.f("pk_till")),
    )
    op.create_table(
        "lot_take",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("lot_version", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_lot_take_points_positive")),
        sa.ForeignKeyConstraint(
            ["program_id", "account_id", "lot_version"],
            ["lot.program_id", "lot.account_id", "lot.version"],
            name=op.f("fk_lot_take_program_id_account_id_lot_version"),
        ),
        sa.PrimaryKeyConstraint(
            "program_id", "account_id", "version", "lot_version", name=op.f("pk_lot_take")
        ),
    )
    op.create_table(
        "posting",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("counter_account", sa.Text(), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("purchased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "counter_account IN ('issuance', 'clawback', 'adjustment')",
            name=op.f("ck_posting_counter_account"),
        ),
        sa.CheckConstraint("points <> 0", name=op.f("ck_posting_points_not_zero")),
        sa.CheckConstraint("version > 0", name=op.f("ck_posting_version_positive")),
        sa.ForeignKeyConstraint(
            ["program_id", "account_id"],
            ["account.program_id", "account.account_id"],
            name=op.f("fk_posting_program_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("program_id", "account_id", "version", name=op.f("pk_posting")),
        sa.UniqueConstraint(
            "program_id",
            "source_kind",
            "source_id",
            name=op.f("uq_posting_program_id_source_kind_source_id"),
        ),
    )
    # Rows that are updated in place on every posting: room on the page keeps the updates local.
    op.execute("ALTER TABLE account SET (fillfactor = 70)")
    op.execute("ALTER TABLE lot SET (fillfactor = 85)")
    install_functions(op.get_bind(), "points", "books", "locks")
