import pytest
import sqlalchemy.exc
from sqlalchemy import text

from services.notifications.tables import Base, metadata
from shared.db import transaction
from shared.migrate import check
from tests.notifications.hearsay import Hearsay
from tests.support.engines import MakeDatabase


async def test_the_migrations_build_what_the_page_describes(make_database: MakeDatabase) -> None:
    await check("notifications", make_database("notifications"))


def test_the_programme_comes_first_in_every_key() -> None:
    for mapper in Base.registry.mappers:
        table = metadata.tables[mapper.local_table.name]  # type: ignore[attr-defined]
        for constraint in table.constraints:
            columns = list(getattr(constraint, "columns", []))
            if columns and type(constraint).__name__ != "CheckConstraint":
                assert columns[0].name == "program_id", constraint


@pytest.mark.parametrize(
    "impossible",
    [
        "UPDATE message SET state = 'sent'",
        "UPDATE message SET state = 'lost'",
        "UPDATE message SET state = 'suppressed'",
        "UPDATE message SET state = 'sending'",
        "UPDATE message SET state = 'sending', title = '', body = ''",
        "UPDATE message SET locale = NULL",
        "UPDATE message SET read_at = now()",
        "UPDATE message SET channel = 'pigeon'",
        "UPDATE message SET cause_kind = 'birthday'",
        "UPDATE member SET locale = 'fr'",
        "UPDATE member SET enrolled_at = NULL",
        "DELETE FROM member",
        "INSERT INTO channel_choice SELECT program_id, '{pigeon}', now(), 'me' FROM member",
        "INSERT INTO template SELECT program_id, 'enrolled', 'en', 1, 'x', 'y', now(), 'me' "
        "FROM member",
    ],
)
async def test_the_database_refuses_the_impossible(hearsay: Hearsay, impossible: str) -> None:
    await hearsay.hear(hearsay.enrolled())
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        async with transaction(hearsay.engine) as session:
            await session.execute(text(impossible))
