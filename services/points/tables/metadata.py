"""Where all tables of points are described."""

from sqlalchemy import Column, DateTime, MetaData

from shared.migrate import NAMING, frame_tables

metadata = MetaData(naming_convention=NAMING)
frame_tables(metadata)


def instant(name: str, *, nullable: bool = False) -> Column[object]:
    """A column for an aware UTC instant."""
    return Column(name, DateTime(timezone=True), nullable=nullable)
