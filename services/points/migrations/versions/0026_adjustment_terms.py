"""Staff may say until when points last that they give, who issues them and who pays for them."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was given before was given without such words."""
    op.add_column("adjustment", sa.Column("terms", sa.JSON(), nullable=True))
