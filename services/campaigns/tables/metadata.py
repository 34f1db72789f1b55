"""Where all tables of campaigns are described."""

from sqlalchemy import MetaData

from shared.migrate import NAMING, frame_tables

metadata = MetaData(naming_convention=NAMING)
frame_tables(metadata)
