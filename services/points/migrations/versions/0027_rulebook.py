"""An edition of what receipts are judged by, so that who knows it need not read it."""

import sqlalchemy as sa
from alembic import op

from services.points.migrations.columns import id_
from shared.migrate import reinstall_functions

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_TABLES = ("shop", "till", "earning_policy", "review_rules")
# Once a transaction: a directory of thousands of shops is one new edition.
_TURN = """
CREATE FUNCTION turn_rulebook() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rulebook AS r (program_id, edition, turned_by)
    VALUES (CASE TG_OP WHEN 'DELETE' THEN old.program_id ELSE new.program_id END, 1,
            pg_current_xact_id()::text::bigint)
    ON CONFLICT (program_id) DO UPDATE
    SET edition = r.edition + 1, turned_by = excluded.turned_by
    WHERE r.turned_by <> excluded.turned_by;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Add the table, its triggers, and the look that asks for it."""
    op.create_table(
        "rulebook",
        id_("program_id"),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("turned_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_rulebook")),
    )
    op.execute(_TURN)
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER turn_rulebook AFTER INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION turn_rulebook()"
        )
    reinstall_functions(op.get_bind(), "points", "books", "directory", "plain_sales")
