"""Everything that membership starts with."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import create_frame

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_frame(op.get_bind())
    op.create_table(
        "idempotency",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "program_id", "operation", "idempotency_key", name=op.f("pk_idempotency")
        ),
    )
    op.create_index("idempotency_age", "idempotency", ["created_at"], unique=False)
    op.create_table(
        "program",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_program_currency")),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_program")),
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tokens_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_key")),
    )
    op.create_index(
        "signing_key_active",
        "signing_key",
        ["algorithm"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "brand",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_brand_revision")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.program_id"], name=op.f("fk_brand_program_id")
        ),
        sa.PrimaryKeyConstraint("program_id", "code", name=op.f("pk_brand")),
    )
    op.create_table(
        "category",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_category_revision")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.program_id"], name=op.f("fk_category_program_id")
        ),
        sa.PrimaryKeyConstraint("program_id", "code", name=op.f("pk_category")),
    )
    op.create_table(
        "client",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("mall_ids", sa.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("shop_ids", sa.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('staff', 'service')", name=op.f("ck_client_kind")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.program_id"], name=op.f("fk_client_program_id")
        ),
        sa.PrimaryKeyConstraint("program_id", "client_id", name=op.f("pk_client")),
        sa.UniqueConstraint("client_id", name=op.f("uq_client_client_id")),
    )
    op.create_table(
        "mall",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("mall_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_mall_revision")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.program_id"], name=op.f("fk_mall_program_id")
        ),
        sa.PrimaryKeyConstraint("program_id", "mall_id", name=op.f("pk_mall")),
        sa.UniqueConstraint("program_id", "code", name=op.f("uq_mall_program_id_code")),
    )
    op.create_table(
        "tier_scheme",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("validity_days", sa.Integer(), nullable=False),
        sa.Column("tiers", sa.JSON(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_tier_scheme_version")),
        sa.CheckConstraint(
            "window_days > 0 AND validity_days > 0", name=op.f("ck_tier_scheme_days")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.program_id"], name=op.f("fk_tier_scheme_program_id")
        ),
        sa.PrimaryKeyConstraint("program_id", "version", name=op.f("pk_tier_scheme")),
    )
    op.create_table(
        "member",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("member_number", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("home_mall_id", sa.Uuid(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("birthday_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "channel IN ('store', 'app', 'web', 'mini_program', 'pos', 'import')",
            name=op.f("ck_member_channel"),
        ),
        sa.CheckConstraint(
            "(erased_at IS NULL) = (key_sealed IS NOT NULL)", name=op.f("ck_member_erased")
        ),
        sa.CheckConstraint("enrolled_at <= created_at", name=op.f("ck_member_enrolled_at")),
        sa.ForeignKeyConstraint(
            ["program_id", "home_mall_id"],
            ["mall.program_id", "mall.mall_id"],
            name=op.f("fk_member_program_id_home_mall_id"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.program_id"], name=op.f("fk_member_program_id")
        ),
        sa.PrimaryKeyConstraint("program_id", "member_id", name=op.f("pk_member")),
        sa.UniqueConstraint(
            "program_id", "member_number", name=op.f("uq_member_program_id_member_number")
        ),
    )
    op.create_table(
        "shop",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mall_id", sa.Uuid(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_shop_revision")),
        sa.ForeignKeyConstraint(
            ["program_id", "brand"],
            ["brand.program_id", "brand.code"],
            name=op.f("fk_shop_program_id_brand"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "category"],
            ["category.program_id", "category.code"],
            name=op.f("fk_shop_program_id_category"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "mall_id"],
            ["mall.program_id", "mall.mall_id"],
            name=op.f("fk_shop_program_id_mall_id"),
        ),
        sa.PrimaryKeyConstraint("program_id", "shop_id", name=op.f("pk_shop")),
        sa.UniqueConstraint("program_id", "code", name=op.f("uq_shop_program_id_code")),
    )
    op.create_index("shop_of_mall", "shop", ["program_id", "mall_id"], unique=False)
    op.create_table(
        "member_identity",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "type IN ('phone', 'wechat_openid', 'wechat_unionid', 'card', 'plate', 'email')",
            name=op.f("ck_member_identity_type"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "member_id"],
            ["member.program_id", "member.member_id"],
            name=op.f("fk_member_identity_program_id_member_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("program_id", "identity_id", name=op.f("pk_member_identity")),
        sa.UniqueConstraint(
            "program_id",
            "type",
            "value_index",
            name=op.f("uq_member_identity_program_id_type_value_index"),
        ),
    )
    op.create_index(
        "member_identity_of_member", "member_identity", ["program_id", "member_id"], unique=False
    )
    op.create_index(
        "member_identity_one_phone",
        "member_identity",
        ["program_id", "member_id"],
        unique=True,
        postgresql_where=sa.text("type = 'phone'"),
    )
    op.create_table(
        "member_profile",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("spend_minor", sa.BigInteger(), nullable=False),
        sa.Column("first_purchase_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_purchase_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("visits >= 0", name=op.f("ck_member_profile_visits")),
        sa.ForeignKeyConstraint(
            ["program_id", "member_id"],
            ["member.program_id", "member.member_id"],
            name=op.f("fk_member_profile_program_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("program_id", "member_id", name=op.f("pk_member_profile")),
    )
    op.create_table(
        "member_tier",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timeline", sa.JSON(), nullable=False),
        sa.Column("assessed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("version >= 0", name=op.f("ck_member_tier_version")),
        sa.ForeignKeyConstraint(
            ["program_id", "member_id"],
            ["member.program_id", "member.member_id"],
            name=op.f("fk_member_tier_program_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("program_id", "member_id", name=op.f("pk_member_tier")),
    )
    op.create_index(
        "member_tier_due",
        "member_tier",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "tier_credit",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("purchased_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id", "member_id"],
            ["member.program_id", "member.member_id"],
            name=op.f("fk_tier_credit_program_id_member_id"),
        ),
        sa.PrimaryKeyConstraint(
            "program_id", "member_id", "transaction_id", name=op.f("pk_tier_credit")
        ),
    )
    op.create_table(
        "till",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("previous_key_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("key_version > 0", name=op.f("ck_till_key_version")),
        sa.CheckConstraint("revision > 0", name=op.f("ck_till_revision")),
        sa.ForeignKeyConstraint(
            ["program_id", "shop_id"],
            ["shop.program_id", "shop.shop_id"],
            name=op.f("fk_till_program_id_shop_id"),
        ),
        sa.PrimaryKeyConstraint("program_id", "shop_id", "till_id", name=op.f("pk_till")),
    )
