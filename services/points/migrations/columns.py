"""How migrations of points write their columns, and replace a check."""

import sqlalchemy as sa
from alembic import op


def instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """An aware UTC instant."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def id_(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """A UUID."""
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[object]:
    """A text."""
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def points(name: str, *, default: str | None = None, nullable: bool = False) -> sa.Column[object]:
    """Points, or another large number."""
    return sa.Column(name, sa.BigInteger(), server_default=default, nullable=nullable)


def replace_check(table: str, name: str, condition: str) -> None:
    """State another condition under the same name."""
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
