"""Files that go out and come in: exports of the ledger, imports of opening balances."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from services.points.tables.metadata import instant, metadata

# A file that a job writes in chunks. `member_id`: of a statement, whose member may read it, too.
# The cursor is the last posting written.
export = Table(
    "export",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("export_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("member_id", Uuid),
    instant("from_at", nullable=True),
    instant("until_at", nullable=True),
    Column("made_by", Text, nullable=False),
    instant("made_at"),
    instant("snapshot_at", nullable=True),
    Column("postings_total", BigInteger),
    Column("postings_seen", BigInteger, nullable=False, server_default="0"),
    Column("rows", BigInteger, nullable=False, server_default="0"),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("chunks", Integer, nullable=False, server_default="0"),
    Column("cursor_account", Uuid),
    Column("cursor_version", BigInteger),
    Column("sha256", Text),
    instant("ready_at", nullable=True),
    PrimaryKeyConstraint("program_id", "export_id"),
    CheckConstraint("kind IN ('ledger', 'statement')", name="kind"),
    CheckConstraint("status IN ('open', 'ready', 'dropped')", name="status"),
    CheckConstraint("(kind = 'statement') = (member_id IS NOT NULL)", name="statement_of_whom"),
    Index("export_open", "kind", "made_at", postgresql_where=text("status = 'open'")),
    Index("export_open_of", "program_id", "made_by", postgresql_where=text("status = 'open'")),
)
# The accounts of an export, each with its versions at one instant: what the file will hold.
export_account = Table(
    "export_account",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("export_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("first_version", BigInteger, nullable=False),
    Column("last_version", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "export_id", "account_id"),
)
export_chunk = Table(
    "export_chunk",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("export_id", Uuid, nullable=False),
    Column("chunk_number", Integer, nullable=False),
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "export_id", "chunk_number"),
)

# Opening balances on their way into the books. `sha256`, `rows_told` and `points_told` are what
# the sender says of the file; the dry run must find the same.
opening_import = Table(
    "opening_import",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("import_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("file_format", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    instant("made_at"),
    Column("sha256", Text),
    Column("rows_told", BigInteger),
    Column("points_told", BigInteger),
    Column("rows_read", BigInteger, nullable=False, server_default="0"),
    Column("rows_bad", BigInteger, nullable=False, server_default="0"),
    Column("points_read", BigInteger, nullable=False, server_default="0"),
    Column("part_number", Integer, nullable=False, server_default="0"),
    Column("part_line", Integer, nullable=False, server_default="0"),
    Column("why_refused", Text),
    Column("totals", JSON),
    Column("committed_by", Text),
    Column("rows_posted", BigInteger, nullable=False, server_default="0"),
    Column("rows_refused", BigInteger, nullable=False, server_default="0"),
    Column("points_posted", BigInteger, nullable=False, server_default="0"),
    instant("done_at", nullable=True),
    PrimaryKeyConstraint("program_id", "import_id"),
    CheckConstraint("file_format IN ('csv', 'jsonl')", name="file_format"),
    CheckConstraint(
        "status IN ('uploading', 'checking', 'refused', 'checked', 'committing', 'done')",
        name="status",
    ),
    Index(
        "opening_import_working",
        "made_at",
        postgresql_where=text("status IN ('checking', 'committing')"),
    ),
)
import_part = Table(
    "import_part",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("import_id", Uuid, nullable=False),
    Column("part_number", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("program_id", "import_id", "part_number"),
)
# A row as the dry run read it. `source_id` is made from the row's reference, which counts once in
# the programme, for ever. `error` is why it cannot be posted.
import_row = Table(
    "import_row",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("import_id", Uuid, nullable=False),
    Column("row_number", BigInteger, nullable=False),
    Column("reference", Text),
    Column("source_id", Uuid),
    Column("member_id", Uuid),
    Column("wallet", Text),
    Column("points", BigInteger),
    instant("earned_at", nullable=True),
    instant("expires_at", nullable=True),
    Column("mall_id", Uuid),
    Column("shop_id", Uuid),
    Column("error", Text),
    PrimaryKeyConstraint("program_id", "import_id", "row_number"),
    Index("import_row_source", "program_id", "import_id", "source_id"),
)
