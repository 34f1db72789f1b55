"""The whole schema of membership. `program_id` leads every key (two exceptions say why)."""

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from shared.migrate import NAMING, frame_tables

metadata = MetaData(naming_convention=NAMING)
frame_tables(metadata)

INSTANT = DateTime(timezone=True)


def _program() -> Column[object]:
    return Column("program_id", Uuid, nullable=False)


program = Table(
    "program",
    metadata,
    _program(),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("program_id"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
)

# The token endpoint is told a client id and nothing else, so that is unique by itself too.
client = Table(
    "client",
    metadata,
    _program(),
    Column("client_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("mall_ids", ARRAY(Uuid)),
    Column("shop_ids", ARRAY(Uuid)),
    Column("created_at", INSTANT, nullable=False),
    Column("disabled_at", INSTANT),
    PrimaryKeyConstraint("program_id", "client_id"),
    ForeignKeyConstraint(["program_id"], ["program.program_id"]),
    UniqueConstraint("client_id"),
    CheckConstraint("kind IN ('staff', 'service')", name="kind"),
)

# Keys that sign tokens belong to the deployment: one issuer, one JWKS, for all programmes.
signing_key = Table(
    "signing_key",
    metadata,
    Column("kid", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("public_jwk", JSON, nullable=False),
    Column("private_sealed", LargeBinary, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("retired_at", INSTANT),
    Column("tokens_until", INSTANT, nullable=False),
    PrimaryKeyConstraint("kid"),
    Index(
        "signing_key_active",
        "algorithm",
        unique=True,
        postgresql_where=text("retired_at IS NULL"),
    ),
)

# Answers to requests that must not happen twice, sealed, kept beside the effect.
idempotency = Table(
    "idempotency",
    metadata,
    _program(),
    Column("operation", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("input_hash", LargeBinary, nullable=False),
    Column("answer_sealed", LargeBinary),
    Column("created_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("program_id", "operation", "idempotency_key"),
    Index("idempotency_age", "created_at"),
)

mall = Table(
    "mall",
    metadata,
    _program(),
    Column("mall_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("program_id", "mall_id"),
    ForeignKeyConstraint(["program_id"], ["program.program_id"]),
    UniqueConstraint("program_id", "code"),
    CheckConstraint("revision > 0", name="revision"),
)


def _labels(name: str) -> Table:
    return Table(
        name,
        metadata,
        _program(),
        Column("code", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        PrimaryKeyConstraint("program_id", "code"),
        ForeignKeyConstraint(["program_id"], ["program.program_id"]),
        CheckConstraint("revision > 0", name="revision"),
    )


brand = _labels("brand")
category = _labels("category")

shop = Table(
    "shop",
    metadata,
    _program(),
    Column("shop_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("mall_id", Uuid, nullable=False),
    Column("brand", Text),
    Column("category", Text),
    Column("is_open", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("program_id", "shop_id"),
    ForeignKeyConstraint(["program_id", "mall_id"], ["mall.program_id", "mall.mall_id"]),
    ForeignKeyConstraint(["program_id", "brand"], ["brand.program_id", "brand.code"]),
    ForeignKeyConstraint(["program_id", "category"], ["category.program_id", "category.code"]),
    UniqueConstraint("program_id", "code"),
    Index("shop_of_mall", "program_id", "mall_id"),
    CheckConstraint("revision > 0", name="revision"),
)

till = Table(
    "till",
    metadata,
    _program(),
    Column("shop_id", Uuid, nullable=False),
    Column("till_id", Text, nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("previous_key_until", INSTANT),
    Column("is_active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("program_id", "shop_id", "till_id"),
    ForeignKeyConstraint(["program_id", "shop_id"], ["shop.program_id", "shop.shop_id"]),
    CheckConstraint("key_version > 0", name="key_version"),
    CheckConstraint("revision > 0", name="revision"),
)

tier_scheme = Table(
    "tier_scheme",
    metadata,
    _program(),
    Column("version", Integer, nullable=False),
    Column("effective_from", INSTANT, nullable=False),
    Column("window_days", Integer, nullable=False),
    Column("validity_days", Integer, nullable=False),
    Column("tiers", JSON, nullable=False),
    PrimaryKeyConstraint("program_id", "version"),
    ForeignKeyConstraint(["program_id"], ["program.program_id"]),
    CheckConstraint("version > 0", name="version"),
    CheckConstraint("window_days > 0 AND validity_days > 0", name="days"),
)

# `key_sealed` opens every *_sealed column of the member; without it they are noise.
member = Table(
    "member",
    metadata,
    _program(),
    Column("member_id", Uuid, nullable=False),
    Column("member_number", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("home_mall_id", Uuid),
    Column("enrolled_at", INSTANT, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("key_sealed", LargeBinary),
    Column("name_sealed", LargeBinary),
    Column("birthday_sealed", LargeBinary),
    Column("erased_at", INSTANT),
    PrimaryKeyConstraint("program_id", "member_id"),
    ForeignKeyConstraint(["program_id"], ["program.program_id"]),
    ForeignKeyConstraint(["program_id", "home_mall_id"], ["mall.program_id", "mall.mall_id"]),
    UniqueConstraint("program_id", "member_number"),
    CheckConstraint("enrolled_at <= created_at", name="enrolled_at"),
    CheckConstraint(
        "channel IN ('store', 'app', 'web', 'mini_program', 'pos', 'import')", name="channel"
    ),
    CheckConstraint("(erased_at IS NULL) = (key_sealed IS NOT NULL)", name="erased"),
)

# The claim on a phone comes before its member's row, so that of many at once one gets it.
member_identity = Table(
    "member_identity",
    metadata,
    _program(),
    Column("identity_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("value_index", LargeBinary, nullable=False),
    Column("value_sealed", LargeBinary, nullable=False),
    Column("verified_at", INSTANT),
    Column("added_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("program_id", "identity_id"),
    ForeignKeyConstraint(
        ["program_id", "member_id"],
        ["member.program_id", "member.member_id"],
        deferrable=True,
        initially="DEFERRED",
    ),
    UniqueConstraint("program_id", "type", "value_index"),
    Index("member_identity_of_member", "program_id", "member_id"),
    Index(
        "member_identity_one_phone",
        "program_id",
        "member_id",
        unique=True,
        postgresql_where=text("type = 'phone'"),
    ),
    CheckConstraint(
        "type IN ('phone', 'wechat_openid', 'wechat_unionid', 'card', 'plate', 'email')",
        name="type",
    ),
)

# The tier as it was last told. `assessed_until` is the instant that `timeline` reaches to.
member_tier = Table(
    "member_tier",
    metadata,
    _program(),
    Column("member_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("tier", Text, nullable=False),
    Column("since", INSTANT, nullable=False),
    Column("timeline", JSON, nullable=False),
    Column("assessed_until", INSTANT, nullable=False),
    Column("due_at", INSTANT),
    PrimaryKeyConstraint("program_id", "member_id"),
    ForeignKeyConstraint(["program_id", "member_id"], ["member.program_id", "member.member_id"]),
    Index("member_tier_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    CheckConstraint("version >= 0", name="version"),
)

tier_credit = Table(
    "tier_credit",
    metadata,
    _program(),
    Column("member_id", Uuid, nullable=False),
    Column("transaction_id", Uuid, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("purchased_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("program_id", "member_id", "transaction_id"),
    ForeignKeyConstraint(["program_id", "member_id"], ["member.program_id", "member.member_id"]),
)

member_profile = Table(
    "member_profile",
    metadata,
    _program(),
    Column("member_id", Uuid, nullable=False),
    Column("visits", Integer, nullable=False),
    Column("spend_minor", BigInteger, nullable=False),
    Column("first_purchase_at", INSTANT),
    Column("last_purchase_at", INSTANT),
    PrimaryKeyConstraint("program_id", "member_id"),
    ForeignKeyConstraint(["program_id", "member_id"], ["member.program_id", "member.member_id"]),
    CheckConstraint("visits >= 0", name="visits"),
)
