"""What was spent on credit and repaid since comes back from the programme, which had burned it."""

from alembic import op

from shared.migrate import reinstall_functions

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the function that writes the books."""
    reinstall_functions(op.get_bind(), "points", "books")
