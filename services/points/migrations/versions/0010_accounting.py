"""Accounting: wallets, liability by vintage, clearing between malls, exports and imports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrate import install_functions, reinstall_functions

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and functions; every lot gets its vintage."""
    _make_accounting()
    _make_exports()
    _make_imports()
    op.add_column(
        "adjustment", sa.Column("wallet", sa.Text(), server_default="points", nullable=False)
    )
    op.create_index("posting_recorded", "posting", ["recorded_at"], postgresql_using="brin")
    op.execute(
        "UPDATE lot l SET earned_at = p.recorded_at FROM posting p WHERE l.earned_at IS NULL "
        "AND (p.program_id, p.account_id, p.version) = (l.program_id, l.account_id, l.version)"
    )
    install_functions(op.get_bind(), "points", "accounting")
    reinstall_functions(op.get_bind(), "points", "books", "plain_sales")


def _make_accounting() -> None:
    op.create_table(
        "wallet_type",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("wallet", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("expiry", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("balance_max", sa.BigInteger(), nullable=True),
        sa.Column("may_transfer", sa.Boolean(), nullable=False),
        sa.Column("may_redeem", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("wallet <> 'points'", name=op.f("ck_wallet_type_points_is_built_in")),
        sa.CheckConstraint("balance_max > 0", name=op.f("ck_wallet_type_balance_max_positive")),
        sa.PrimaryKeyConstraint("program_id", "wallet", name=op.f("pk_wallet_type")),
    )
    op.create_table(
        "liability_day",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "day", name=op.f("pk_liability_day")),
    )
    op.create_table(
        "liability_row",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("wallet", sa.Text(), nullable=False),
        sa.Column("mall_id", sa.Uuid(), nullable=True),
        sa.Column("vintage", sa.Date(), nullable=True),
        sa.Column("opening", sa.BigInteger(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("redeemed", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("clawed_back", sa.BigInteger(), nullable=False),
        sa.Column("adjusted", sa.BigInteger(), nullable=False),
        sa.Column("transferred", sa.BigInteger(), nullable=False),
        sa.Column("imported", sa.BigInteger(), nullable=False),
        sa.Column("repaid", sa.BigInteger(), nullable=False),
        sa.Column("closing", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "CASE WHEN vintage IS NULL THEN closing <= 0 ELSE closing >= 0 END",
            name=op.f("ck_liability_row_only_debt_below_zero"),
        ),
        sa.CheckConstraint(
            "closing = opening + issued + redeemed + expired + clawed_back + adjusted + transferred"
            " + imported + repaid",
            name=op.f("ck_liability_row_closing_adds_up"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "day"],
            ["liability_day.program_id", "liability_day.day"],
            name=op.f("fk_liability_row_program_id_day"),
        ),
        sa.PrimaryKeyConstraint("program_id", "day", "row_number", name=op.f("pk_liability_row")),
    )
    op.create_table(
        "clearing_price",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("per_points", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "amount_minor >= 0 AND per_points > 0",
            name=op.f("ck_clearing_price_price_not_negative"),
        ),
        sa.PrimaryKeyConstraint("program_id", "effective_from", name=op.f("pk_clearing_price")),
    )
    op.create_table(
        "clearing_statement",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "statement_id", name=op.f("pk_clearing_statement")),
        sa.UniqueConstraint(
            "program_id", "ends_at", name=op.f("uq_clearing_statement_program_id_ends_at")
        ),
    )
    op.create_table(
        "clearing_line",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("debtor_mall_id", sa.Uuid(), nullable=True),
        sa.Column("creditor_mall_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_clearing_line_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["program_id", "statement_id"],
            ["clearing_statement.program_id", "clearing_statement.statement_id"],
            name=op.f("fk_clearing_line_program_id_statement_id"),
        ),
        sa.PrimaryKeyConstraint(
            "program_id", "statement_id", "line_number", name=op.f("pk_clearing_line")
        ),
    )
    op.create_table(
        "clearing_entry",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("lot_version", sa.BigInteger(), nullable=False),
        sa.Column("issuing_mall_id", sa.Uuid(), nullable=True),
        sa.Column("burning_mall_id", sa.Uuid(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "issuing_mall_id IS DISTINCT FROM burning_mall_id",
            name=op.f("ck_clearing_entry_malls_differ"),
        ),
        sa.CheckConstraint("points <> 0", name=op.f("ck_clearing_entry_points_not_zero")),
        sa.ForeignKeyConstraint(
            ["program_id", "account_id", "version"],
            ["posting.program_id", "posting.account_id", "posting.version"],
            name=op.f("fk_clearing_entry_program_id_account_id_version"),
        ),
        sa.PrimaryKeyConstraint(
            "program_id", "account_id", "version", "lot_version", name=op.f("pk_clearing_entry")
        ),
    )
    op.create_index(
        "clearing_entry_by_time", "clearing_entry", ["program_id", "recorded_at"], unique=False
    )


def _make_exports() -> None:
    op.create_table(
        "export",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snapshot_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("postings_total", sa.BigInteger(), nullable=True),
        sa.Column("postings_seen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chunks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cursor_account", sa.Uuid(), nullable=True),
        sa.Column("cursor_version", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'statement') = (member_id IS NOT NULL)",
            name=op.f("ck_export_statement_of_whom"),
        ),
        sa.CheckConstraint("kind IN ('ledger', 'statement')", name=op.f("ck_export_kind")),
        sa.CheckConstraint("status IN ('open', 'ready', 'dropped')", name=op.f("ck_export_status")),
        sa.PrimaryKeyConstraint("program_id", "export_id", name=op.f("pk_export")),
    )
    op.create_index(
        "export_open",
        "export",
        ["made_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "export_account",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("first_version", sa.BigInteger(), nullable=False),
        sa.Column("last_version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "program_id", "export_id", "account_id", name=op.f("pk_export_account")
        ),
    )
    op.create_table(
        "export_chunk",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("chunk_number", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "program_id", "export_id", "chunk_number", name=op.f("pk_export_chunk")
        ),
    )


def _make_imports() -> None:
    op.create_table(
        "opening_import",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("file_format", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("rows_told", sa.BigInteger(), nullable=True),
        sa.Column("points_told", sa.BigInteger(), nullable=True),
        sa.Column("rows_read", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_bad", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("points_read", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("part_number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("part_line", sa.Integer(), server_default="0", nullable=False),
        sa.Column("why_refused", sa.Text(), nullable=True),
        sa.Column("totals", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("committed_by", sa.Text(), nullable=True),
        sa.Column("rows_posted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_refused", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("points_posted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "file_format IN ('csv', 'jsonl')", name=op.f("ck_opening_import_file_format")
        ),
        sa.CheckConstraint(
            "status IN ('uploading', 'checking', 'refused', 'checked', 'committing', 'done')",
            name=op.f("ck_opening_import_status"),
        ),
        sa.PrimaryKeyConstraint("program_id", "import_id", name=op.f("pk_opening_import")),
    )
    op.create_index(
        "opening_import_working",
        "opening_import",
        ["made_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('checking', 'committing')"),
    )
    op.create_table(
        "import_part",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("part_number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "program_id", "import_id", "part_number", name=op.f("pk_import_part")
        ),
    )
    op.create_table(
        "import_row",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("wallet", sa.Text(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("earned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mall_id", sa.Uuid(), nullable=True),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint(
            "program_id", "import_id", "row_number", name=op.f("pk_import_row")
        ),
    )
    op.create_index(
        "import_row_source", "import_row", ["program_id", "import_id", "source_id"], unique=False
    )
