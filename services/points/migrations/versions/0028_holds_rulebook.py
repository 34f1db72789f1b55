"""Who looks at holds says which edition of shops and tills is known; merged accounts are followed
by one function."""

from alembic import op

from shared.migrate import reinstall_functions

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the functions."""
    reinstall_functions(op.get_bind(), "points", "books", "directory", "locks", "holds")
