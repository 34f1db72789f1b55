"""A chunk of the night is called done where its lots end, and only what is held is added up lot by
lot."""

from alembic import op

from shared.migrate import reinstall_functions

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the functions of the night; those of the books have the types that they use."""
    reinstall_functions(op.get_bind(), "points", "books", "night")
