"""Alembic's entry."""

from services.membership.tables import metadata
from shared.migrate import run_in_alembic

run_in_alembic(metadata)
