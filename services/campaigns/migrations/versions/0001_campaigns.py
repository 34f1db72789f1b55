"""Everything that campaigns starts with."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import create_frame

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_frame(op.get_bind())
    _create_directory()
    _create_campaigns()
    _create_rewards()
    _keep_history("campaign_version", "claim")


def _create_directory() -> None:
    op.create_table(
        "brand",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "code", name=op.f("pk_brand")),
    )
    op.create_table(
        "category",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "code", name=op.f("pk_category")),
    )
    op.create_table(
        "mall",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("mall_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "mall_id", name=op.f("pk_mall")),
    )
    op.create_table(
        "member",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("member_number", sa.Text(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tier_version", sa.Integer(), server_default="-1", nullable=False),
        sa.Column("timeline", sa.JSON(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("program_id", "member_id", name=op.f("pk_member")),
        sa.UniqueConstraint(
            "program_id", "member_number", name=op.f("uq_member_program_id_member_number")
        ),
    )
    op.create_table(
        "program_state",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_program_state")),
    )
    op.create_table(
        "request_key",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.Text(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "operation", "key", name=op.f("pk_request_key")),
    )
    op.create_index("request_key_age", "request_key", ["made_at"], unique=False)
    op.create_table(
        "rescore",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("rescore_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cursor_id", sa.Uuid(), nullable=False),
        sa.Column("receipts_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("program_id", "rescore_id", name=op.f("pk_rescore")),
    )
    op.create_index(
        "rescore_open",
        "rescore",
        ["rescore_id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "shop",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("mall_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
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
        "receipt",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("mall_id", sa.Uuid(), nullable=True),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("till_id", sa.Text(), nullable=True),
        sa.Column("receipt_number", sa.Text(), nullable=True),
        sa.Column("business_date", sa.Date(), nullable=True),
        sa.Column("purchased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("local_day", sa.Date(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("refunds", sa.JSON(), nullable=False),
        sa.Column("shop_brand", sa.Text(), nullable=True),
        sa.Column("shop_category", sa.Text(), nullable=True),
        sa.Column("shop_is_known", sa.Boolean(), nullable=False),
        sa.CheckConstraint("net_minor >= 0", name=op.f("ck_receipt_net")),
        sa.ForeignKeyConstraint(
            ["program_id", "member_id"],
            ["member.program_id", "member.member_id"],
            name=op.f("fk_receipt_program_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("program_id", "receipt_id", name=op.f("pk_receipt")),
        sa.UniqueConstraint(
            "program_id",
            "shop_id",
            "till_id",
            "receipt_number",
            "business_date",
            name="uq_receipt_paper",
        ),
    )
    op.create_index(
        "receipt_by_member_day", "receipt", ["program_id", "member_id", "local_day"], unique=False
    )
    op.create_index(
        "receipt_by_purchase", "receipt", ["program_id", "purchased_at", "receipt_id"], unique=False
    )
    op.create_index(
        "receipt_of_unknown_shop",
        "receipt",
        ["program_id", "shop_id"],
        unique=False,
        postgresql_where=sa.text("NOT shop_is_known"),
    )


def _create_campaigns() -> None:
    op.create_table(
        "campaign",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("live_version", sa.Integer(), nullable=True),
        sa.Column("draft", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'draft') = (live_version IS NULL)", name=op.f("ck_campaign_live_version")
        ),
        sa.CheckConstraint(
            "(status = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_campaign_ended_at")
        ),
        sa.CheckConstraint("status IN ('draft', 'live', 'ended')", name=op.f("ck_campaign_status")),
        sa.PrimaryKeyConstraint("program_id", "campaign_id", name=op.f("pk_campaign")),
    )
    op.create_table(
        "gift",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "sku", name=op.f("pk_gift")),
    )
    op.create_table(
        "campaign_version",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_campaign_version_version")),
        sa.ForeignKeyConstraint(
            ["program_id", "campaign_id"],
            ["campaign.program_id", "campaign.campaign_id"],
            name=op.f("fk_campaign_version_program_id_campaign_id"),
        ),
        sa.PrimaryKeyConstraint(
            "program_id", "campaign_id", "version", name=op.f("pk_campaign_version")
        ),
    )
    op.create_table(
        "claim",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("receipts", sa.JSON(), nullable=False),
        sa.Column("gift_sku", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("mall_id", sa.Uuid(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(decision = 'granted' AND reason IS NULL AND quantity = 1 AND grant_id IS "
            "NOT NULL) OR (decision = 'refused' AND reason IS NOT NULL AND quantity = 0 "
            "AND grant_id IS NULL)",
            name=op.f("ck_claim_decision"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "campaign_id"],
            ["campaign.program_id", "campaign.campaign_id"],
            name=op.f("fk_claim_program_id_campaign_id"),
        ),
        sa.PrimaryKeyConstraint("program_id", "claim_id", name=op.f("pk_claim")),
    )
    op.create_index(
        "claim_by_campaign", "claim", ["program_id", "campaign_id", "claim_id"], unique=False
    )
    op.create_table(
        "gift_stock",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("stock_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("mall_id", sa.Uuid(), nullable=True),
        sa.Column("initial", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.CheckConstraint("remaining BETWEEN 0 AND initial", name=op.f("ck_gift_stock_remaining")),
        sa.ForeignKeyConstraint(
            ["program_id", "sku"],
            ["gift.program_id", "gift.sku"],
            name=op.f("fk_gift_stock_program_id_sku"),
        ),
        sa.PrimaryKeyConstraint("program_id", "stock_id", name=op.f("pk_gift_stock")),
        sa.UniqueConstraint(
            "program_id",
            "sku",
            "mall_id",
            name=op.f("uq_gift_stock_program_id_sku_mall_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )


def _create_rewards() -> None:
    op.create_table(
        "reward_withheld",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("unit_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('limit_reached', 'out_of_stock')", name=op.f("ck_reward_withheld_reason")
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "member_id"],
            ["member.program_id", "member.member_id"],
            name=op.f("fk_reward_withheld_program_id_member_id"),
        ),
        sa.PrimaryKeyConstraint(
            "program_id", "campaign_id", "unit_key", name=op.f("pk_reward_withheld")
        ),
    )
    op.create_index(
        "reward_withheld_by_family",
        "reward_withheld",
        ["program_id", "member_id", "family"],
        unique=False,
    )
    op.create_table(
        "reward_grant",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_key", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("family", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("points_revoked", sa.BigInteger(), nullable=False),
        sa.Column("gift_sku", sa.Text(), nullable=True),
        sa.Column("stock_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("mall_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("threshold_minor", sa.BigInteger(), nullable=True),
        sa.Column("shortfall_minor", sa.BigInteger(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_by", sa.Text(), nullable=True),
        sa.Column("issued_mall_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'points' AND points >= 1 AND gift_sku IS NULL AND stock_id IS NULL "
            "AND member_id IS NOT NULL AND status IN ('granted', 'revoked') AND (status "
            "= 'revoked') = (points_revoked = points)) OR (kind = 'gift' AND points IS "
            "NULL AND points_revoked = 0 AND gift_sku IS NOT NULL AND stock_id IS NOT "
            "NULL AND status IN ('granted', 'issued', 'bill_back', 'revoked'))",
            name=op.f("ck_reward_grant_kind"),
        ),
        sa.CheckConstraint(
            "(status = 'bill_back') = (shortfall_minor > 0)", name=op.f("ck_reward_grant_shortfall")
        ),
        sa.CheckConstraint(
            "(status IN ('issued', 'bill_back')) = (issued_at IS NOT NULL)",
            name=op.f("ck_reward_grant_issued"),
        ),
        sa.CheckConstraint("origin IN ('automatic', 'desk')", name=op.f("ck_reward_grant_origin")),
        sa.CheckConstraint("generation >= 1", name=op.f("ck_reward_grant_generation")),
        sa.CheckConstraint(
            "points_revoked BETWEEN 0 AND coalesce(points, 0)",
            name=op.f("ck_reward_grant_points_revoked"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "campaign_id", "version"],
            [
                "campaign_version.program_id",
                "campaign_version.campaign_id",
                "campaign_version.version",
            ],
            name=op.f("fk_reward_grant_program_id_campaign_id_version"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "member_id"],
            ["member.program_id", "member.member_id"],
            name=op.f("fk_reward_grant_program_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "stock_id"],
            ["gift_stock.program_id", "gift_stock.stock_id"],
            name=op.f("fk_reward_grant_program_id_stock_id"),
        ),
        sa.PrimaryKeyConstraint("program_id", "grant_id", name=op.f("pk_reward_grant")),
        sa.UniqueConstraint(
            "program_id",
            "campaign_id",
            "unit_key",
            "generation",
            name=op.f("uq_reward_grant_program_id_campaign_id_unit_key_generation"),
        ),
    )
    op.create_index(
        "reward_grant_by_family",
        "reward_grant",
        ["program_id", "member_id", "family"],
        unique=False,
    )
    op.create_index(
        "reward_grant_by_receipt", "reward_grant", ["program_id", "receipt_id"], unique=False
    )
    op.create_index(
        "reward_grant_one_gift_a_unit",
        "reward_grant",
        ["program_id", "campaign_id", "unit_key"],
        unique=True,
        postgresql_where=sa.text("kind = 'gift' AND status <> 'revoked'"),
    )
    op.create_table(
        "receipt_usage",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor >= 1", name=op.f("ck_receipt_usage_amount")),
        sa.ForeignKeyConstraint(
            ["program_id", "grant_id"],
            ["reward_grant.program_id", "reward_grant.grant_id"],
            name=op.f("fk_receipt_usage_program_id_grant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "receipt_id"],
            ["receipt.program_id", "receipt.receipt_id"],
            name=op.f("fk_receipt_usage_program_id_receipt_id"),
        ),
        sa.PrimaryKeyConstraint(
            "program_id", "receipt_id", "family", "grant_id", name=op.f("pk_receipt_usage")
        ),
    )
    op.create_index(
        "receipt_usage_by_grant", "receipt_usage", ["program_id", "grant_id"], unique=False
    )
    op.create_table(
        "reward_revocation",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("revocation_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points >= 1", name=op.f("ck_reward_revocation_points")),
        sa.ForeignKeyConstraint(
            ["program_id", "grant_id"],
            ["reward_grant.program_id", "reward_grant.grant_id"],
            name=op.f("fk_reward_revocation_program_id_grant_id"),
        ),
        sa.PrimaryKeyConstraint("program_id", "revocation_id", name=op.f("pk_reward_revocation")),
    )
    op.create_index(
        "reward_revocation_by_grant", "reward_revocation", ["program_id", "grant_id"], unique=False
    )


def _keep_history(*tables: str) -> None:
    """Rows of these tables are written once: the database refuses to change or drop them."""
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is written once', TG_TABLE_NAME;
        END $$
        """
    )
    for table in tables:
        op.execute(
            f"CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
