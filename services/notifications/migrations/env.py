"""Alembic's entry: the frame does the rest."""

from services.notifications.tables import metadata
from shared.migrate import run_in_alembic

run_in_alembic(metadata)
