"""Every service's schema can be built from nothing, and is what its `tables.py` describes."""

import pytest

from deploy.local.layout import SERVICES
from shared.migrate import check, upgrade
from tests.support.engines import MakeDatabase


@pytest.mark.parametrize("service", SERVICES)
async def test_the_migrations_build_what_the_tables_describe(
    service: str, make_database: MakeDatabase
) -> None:
    await check(service, make_database(service))


@pytest.mark.parametrize("service", SERVICES)
async def test_migrating_what_is_up_to_date_changes_nothing(
    service: str, make_database: MakeDatabase
) -> None:
    url = make_database(service)
    await upgrade(service, url)
    await check(service, url)
