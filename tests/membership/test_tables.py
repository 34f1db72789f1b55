"""The schema."""

from services.membership.settings import MembershipSettings
from services.membership.tables import metadata
from shared.migrate import check

# One issuer and one JWKS for all programmes; the frame's own runs of jobs and letters.
_DEPLOYMENT_WIDE = {"signing_key", "scheduled_action", "dead_letter"}


async def test_the_migrations_build_what_the_tables_say(settings: MembershipSettings) -> None:
    await check("membership", settings.database_url)


def test_the_programme_comes_first_in_every_primary_key() -> None:
    for table in metadata.tables.values():
        if table.name not in _DEPLOYMENT_WIDE:
            assert next(iter(table.primary_key.columns)).name == "program_id", table.name
