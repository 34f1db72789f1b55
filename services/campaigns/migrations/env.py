"""Alembic's door to the schema."""

from services.campaigns.tables import metadata
from shared.migrate import run_in_alembic

run_in_alembic(metadata)
