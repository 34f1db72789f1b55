"""Alembic's entry for points."""

from services.points.tables import metadata
from shared.migrate import run_in_alembic

run_in_alembic(metadata)
