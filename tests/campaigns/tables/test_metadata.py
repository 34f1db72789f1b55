"""The schema says what the migrations build, and leads with the programme."""

from collections.abc import Callable

from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from services.campaigns.tables import metadata
from shared.migrate import check

FRAME = {"outbox", "inbox", "dead_letter", "scheduled_action"}


async def test_tables_and_migrations_agree(make_database: Callable[[str], str]) -> None:
    await check("campaigns", make_database("campaigns"))


def test_every_key_leads_with_the_programme() -> None:
    for table in metadata.tables.values():
        if table.name in FRAME:
            continue
        for constraint in table.constraints:
            if isinstance(
                constraint, PrimaryKeyConstraint | UniqueConstraint | ForeignKeyConstraint
            ):
                assert next(iter(constraint.columns)).name == "program_id", table.name
